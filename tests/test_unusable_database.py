"""A database that answers late, or takes nothing: the request ends as a 503 and can be sent again, and nothing else stops."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import Caller, fresh_database, run
from flask import Flask
from room import Visitor, cards
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError, ProgrammingError, TimeoutError
from test_running_service import running

from service.storage import engine as storage
from service.storage.engine import StorageError, fault, limit_waits, migrate, open_engine

PLAIN = {"id": "c1", "text": "Well said."}


@pytest.fixture
def postgresql(engine: Engine) -> Engine:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has a time-out of its own")
    return engine


@pytest.fixture
def impatient(postgresql: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Limited as in the serving processes, but sooner."""
    monkeypatch.setattr(storage, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr(storage, "STATEMENT_SECONDS", 0.4)
    postgresql.dispose()
    limit_waits(postgresql)
    return postgresql


@contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Somebody else's transaction, which nobody ends."""
    with psycopg.connect(url) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


@pytest.fixture
def read_only(engine: Engine) -> Callable[[], None]:
    """Makes the database one that is only read, as a standby is."""
    sentence = "PRAGMA query_only = ON" if engine.dialect.name == "sqlite" else "SET default_transaction_read_only = on"

    def refuse_writes(connection: Any, _record: Any) -> None:
        connection.execute(sentence)
        connection.commit()

    def now() -> None:
        engine.dispose()
        event.listen(engine, "connect", refuse_writes)

    return now


def test_a_comment_that_waits_for_a_lock_gets_503_and_when_to_come_again(gazette: Caller, impatient: Engine, database_url: str) -> None:
    with locked(database_url, "comments"):
        answer = gazette.post("/v1/comments", PLAIN)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert gazette.comment("c1", "Well said.")["repeated"] is False


def test_a_page_that_waits_for_a_lock_is_503(ada: Visitor, impatient: Engine, database_url: str) -> None:
    with locked(database_url, "comments"):
        assert ada.get("/review/").status_code == 503


def test_a_statement_that_takes_too_long_is_ended(impatient: Engine) -> None:
    with impatient.connect() as db, pytest.raises(OperationalError, match="statement timeout"):
        db.execute(text("SELECT pg_sleep(9)"))


def test_the_limits_outlive_a_transaction_that_is_undone(impatient: Engine) -> None:
    with impatient.connect() as db:
        db.rollback()
        assert db.execute(text("SHOW lock_timeout")).scalar_one() == "200ms"


def test_what_serves_nobody_may_take_its_time(postgresql: Engine) -> None:
    with postgresql.connect() as db:
        assert [db.execute(text(f"SHOW {name}")).scalar_one() for name in ("lock_timeout", "statement_timeout")] == ["0", "0"]


def test_a_server_that_falls_silent_is_given_up(postgresql: Engine) -> None:
    with postgresql.connect() as db:
        told = db.connection.driver_connection.info.get_parameters()
    assert int(told["tcp_user_timeout"]) == 10_000
    assert int(told["keepalives_idle"]) + int(told["keepalives_interval"]) * int(told["keepalives_count"]) == 10


def test_a_read_only_database_is_503_and_when_to_come_again(gazette: Caller, read_only: Callable[[], None]) -> None:
    read_only()
    answer = gazette.post("/v1/comments", PLAIN)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_verdict_on_a_read_only_database_is_503(ada: Visitor, gazette: Caller, read_only: Callable[[], None]) -> None:
    gazette.comment("c1", "How rude.")
    (waiting,) = cards(ada.page("/review/"))
    read_only()
    assert ada.judge(waiting, verdict="approve").status_code == 503


@pytest.mark.parametrize("gone", [TimeoutError(), OperationalError("SELECT 1", None, Exception("gone"))])
def test_a_page_without_a_database_is_503_and_says_so(
    ada: Visitor, engine: Engine, monkeypatch: pytest.MonkeyPatch, gone: Exception
) -> None:
    def refuse(*_: Any) -> Any:
        raise gone

    monkeypatch.setattr(engine.pool, "connect", refuse)
    answer = ada.get("/review/")
    assert (answer.status_code, "The database does not answer." in answer.text) == (503, True)


def test_a_read_only_database_is_not_ready(stranger: Caller, postgresql: Engine, read_only: Callable[[], None]) -> None:
    read_only()
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.get_json()["database"]) == (503, "it is read-only")


def test_after_a_failover_the_next_comment_looks_for_the_new_server(gazette: Caller, postgresql: Engine) -> None:
    gazette.comment("c0", "Well said.")
    with postgresql.connect() as db:
        db.execute(text("SET default_transaction_read_only = on"))
        db.commit()
    answers = [gazette.post("/v1/comments", PLAIN).status_code for _ in range(2)]
    assert answers == [503, 200]


def test_a_command_on_a_read_only_database_says_so(app: Flask, read_only: Callable[[], None]) -> None:
    read_only()
    code, said = run(app, "key", "create", "--site", "gazette")
    assert code == 1
    assert "DATABASE_URL cannot be used" in said
    assert "read" in said


def test_an_operator_is_told_that_an_sqlite_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "comments.db").write_text("restored from something else" * 100)
    with pytest.raises(StorageError, match="cannot be used: file is not a database"):
        migrate(open_engine(f"sqlite:///{tmp_path}/comments.db"))


def test_an_operator_is_told_which_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(StorageError, match=f"{tmp_path}/var"):
        migrate(open_engine(f"sqlite:///{tmp_path}/var/comments.db"))


def test_an_operator_is_told_which_right_a_role_lacks() -> None:
    refused = ProgrammingError("SELECT 1", None, psycopg.errors.InsufficientPrivilege("permission denied for table comments"))
    assert "cannot be used: permission denied for table comments." in fault(refused)


def test_the_service_lives_while_a_table_is_locked(models_dir: Path, tmp_path: Path) -> None:
    with fresh_database("postgresql", tmp_path) as url, running(tmp_path, url, MODELS_DIR=str(models_dir)) as service:
        with locked(url, "comments"):
            assert service.comment("c1", "Well said.")[0] == 503
            assert service.ask("GET", "/healthz")[0] == 200
        assert service.comment("c1", "Well said.")[0] == 200
