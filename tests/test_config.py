"""The environment: a bad value stops the start, and the README says what there is."""

import re
from pathlib import Path

import pytest

from service import config
from service.config import VARIABLES, Config, ConfigError, check_host, make_metrics_folder, misspelt

README = Path(__file__).parent.parent / "README.md"


def test_an_empty_environment_is_enough() -> None:
    found = Config.from_environ({})
    assert (found.port, found.workers, found.database_url, found.secret_key) == (8000, 2, "sqlite:///var/comments.db", None)


def test_an_empty_value_is_the_default() -> None:
    assert Config.from_environ({"PORT": "", "REDIS_URL": ""}) == Config.from_environ({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eight"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80.5"),
        ("WORKERS", "0"),
        ("WORKERS", "-1"),
        ("WORKERS", "65"),
        ("RATE_LIMIT", "600"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT", "many/minute"),
        ("RATE_LIMIT", "٣/minute"),
        ("RATE_LIMIT", "600/fortnight"),
        ("FORWARDED_ALLOW_IPS", "nginx"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1/8"),
        ("FORWARDED_ALLOW_IPS", "*"),
        ("OIDC_ISSUER", "http://idp.example"),
        ("OIDC_ISSUER", "https://"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_LEVEL", "info"),
    ],
)
def test_a_bad_value_is_named_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{name} is {value!r}: expected ")):
        Config.from_environ({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "hunter2"),
        ("DATABASE_URL", "mysql://root:hunter2@db/comments"),
        ("DATABASE_URL", "hunter2.db"),
        ("DATABASE_URL", "postgresql://ada:hunter2@db:port/comments"),
        ("DATABASE_URL", "postgresql://ada:hunter@hunter2@db/comments"),
        ("DATABASE_URL", "postgresql://ada:hunter@hunter2/@db/comments"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///hunter2.db?mode=ro"),  # which would be read and written
        ("REDIS_URL", "http://:hunter2@redis"),
        ("REDIS_URL", "redis://:hunter2@redis:port"),
        ("REDIS_URL", "redis://:hunter2@redis/first"),
        ("REDIS_URL", "redis://:1/hunter2@redis/1"),  # of which :1 would be taken for the address
        ("REDIS_URL", "redis://:hunter2@redis/0?timeout=1"),
        ("REDIS_URL", "redis://:hunter2@redis?db=first"),
        ("REDIS_URL", "rediss://:hunter2@redis?ssl_cert_reqs=sometimes"),
        ("REDIS_URL", "unix:///run/redis.sock?password=hunter2&timeout=1"),
    ],
)
def test_a_bad_secret_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is \(not shown\): expected ") as caught:
        Config.from_environ({name: value})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", " "),  # which a socket takes for all addresses
        ("POLICY_FILE", "policy.toml\r"),
        ("METRICS_TOKEN", " "),
        ("METRICS_TOKEN", "'token'"),
        ("DATABASE_URL", "sqlite:///var/comments.db\r"),
        ("DATABASE_URL", "sqlite:///var/comments.db "),
        ("SECRET_KEY", "e" * 40 + "\n"),
        ("OIDC_CLIENT_SECRET", '"secret"'),
    ],
)
def test_what_was_left_around_a_value_is_not_taken_for_a_part_of_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is .*: expected neither blanks, line ends nor quotation marks around it.$"):
        Config.from_environ({name: value})


@pytest.mark.parametrize(
    ("set", "meant"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("REDIS_ULR", "REDIS_URL"),
        ("SECRETKEY", "SECRET_KEY"),
        ("METRIC_TOKEN", "METRICS_TOKEN"),
        ("SECURE_COOKIEZ", "SECURE_COOKIES"),
    ],
)
def test_a_misspelt_variable_is_noticed_where_the_one_that_is_meant_is_not_set(set: str, meant: str) -> None:
    assert misspelt({set: "x"}) == [(set, meant)]
    assert misspelt({set: "x", meant: "x"}) == []


@pytest.mark.parametrize("name", ["HOSTNAME", "PORTAGE", "HOSTS", "PORTS", "DATABASE", "REDIS_HOST", "DJANGO_SECRET_KEY", "WEB_WORKERS"])
def test_another_programs_variable_is_not_taken_for_a_misspelt_one(name: str) -> None:
    assert misspelt({name: "x"}) == []


