"""Databases, an app and the people who call it. What touches storage runs on SQLite and on PostgreSQL."""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fake_models
import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import settings
from room import Visitor, make_moderator
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from service import auth, config, create_app, signin
from service.config import Config
from service.parts import Parts
from service.storage.engine import migrate, open_engine, writing
from service.storage.tables import metadata

pytest_plugins = ["browsing", "receiver"]
settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")

POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgresql:///test")
PROXIES = {"http_proxy", "https_proxy", "all_proxy"}
for name in {*os.environ}:  # a service that this machine runs is told otherwise, and the services of the tests are on this machine
    if name.lower() in PROXIES or any(name == variable.name for variable in config.VARIABLES):
        del os.environ[name]
READ_FROM_PARTS = {"DATABASE_URL", "MODELS_DIR", "SOURCES_FILE", "ALLOW_PRIVATE_WEBHOOKS"}  # and by nothing that wires an app
POLICY = """
languages = ["en"]
[hold]
toxicity = 0.6
off_topic = 0.8
[reject]
toxicity = 0.95
[repeats]
hold_above = 2
hours = 24
[floods]
hold_above = 5
minutes = 10
"""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a third of the time a test waits, for a browser, a server or a clock."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test begins first: near the end it would keep one core busy while the others wait for it."""
    items.sort(key=lambda item: item.path.name != "test_training_figures.py")


@contextmanager
def listening(server: Any) -> Iterator[str]:
    """The address of an HTTP server, which answers in a thread meanwhile."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database: a file, or a schema that is dropped afterwards."""
    if kind == "sqlite":
        file = folder / f"{uuid.uuid4().hex}.db"
        file.touch()
        yield f"sqlite:///{file}"
        return
    schema = f"test_{uuid.uuid4().hex}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs PostgreSQL, and {POSTGRES} does not answer")
        pytest.skip(f"no PostgreSQL answers at {POSTGRES}; TEST_DATABASE_URL names another")
    with admin:
        admin.execute(f"CREATE SCHEMA {schema}")
        yield f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{schema}"
        admin.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Engine]]:
    with fresh_database(request.param, tmp_path_factory.mktemp("database")) as url:
        engine = open_engine(Config.from_environ({"DATABASE_URL": url}).database_url)
        migrate(engine)
        yield url, engine
        engine.dispose()


@pytest.fixture
def database_url(migrated: tuple[str, Engine]) -> str:
    """A database of the newest version, without a row; once on SQLite and once on PostgreSQL."""
    url, engine = migrated
    with writing(engine) as db:
        for table in reversed(metadata.sorted_tables):
            db.execute(table.delete())
    return url


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> None:
    """A hash that is slow on purpose would be most of what the tests wait for."""
    signin._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fake_models.publish(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def _no_secret_of_make_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SECRET_KEY_FILE", tmp_path / "var" / "secret_key")


@pytest.fixture(scope="session")
def idle_apps() -> list[Flask]:
    """Wired as new_app does by default, and done with: wiring one is a third of what a test of some requests takes."""
    return []


@pytest.fixture
def new_app(database_url: str, models_dir: Path, tmp_path: Path, idle_apps: list[Flask]) -> Iterator[Callable[..., Flask]]:
    """Makes an app; POLICY is the text of its rules, and the other variables are as in the environment."""
    lent: list[tuple[Flask, list[Flask]]] = []

    def make(**environ: str) -> Flask:
        policy = tmp_path / f"policy-{len(lent)}.toml"
        policy.write_text(environ.pop("POLICY", POLICY))
        told = {"DATABASE_URL": database_url, "MODELS_DIR": str(models_dir), "POLICY_FILE": str(policy), "SECRET_KEY": "s" * 32}
        config = Config.from_environ(told | {"RATE_LIMIT": "1000000/second", "SECURE_COOKIES": "no"} | environ)
        idle = idle_apps if environ.keys() <= READ_FROM_PARTS else []
        app = idle.pop() if idle else create_app(config)
        app.extensions["parts"] = Parts(config)
        lent.append((app, idle))
        return app

    fake_models.asked.clear()
    yield make
    for app, idle in lent:
        app.extensions["parts"].engine.dispose()
        if idle is idle_apps:
            for limiter in app.extensions["limiter"]:
                limiter.reset()
            idle.append(app)


def run(app: Flask, *words: str, **options: Any) -> tuple[int, str]:
    """A command of the operator: its status, and what it said."""
    done = app.test_cli_runner().invoke(args=words, **options)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


class Caller:
    """Somebody who calls the service: a CMS with its site's key, or a stranger with none."""

    def __init__(self, app: Flask, key: str | None = None) -> None:
        self.app, self.key = app, key

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        sent = ({"Authorization": f"Bearer {self.key}"} if self.key else {}) | (headers or {})
        return self.app.test_client().open(path, method=method, headers=sent, **options)

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def put(self, path: str, body: Any) -> TestResponse:
        return self.call("PUT", path, json=body)

    def post(self, path: str, body: Any) -> TestResponse:
        return self.call("POST", path, json=body)

    def comment(self, id: str, text: str, **about: Any) -> dict[str, Any]:
        """The answer to a comment that is taken."""
        answer = self.post("/v1/comments", {"id": id, "text": text, **about})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        return told


def make_caller(app: Flask, site: str, *, signed: bool = False) -> Caller:
    with writing(app.extensions["parts"].engine) as db:
        return Caller(app, auth.create_key(db, site=site, name="", signed=signed))


@pytest.fixture
def app(new_app: Callable[..., Flask]) -> Flask:
    return new_app()


@pytest.fixture
def parts(app: Flask) -> Parts:
    found: Parts = app.extensions["parts"]
    return found


@pytest.fixture
def engine(parts: Parts) -> Engine:
    return parts.engine


@pytest.fixture
def gazette(app: Flask) -> Caller:
    """A newspaper's CMS."""
    return make_caller(app, "gazette")


@pytest.fixture
def herald(app: Flask) -> Caller:
    """Another newspaper's CMS."""
    return make_caller(app, "herald")


@pytest.fixture
def stranger(app: Flask) -> Caller:
    """Anybody, without a key."""
    return Caller(app)


@pytest.fixture
def ada(app: Flask) -> Visitor:
    """A moderator of the gazette."""
    return make_moderator(app, "Ada", "gazette")


@pytest.fixture
def ben(app: Flask) -> Visitor:
    """Another moderator of the gazette."""
    return make_moderator(app, "Ben", "gazette")


@pytest.fixture
def carol(app: Flask) -> Visitor:
    """The herald's moderator, who has no business with the gazette."""
    return make_moderator(app, "Carol", "herald")
