"""One POST to an address that a customer named: where it may go, and whom it believes."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from receiver import Receiver, receiving

from service import post
from service.post import Refused, check_url, is_public


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has every name resolve to these addresses, in turn."""

    found: Iterator[str] = iter(())
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: Any, **options: Any) -> Any:
        return real(next(found, "") if host.endswith(".example") else host, port, *rest, **options)

    def to(*addresses: str) -> None:
        nonlocal found
        found = iter(addresses)
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return to


@pytest.mark.parametrize(
    "address",
    (
        "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 "
        "192.0.0.8 ::1 :: fe80::1%eth0 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 2002:7f00:1:: 64:ff9b::7f00:1 "
        "::7f00:1 ::ffff:0:7f00:1 64:ff9b:1::7f00:1 100::1 100:0:0:1::1 2001::1 2001:db8::1 3fff::1 5f00::1 fec0::1"
    ).split(),
)
def test_private_and_loopback_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]
)
def test_addresses_of_the_open_internet_are(address: str) -> None:
    assert is_public(address)


@pytest.fixture
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that keeps its own country's time."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_from_utc")
@pytest.mark.parametrize("form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"])
def test_a_date_to_try_again_after_is_one_of_utc_in_each_form_that_http_has(receiver: Receiver, form: str) -> None:
    hour = timedelta(hours=1)
    receiver.answer, receiver.headers = 503, {"Retry-After": (datetime.now(UTC) + hour).strftime(form)}
    answer = post.post(receiver.url, b"{}", {}, allow_private=True)
    assert answer.retry_after is not None
    assert abs(answer.retry_after - hour) < timedelta(minutes=1)


def test_blanks_after_a_time_to_try_again_after_are_none_of_it(receiver: Receiver) -> None:
    receiver.answer, receiver.headers = 429, {"Retry-After": "120  "}
    assert post.post(receiver.url, b"{}", {}, allow_private=True).retry_after == timedelta(minutes=2)


def test_nothing_is_sent_to_a_private_address(receiver: Receiver) -> None:
    answer = post.post(receiver.url, b"{}", {}, allow_private=False)
    assert (answer.status, "private" in answer.problem, receiver.got) == (None, True, [])


def test_what_was_resolved_and_checked_is_what_is_connected_to(
    receiver: Receiver, resolve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve("93.184.215.14", "127.0.0.1")  # a name that changes between the look and the use
    connected: list[Any] = []

    def connect(address: Any, **_: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    post.post("https://cms.example/hooks", b"{}", {}, allow_private=False)
    assert connected == [("93.184.215.14", 443)]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://cms.example/", "Expected a URL"),
        ("https:///hooks", "Expected a URL"),
        ("https://cms.example:99999/", "Expected a URL"),
        ("https://cms.example/a b", "Expected a URL"),
        (f"https://{'c' * 64}.example/", "Expected a URL"),
        ("https://cms..example/", "Expected a URL"),
        ("https://bücher.example/", "Expected a URL"),
        ("https://cms.example/\x01", "cannot be seen"),
        ("https://cms.example/a\nb", "cannot be seen"),
        ("https://cms.example/\x7f", "cannot be seen"),
        ("\x1b[31mhttps://cms.example/", "cannot be seen"),
        ("https://cms.example/\u200b", "cannot be seen"),
        ("https://ada:secret@cms.example/", "user name"),
        ("http://cms.example/", "https"),
        ("https://127.0.0.1/", "private"),
        ("https://[::1]/", "private"),
    ],
)
def test_a_url_that_could_never_be_sent_to_is_refused(url: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        check_url(url, allow_private=False)


def test_a_name_that_does_not_resolve_yet_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    check_url("https://cms.example/hooks", allow_private=False)
    answer = post.post("https://cms.example/hooks", b"{}", {}, allow_private=False)
    assert answer.status is None


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a machine that calls itself cms.example."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    wanted = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=cms.example -addext subjectAltName=DNS:cms.example"
    subprocess.run(["openssl", *wanted.split(), "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.mark.parametrize(("host", "status"), [("cms.example", 204), ("other.example", None)])
def test_the_certificate_is_checked_against_the_host_of_the_url(
    host: str, status: int | None, certificate: Path, resolve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(post, "_tls", lambda: trusting)
    with receiving(Receiver(), tls=tls) as receiver:
        port = int(receiver.url.split(":")[2].partition("/")[0])
        resolve("127.0.0.1")
        answer = post.post(f"https://{host}:{port}/hooks?a=b", b"{}", {}, allow_private=True)
    assert answer.status == status
    assert receiver.paths == (["/hooks?a=b"] if status else [])


def test_a_long_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    receiver.answer, receiver.headers = 200, {"X-Padding": "a" * 1000}
    assert post.post(receiver.url, b"{}", {}, allow_private=True).status == 200
