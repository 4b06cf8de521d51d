"""`python -m service`: the service under gunicorn, on a database of the newest version."""

import argparse
import os
import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # or Ctrl-C would print a stack trace while the rest is imported

from service.config import Config, ConfigError, check_host, make_metrics_folder
from service.storage.engine import StorageError, migrate, open_engine

METRICS_FOLDER = "var/metrics"

DESCRIPTION = "Serves on HOST and PORT. It takes no arguments: what can be set is set by environment variables, which the README lists."


def main() -> None:
    argparse.ArgumentParser("python -m service", description=DESCRIPTION).parse_args()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = os.environ.get("PROMETHEUS_MULTIPROC_DIR") or METRICS_FOLDER
    try:
        make_metrics_folder(os.environ)
        config = Config.from_environ(os.environ)
        check_host(config)
        migrate(open_engine(config.database_url))
    except (ConfigError, StorageError) as error:
        sys.exit(f"The service does not start. {error}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "--config", "python:service.server", "service.wsgi:app"])  # noqa: S606


if __name__ == "__main__":
    main()
