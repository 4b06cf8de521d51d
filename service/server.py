"""gunicorn's settings. Models load once, before the fork; probes and connections belong to each worker."""

import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until gunicorn sets its own: Ctrl-C would print a stack trace

from gunicorn.errors import AppImportError
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker
from prometheus_client import multiprocess

from service import delivery, metrics
from service.config import Config, misspelt
from service.logs import dict_config
from service.scoring import ModelError
from service.storage.engine import limit_waits

_config = Config.from_environ(os.environ)

STALLED = struct.pack("ll", 60, 0)  # seconds without a byte, nginx's measure too; a `timeval` of the system's


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gives up a client that stalls within its request or its answer: it holds one of few threads, and one that is gone would for good.

    Stops without waiting for connections on which nothing was asked yet: browsers and Caddy hold some ready."""

    def handle(self, conn: Any) -> Any:
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            conn.sock.setsockopt(socket.SOL_SOCKET, direction, STALLED)
        return super().handle(conn)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        for connection in self.pending_conns:
            connection.timeout = min(connection.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)


bind = _config.address
workers = _config.workers
worker_class = Worker
threads = 4
preload_app = True
timeout = 60
limit_request_line = 8190  # an article may be named by an address of 2,000 bytes, each written as %XX
graceful_timeout = 30
keepalive = 125  # longer than proxies keep a connection, nginx 60 s and Caddy 120 s: a request on one that is just being closed is lost
forwarded_allow_ips = ",".join(map(str, _config.forwarded_allow_ips))
forwarder_headers = ""  # or a stranger's SCRIPT_NAME, which proxies pass on, makes /v1/metrics of a proxy's rules /metrics here
control_socket_disable = True
logconfig_dict = dict_config(_config.log_level)


def when_ready(server: Any) -> None:
    """With the port taken and before the first worker, so that a start in vain wipes nothing of a service that runs."""
    for name, meant in misspelt(os.environ):
        server.log.warning("%s is set and is not read. %s, which may be meant, is not set.", name, meant)
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    for kind in ("counter", "gauge", "histogram", "summary"):  # by name: somebody's database may lie beside them
        for left_over in folder.glob(f"{kind}_*.db"):
            left_over.unlink()


def on_reload(server: Any) -> None:
    server.log.warning("New workers begin with the rules, sources and settings of the start: restart the service for changed ones.")


def post_fork(_server: Any, worker: Any) -> None:
    for told_to_end in (signal.SIGTERM, signal.SIGQUIT):
        signal.signal(told_to_end, _end)  # gunicorn's own handlers come after this; the arbiter's, which are here until then, end nothing
    parts = worker.app.wsgi().extensions["parts"]
    parts.engine.dispose(close=False)
    limit_waits(parts.engine)
    metrics.WORKERS_STARTED.inc()
    try:
        parts.model.check_probes()
        parts.served.watch()
    except ModelError as error:
        if worker.age > 1:
            sys.exit(0)  # the first worker says it; a second one would break into the server's halt
        raise AppImportError(f"The service does not start. {error}") from None
    if _config.delivery == "beside" and _config.secret_key is not None:
        worker.stop_delivering = delivery.start(parts)


def _end(*_: Any) -> None:
    sys.exit(0)


def worker_exit(_server: Any, worker: Any) -> None:
    if hasattr(worker, "stop_delivering"):
        worker.stop_delivering()


def child_exit(_server: Any, worker: Any) -> None:
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
