"""One POST to an address that a customer named: resolved first, and connected to what was resolved.

The standard library suffices, and lets the socket be ours: no pool, no proxy and no redirect to be kept from.
"""

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Timer
from time import monotonic
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 20.0  # seconds, for all of it
MOST_READ = 16_384  # bytes of an answer's body
PORTS = {"https": 443, "http": 80}
NAT64 = IPv6Network("64:ff9b::/96")
GIVEN_OUT = IPv6Network("2000::/3")  # of IPv6, to the open internet; the rest is local or nobody's yet
SPECIAL = (IPv4Network("192.0.0.0/24"), IPv6Network("3fff::/20"))  # in IANA's registries, but unknown to Python 3.11


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. Without a status nobody answered, and `problem` says why."""

    status: int | None
    problem: str = ""
    retry_after: timedelta | None = None


class Refused(ValueError):
    """An address that nothing is sent to, in a sentence for whoever named it."""


def check_url(url: str, *, allow_private: bool) -> None:
    """Raises Refused for a URL that could never be sent to. A name that cannot be resolved now may be later."""
    target = _split(url)
    if target.scheme == "http" and not allow_private:
        raise Refused(
            "Its scheme is http: only https keeps what is told from being read and changed on the way. "
            "ALLOW_PRIVATE_WEBHOOKS=yes allows http."
        )
    with suppress(OSError):
        _resolve(target, allow_private=allow_private)


def post(url: str, body: bytes, headers: dict[str, str], *, allow_private: bool) -> Answer:
    """Sends it and reads the status. Never raises for what the other side does."""
    deadline = monotonic() + TIMEOUT
    try:
        target = _split(url)
        connection = _connect(target, deadline, allow_private=allow_private)
    except (Refused, OSError, UnicodeError) as error:
        return Answer(None, _problem(error, deadline))
    cut = Timer(max(0.0, deadline - monotonic()), _cut, (connection.sock,))
    cut.start()
    try:
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        connection.request("POST", _path(target), body, headers)
        answer = connection.getresponse()
        if monotonic() >= deadline:  # cut within the headers, of which no end was seen
            raise TimeoutError
        with suppress(OSError, HTTPException):
            answer.read(MOST_READ)
        return Answer(answer.status, _comment_on(answer), _retry_after(answer.headers.get("Retry-After", "").strip()))
    except (OSError, HTTPException, ValueError) as error:
        return Answer(None, _problem(error, deadline))
    finally:
        cut.cancel()
        connection.close()


def is_public(address: str) -> bool:
    """Whether this IP address belongs to the open internet, also where it is an IPv4 address in IPv6's clothes."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip)
    special = ip.is_multicast or any(ip in network for network in SPECIAL)
    return ip.is_global and not special and (ip.version == 4 or ip in GIVEN_OUT)


def _split(url: str) -> SplitResult:
    try:
        target = urlsplit(url)
        well_formed = target.scheme in PORTS and target.port != 0 and (target.hostname or "").encode("idna")
    except ValueError:
        well_formed = False
    if not url.isprintable():
        raise Refused("A URL holds no characters that cannot be seen, such as tabs and line breaks.")
    if not well_formed or not url.isascii() or " " in url:
        raise Refused("Expected a URL such as https://cms.example/hooks.")
    if target.username is not None:
        raise Refused("A URL must not hold a user name or password; deliveries are signed instead.")
    return target


def _resolve(target: SplitResult, *, allow_private: bool) -> list[str]:
    found = socket.getaddrinfo(target.hostname, target.port or PORTS[target.scheme], type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    allowed = [address for address in addresses if allow_private or is_public(address)]
    if not allowed:
        raise Refused("Its address is private or loopback. ALLOW_PRIVATE_WEBHOOKS=yes allows that.")
    return allowed


def _connect(target: SplitResult, deadline: float, *, allow_private: bool) -> HTTPConnection:
    """A connection to one of the resolved addresses. With TLS its certificate will be checked against the URL's host."""
    host, port = str(target.hostname), target.port or PORTS[target.scheme]
    problem: OSError | None = None
    for address in _resolve(target, allow_private=allow_private):
        try:
            sock = socket.create_connection((address, port), timeout=max(0.1, deadline - monotonic()))
        except OSError as error:
            problem = error
            continue
        if target.scheme == "http":
            connection = HTTPConnection(host, port)
            connection.sock = sock
        else:
            connection = HTTPSConnection(host, port, context=_tls())
            connection.sock = _tls().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        return connection
    raise problem or OSError("no address")


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _cut(sock: socket.socket) -> None:
    """Ends what is under way: a receiver that sends a byte now and then never runs into the time-out of a read."""
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _path(target: SplitResult) -> str:
    return (target.path or "/") + (f"?{target.query}" if target.query else "")


def _comment_on(answer: HTTPResponse) -> str:
    return "redirects are not followed" if 300 <= answer.status < 400 else ""


def _problem(error: Exception, deadline: float) -> str:
    if monotonic() >= deadline or isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:.0f} seconds"
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, HTTPException):
        return "the answer is not HTTP"  # and is not repeated
    return f"{type(error).__name__}: {error}"[:200]


def _retry_after(value: str) -> timedelta | None:
    """Seconds or a date, as HTTP has it; None for anything else."""
    if value.isascii() and value.isdecimal():
        return timedelta(seconds=min(int(value[:9]), 10**8))
    try:
        at = parsedate_to_datetime(value)
        return max(at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC), timedelta())
    except (TypeError, ValueError, OverflowError):
        return None
