"""`python -m service`: the service under gunicorn, on a database of the newest version."""

import os
import sys
from pathlib import Path

from service.config import Config, ConfigError
from service.storage.engine import migrate, open_engine

METRICS_FOLDER = Path("var/metrics")


def main() -> None:
    try:
        config = Config.from_environ(os.environ)
    except ConfigError as error:
        sys.exit(f"The service does not start. {error}")
    migrate(open_engine(config.database_url))
    METRICS_FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(METRICS_FOLDER))
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "--config", "python:service.server", "service.wsgi:app"])  # noqa: S606


if __name__ == "__main__":
    main()
