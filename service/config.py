"""The environment, read once and checked: a bad value stops the start."""

import re
import socket
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from click import ClickException
from rapidfuzz.distance import OSA

SECRET_KEY_FILE = Path("var/secret_key")
# What a file leaves around a value that has Windows' line ends, or that no shell has read.
AROUND = re.compile(r"\s.*|.*\s|([\"']).*\1", re.DOTALL)
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what answers at this machine where it listens at all addresses


class ConfigError(ClickException):  # so that a command says it as a sentence too
    """A variable that the service cannot start with, in a sentence that names it and its value."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One name of the environment: how its text is read, its default as text, and what it is for."""

    name: str
    read: Callable[[str], Any]
    default: str
    meaning: str


def _up_to(high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        with suppress(ValueError):
            if 1 <= (value := int(text)) <= high:
                return value
        raise ValueError(f"a whole number from 1 to {high}")

    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return text

    return read


def _database_url(text: str) -> str:
    for scheme in ("postgresql://", "postgres://"):
        if text.startswith(scheme):
            text = "postgresql+psycopg://" + text.removeprefix(scheme)
    is_file = re.fullmatch("sqlite:///[^?]+", text) and text != "sqlite:///:memory:"
    if not (is_file or text.startswith("postgresql+psycopg://")) or not _is_url(text):
        raise ValueError("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    if re.match("postgresql[^:]*:[^:?]*:[^?]*@[^?]*@", text):  # else a part of it is taken for the host, and named as one that is silent
        raise ValueError("an @ in the password to be written as %40")
    return text


def _is_url(text: str) -> bool:
    try:
        return urlsplit(text).port != 0
    except ValueError:
        return False


def _redis_url(text: str) -> str | None:
    is_socket = text.startswith("unix://")
    is_server = re.fullmatch(r"rediss?://[^/?]*[/0-9]*(\?.*)?", text)
    if text and not (_is_url(text) and (is_socket or is_server)):
        raise ValueError("redis://HOST:PORT/NUMBER, rediss://... or unix://PATH")
    if "?" in text and not _redis_knows_options(text):  # else each request would find them wrong, and be counted by its worker alone
        raise ValueError("behind its ? only options that redis-py knows, such as socket_timeout=1")
    return f"redis+{text}" if is_socket else text or None  # as the limiter calls a socket


def _redis_knows_options(url: str) -> bool:
    from redis import ConnectionPool, RedisError  # which takes a while, and is needed by few

    try:
        ConnectionPool.from_url(url).make_connection()  # which does not connect yet
    except (RedisError, TypeError, ValueError):
        return False
    return True


def _rate(text: str) -> str:
    count, _, unit = text.partition("/")
    if not (count.isascii() and count.isdecimal()) or int(count) == 0 or unit not in ("second", "minute", "hour"):
        raise ValueError("a rate such as 600/minute (second, minute or hour)")
    return text


def _secret(text: str) -> str | None:
    where = ""
    try:
        if not text and SECRET_KEY_FILE.exists():
            text, where = SECRET_KEY_FILE.read_text().strip(), f", and {SECRET_KEY_FILE} holds fewer"
    except OSError as error:
        raise no_secret(error) from None
    except UnicodeDecodeError:
        raise ValueError(f"a text, and {SECRET_KEY_FILE} holds none") from None
    if text and len(text) < 32:
        raise ValueError(f"at least 32 characters{where}")
    return text or None


def no_secret(error: OSError) -> ConfigError:
    """What is said where the file of the secret cannot be used."""
    return ConfigError(f"{SECRET_KEY_FILE}: {error.strerror}. Let whoever runs the service read and write it, or set SECRET_KEY.")


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        named = [ip_network(part.strip()) for part in text.split(",")]
    except ValueError:
        raise ValueError("addresses or networks such as 10.0.0.0/8, with commas between them; 0.0.0.0/0 is all") from None
    return tuple(named + [_mapped(network) for network in named if isinstance(network, IPv4Network)])


def _mapped(network: IPv4Network) -> IPv6Network:
    """What a socket for both kinds of addresses, such as that of HOST=::, takes it for."""
    return IPv6Network(f"::ffff:{network.network_address}/{96 + network.prefixlen}")


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("yes or no")
    return text == "yes"


def _issuer(text: str) -> str | None:
    if text and not re.match(r"(https://|http://(localhost|127\.0\.0\.1):)[^/\s]", text):
        raise ValueError("the https:// address of an OpenID Connect provider")
    return text.rstrip("/") or None


def _optional(text: str) -> str | None:
    return text or None


VARIABLES = (
    Variable("PORT", _up_to(65_535), "8000", "the port that the service listens on"),
    Variable("HOST", str, "127.0.0.1", "the address that it listens on; `0.0.0.0` for all"),
    Variable("WORKERS", _up_to(64), "2", "processes; each takes a core under load"),
    Variable("DATABASE_URL", _database_url, "sqlite:///var/comments.db", "an SQLite file, or `postgresql://USER:PASSWORD@HOST/NAME`"),
    Variable("MODELS_DIR", Path, "models", "the folder of the trained models"),
    Variable("POLICY_FILE", Path, "policy.toml", "the house rules"),
    Variable("SOURCES_FILE", Path, "sources.toml", "the systems whose webhooks are understood"),
    Variable(
        "SECRET_KEY", _secret, "", "32 characters or more, from which signing secrets are derived; `make run` makes one in `var/secret_key`"
    ),
    Variable("REDIS_URL", _redis_url, "", "where requests are counted for the rate limit; without it each worker counts its own"),
    Variable("RATE_LIMIT", _rate, "12000/minute", "requests that one key may make"),
    Variable(
        "FORWARDED_ALLOW_IPS",
        _networks,
        "127.0.0.1,::1",
        "proxies, by address or network, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed",
    ),
    Variable("METRICS_TOKEN", _optional, "", "the bearer token that `/metrics` asks for; without it `/metrics` is open"),
    Variable(
        "DELIVERY",
        _one_of("beside", "apart"),
        "beside",
        "who sends webhooks: the service itself, or `flask --app service deliver` apart from it",
    ),
    Variable("ALLOW_PRIVATE_WEBHOOKS", _yes_or_no, "no", "`yes` also sends webhooks to private and loopback addresses, and by plain http"),
    Variable(
        "SECURE_COOKIES", _yes_or_no, "yes", "`no` lets moderators sign in over plain http: for a try on one machine, as `make run` does"
    ),
    Variable(
        "OIDC_ISSUER",
        _issuer,
        "",
        "the OpenID Connect provider with which moderators may sign in; needs the two below. Without it, by password",
    ),
    Variable("OIDC_CLIENT_ID", _optional, "", "the service's client id at that provider"),
    Variable("OIDC_CLIENT_SECRET", _optional, "", "the client secret that goes with it"),
    Variable("LOG_LEVEL", _one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "the least severe line that is logged"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    port: int
    host: str
    workers: int
    database_url: str
    models_dir: Path
    policy_file: Path
    sources_file: Path
    secret_key: str | None
    redis_url: str | None
    rate_limit: str
    forwarded_allow_ips: tuple[IPv4Network | IPv6Network, ...]
    metrics_token: str | None
    delivery: str
    allow_private_webhooks: bool
    secure_cookies: bool
    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_client_secret: str | None
    log_level: str

    @property
    def address(self) -> str:
        """Where it listens, as an address is written: HOST:PORT."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def is_proxy(self, address: str) -> bool:
        """Whether what this address says of whom it speaks for is believed."""
        try:
            return any(ip_address(address) in network for network in self.forwarded_allow_ips)
        except ValueError:
            return False

    @property
    def url(self) -> str:
        """Where a browser at this machine finds it."""
        return f"http://{replace(self, host=LOOPBACK.get(self.host, self.host)).address}"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Config":
        """Reads every variable; raises ConfigError at the first that is not valid. A secret's value is not repeated."""
        values = {variable.name: _read(variable, environ) for variable in VARIABLES}
        oidc = {name for name in values if name.startswith("OIDC_")}
        missing = sorted(name for name in oidc if values[name] is None)
        if 0 < len(missing) < len(oidc):
            raise ConfigError(f"{missing[0]} is not set: expected all of {', '.join(sorted(oidc))}, or none.")
        return cls(**{name.lower(): value for name, value in values.items()})


def check_host(config: Config) -> None:
    """Raises ConfigError where it is no address of this machine, before the server tries it for five seconds."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as tried:
            tried.bind((config.host, 0))
    except (OSError, UnicodeError):
        raise ConfigError(f"HOST is {config.host!r}: expected an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.") from None


def misspelt(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is set, and the variable that is not and may be meant: a letter apart. Those of one word, such as HOST, are near too much."""
    unset = [variable.name for variable in VARIABLES if "_" in variable.name and variable.name not in environ]
    return [(name, meant) for name in environ for meant in unset if OSA.distance(name, meant) == 1]


def make_metrics_folder(environ: MutableMapping[str, str]) -> None:
    """Makes the folder that PROMETHEUS_MULTIPROC_DIR names, where it does: counters are files there from the start. Raises ConfigError."""
    if not environ.get("PROMETHEUS_MULTIPROC_DIR"):
        environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # empty, it would be taken for the folder that somebody happens to be in
        return
    folder = Path(environ["PROMETHEUS_MULTIPROC_DIR"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(f"PROMETHEUS_MULTIPROC_DIR is '{folder}': expected a folder that can be written to. {error.strerror}.") from None


def _read(variable: Variable, environ: Mapping[str, str]) -> Any:
    text = environ.get(variable.name) or variable.default
    try:
        if AROUND.fullmatch(text):
            raise ValueError("neither blanks, line ends nor quotation marks around it")
        return variable.read(text)
    except ValueError as error:
        shown = (
            "(not shown)"
            if variable.name in ("SECRET_KEY", "METRICS_TOKEN", "DATABASE_URL", "REDIS_URL", "OIDC_CLIENT_SECRET")
            else repr(text)
        )
        raise ConfigError(f"{variable.name} is {shown}: expected {error}.") from None
