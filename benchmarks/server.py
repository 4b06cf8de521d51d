"""A running service for the measurements, on a database of its own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from service import auth
from service.storage.engine import migrate, open_engine, writing

SITE = "benchmark"
SECRET_KEY = "b" * 32


@dataclass(frozen=True)
class Server:
    port: int
    key: str
    pid: int

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=120)

    def post(self, connection: HTTPConnection, path: str, body: object) -> dict[str, object]:
        connection.request("POST", path, json.dumps(body), {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        read = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {read[:500]!r}")
        found: dict[str, object] = json.loads(read)
        return found

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children]


@contextmanager
def running(database_url: str | None = None) -> Iterator[Server]:
    """The service with two workers; on an SQLite file that ends with it, where no database is named."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        url = database_url or f"sqlite:///{folder}/comments.db"
        engine = open_engine(url)
        migrate(engine)
        with writing(engine) as db:
            key = auth.create_key(db, site=SITE, name="benchmark", signed=False)
        engine.dispose()
        environment = os.environ | {
            "PORT": str(port),
            "DATABASE_URL": url,
            "WORKERS": "2",
            "RATE_LIMIT": "1000000/second",
            "SECRET_KEY": SECRET_KEY,
            "LOG_LEVEL": "ERROR",
            "PROMETHEUS_MULTIPROC_DIR": f"{folder}/metrics",
        }
        process = subprocess.Popen([sys.executable, "-m", "service"], env=environment)
        server = Server(port, key, process.pid)
        try:
            _wait(server)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=40)


def _wait(server: Server) -> None:
    for _ in range(300):
        try:
            connection = server.connect()
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except ConnectionError:
            pass
        time.sleep(0.1)
    raise RuntimeError("The service did not become ready within 30 seconds.")
