"""A body in chunks that are none: the sender's fault, on every route that reads one, and no fault of the service."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import fresh_database
from test_running_service import Service, running

from service import auth
from service.config import Config
from service.storage.engine import open_engine, writing

JSON = "application/json"


@pytest.fixture(scope="module")
def service(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("chunks")
    with fresh_database("sqlite", folder) as url, running(folder, url, MODELS_DIR=str(models_dir), WORKERS="1") as service:
        yield service


def send(service: Service, path: str, body: bytes, *, key: str | None = None, type: str = JSON) -> tuple[int, str]:
    """Sends a body as it is, and what comes back: the status and the answer's body."""
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key or service.key}\r\nContent-Type: {type}\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as sock:
        sock.sendall(head.encode() + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body)
        said = b"".join(iter(lambda: sock.recv(65_536), b"")).decode()
    return int(said.split()[1]), said.partition("\r\n\r\n")[2]


@pytest.mark.parametrize(
    "body",
    [
        b"no size\r\n{}\r\n0\r\n\r\n",
        b"\r\n{}\r\n0\r\n\r\n",
        b"2;\x01\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}more\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nno header\r\n\r\n",
    ],
)
def test_chunks_that_are_none_are_400(service: Service, body: bytes) -> None:
    status, answer = send(service, "/v1/comments", body)
    assert (status, json.loads(answer)["detail"]) == (400, "The body's chunked encoding is broken.")


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/comments:batch", "/v1/score", "/v1alpha1/comments:analyze"])
def test_each_dialect_says_so(service: Service, path: str) -> None:
    status, answer = send(service, path, b"no size\r\n")
    assert (status, "The body's chunked encoding is broken." in answer) == (400, True)


def test_a_page_says_so(service: Service) -> None:
    status, answer = send(service, "/review/sign-in", b"no size\r\n", type="application/x-www-form-urlencoded")
    assert (status, "chunked encoding is broken" in answer) == (400, True)


def test_a_signed_request_says_so_before_its_signature_is_looked_at(service: Service) -> None:
    engine = open_engine(Config.from_environ(service.environ).database_url)
    with writing(engine) as db:
        key = auth.create_key(db, site="gazette", name="", signed=True)
    engine.dispose()
    assert send(service, "/v1/comments", b"no size\r\n", key=key)[0] == 400


def test_it_is_no_error_of_the_services(service: Service) -> None:
    send(service, "/v1/comments", b"no size\r\n")
    assert '"level": "ERROR"' not in service.log