@pytest.mark.parametrize("host", ["cms.invalid", "http://localhost", "127.0.0.1:8000", "[::1]", "192.0.2.1", "a" * 70])
def test_a_host_that_is_no_address_of_this_machine_is_named(host: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"HOST is {host!r}: expected an address of this machine")):
        check_host(Config.from_environ({"HOST": host}))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_host_of_this_machine_is_taken(host: str) -> None:
    check_host(Config.from_environ({"HOST": host}))


def test_a_folder_for_the_figures_that_cannot_be_written_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^PROMETHEUS_MULTIPROC_DIR is '/proc': expected a folder that can be written to\."):
        make_metrics_folder({"PROMETHEUS_MULTIPROC_DIR": "/proc"})


@pytest.mark.parametrize(
    "url", ["redis://redis/1?socket_timeout=2", "rediss://:hunter2@redis?ssl_cert_reqs=none", "unix:///run/redis.sock?db=1"]
)
def test_redis_may_be_given_options_that_its_client_knows(url: str) -> None:
    assert Config.from_environ({"REDIS_URL": url}).redis_url in (url, f"redis+{url}")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_name_of_postgresql_is_understood(scheme: str) -> None:
    for rest in ("ada@db/comments", "ada@server:hunter2@db:5432/comments"):
        assert Config.from_environ({"DATABASE_URL": f"{scheme}://{rest}"}).database_url == f"postgresql+psycopg://{rest}"


def test_the_secret_key_of_make_run_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SECRET_KEY_FILE", tmp_path / "secret_key")
    (tmp_path / "secret_key").write_text("f" * 40 + "\n")
    assert Config.from_environ({}).secret_key == "f" * 40
    assert Config.from_environ({"SECRET_KEY": "e" * 40}).secret_key == "e" * 40


def test_a_secret_key_that_cannot_be_read_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SECRET_KEY_FILE", tmp_path)
    with pytest.raises(ConfigError, match=rf"{tmp_path}: Is a directory. .* or set SECRET_KEY"):
        Config.from_environ({})


def test_a_secret_key_that_is_no_text_is_said_and_nothing_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SECRET_KEY_FILE", tmp_path / "secret_key")
    (tmp_path / "secret_key").write_bytes(b"\xe9" * 40)
    with pytest.raises(ConfigError, match=rf"^SECRET_KEY is \(not shown\): expected a text, and {tmp_path}/secret_key holds none.$"):
        Config.from_environ({})


def test_a_secret_key_that_was_cut_off_is_said_of_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SECRET_KEY_FILE", tmp_path / "secret_key")
    (tmp_path / "secret_key").write_text("hunter2")
    with pytest.raises(ConfigError, match=rf"^SECRET_KEY is .*: expected at least 32 characters, and {tmp_path}/secret_key holds fewer\.$"):
        Config.from_environ({})


def test_the_readme_has_every_variable_with_its_default_and_meaning() -> None:
    """Rows of a table: | `NAME` | `default` | meaning |, and the default is `none` where it is empty."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    told = [(name, default.strip("`"), meaning) for name, default, meaning in rows]
    assert told == [(one.name, one.default or "none", one.meaning) for one in VARIABLES]


@pytest.mark.parametrize(("host", "address"), [("0.0.0.0", "0.0.0.0:8000"), ("localhost", "localhost:8000"), ("::", "[::]:8000")])
def test_where_it_listens_is_written_as_an_address(host: str, address: str) -> None:
    assert Config.from_environ({"HOST": host}).address == address


@pytest.mark.parametrize(
    ("host", "url"), [("0.0.0.0", "http://127.0.0.1:8000"), ("::", "http://[::1]:8000"), ("cms.lan", "http://cms.lan:8000")]
)
def test_who_sits_at_the_machine_is_told_an_address_that_a_browser_opens(host: str, url: str) -> None:
    assert Config.from_environ({"HOST": host}).url == url


@pytest.mark.parametrize(("address", "believed"), [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("::ffff:11.1.2.3", False)])
def test_a_proxy_is_believed_by_its_ipv4_address_where_a_socket_hears_it_by_ipv6(address: str, believed: bool) -> None:
    assert Config.from_environ({"FORWARDED_ALLOW_IPS": "10.0.0.0/8"}).is_proxy(address) is believed
