"""What is kept, and how: the same on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from conftest import Caller, fresh_database
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError

from service.config import Config
from service.domain import Article
from service.storage import articles, comments, endpoints, history, keys, outbox, overview
from service.storage.engine import StorageError, is_migrated, migrate, open_engine, reading, writing
from service.storage.tables import articles as articles_table
from service.storage.tables import comments as comments_table
from service.storage.tables import decisions, deliveries, metadata, policies, verdicts


def test_the_migrations_make_the_tables_that_the_code_knows(engine: Engine) -> None:
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db, opts={"compare_type": True}), metadata) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_new_database_is_migrated_once(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path) as url:
        engine = open_engine(Config.from_environ({"DATABASE_URL": url}).database_url)
        with reading(engine) as db:
            assert not is_migrated(db)
        for _ in range(2):
            migrate(engine)
            with reading(engine) as db:
                assert is_migrated(db)
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_of_a_newer_version_is_left_alone(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path) as url:
        engine = open_engine(Config.from_environ({"DATABASE_URL": url}).database_url)
        migrate(engine)
        with writing(engine) as db:
            db.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
        with pytest.raises(StorageError, match="most likely a newer one"):
            migrate(engine)
        engine.dispose()


def test_a_folder_for_the_database_is_made_and_other_users_cannot_read_what_is_in_it(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/var/deep/comments.db")
    migrate(engine)
    with reading(engine):
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var" / "deep").iterdir()}
    engine.dispose()
    assert modes == dict.fromkeys(("comments.db", "comments.db-shm", "comments.db-wal"), 0o600)


def test_the_record_of_what_is_kept_about_people_names_every_table() -> None:
    document = (Path(__file__).parent.parent / "docs" / "operating.md").read_text(encoding="utf-8")
    record = document.partition("## What is kept about people")[2].partition("\n## ")[0]
    assert [name for name in metadata.tables if f"`{name}`" not in record] == []


def test_sqlite_writes_to_disk_before_it_answers(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/comments.db")
    migrate(engine)
    with engine.connect() as db:
        assert db.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert db.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert db.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    engine.dispose()


def test_what_was_written_survives_that_the_file_is_moved_away_and_a_crash(tmp_path: Path) -> None:
    kept, moved, crashed = tmp_path / "comments.db", tmp_path / "moved.db", tmp_path / "crashed.db"
    engine = open_engine(f"sqlite:///{kept}")
    migrate(engine)
    with reading(engine):
        with writing(engine) as db:
            articles.put(db, "gazette", Article(id="trains"))
        kept.rename(moved)
        with pytest.raises(OperationalError), reading(open_engine(f"sqlite:///{kept}")):
            pass
        assert not kept.exists()
        for before, after in ((moved, crashed), (Path(f"{kept}-wal"), Path(f"{crashed}-wal"))):
            shutil.copy(before, after)  # as they lie on disk now
    engine.dispose()
    engine = open_engine(f"sqlite:///{crashed}")
    with reading(engine) as db:
        assert articles.find(db, "gazette", "trains") is not None
    engine.dispose()


def test_a_days_figures_are_counted_as_fast_after_an_operators_analyze(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/comments.db")
    migrate(engine)
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    told = {"text": "", "text_digest": "", "parent_text": "", "revision": 1, "outcome": "hold", "received_at": at, "at": at}
    told |= {"reasons": [], "scores": {}, "model_version": "", "policy_version": "", "moderator": "Ada", "explanation": ""}
    with writing(engine) as db:
        db.execute(text("PRAGMA defer_foreign_keys = ON"))
        for n in range(1_000):
            for table in (comments_table, decisions, verdicts):
                row = told | {"pk": n, "site": "gazette", "id": str(n), "comment": n}
                db.execute(table.insert().values({name: value for name, value in row.items() if name in table.c}))
        before = instructions(db, lambda: overview.counts(db, [], at.date(), at.date(), at.date()))
        db.execute(text("ANALYZE"))
        assert instructions(db, lambda: overview.counts(db, [], at.date(), at.date(), at.date())) <= before
        db.rollback()
    engine.dispose()


@pytest.mark.parametrize(
    "look",
    [
        lambda db: history.recent(db, moderator=None, sites=["gazette"], before=None, most=10),
        lambda db: outbox.listing(db, sites=["gazette"], most=10),
        outbox.unsent,
    ],
)
def test_looking_at_what_was_said_or_told_takes_no_longer_as_a_site_grows(look: Callable[[Connection], Any], tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/comments.db")
    migrate(engine)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    told = {"site": "gazette", "text": "", "text_digest": "", "parent_text": "", "revision": 1, "outcome": "hold", "received_at": at}
    told |= {"at": at, "moderator": "Ada", "explanation": "", "event": "comment.decided", "body": "", "state": "delivered"}
    told |= {"attempts": 1, "due_at": at, "created_at": at}
    taken = []
    with writing(engine) as db:
        one = endpoints.add(db, site="gazette", url="https://cms.example/hooks", events=["comment.decided"]).id
        for n in range(200):
            for table in (comments_table, verdicts, deliveries):
                row = told | {"pk": n, "id": str(n), "comment": n, "endpoint": one}
                db.execute(table.insert().values({name: value for name, value in row.items() if name in table.c}))
            if n in (20, 199):
                taken.append(instructions(db, lambda: look(db)))
        db.rollback()
    engine.dispose()
    assert taken[1] <= taken[0] + 1


def instructions(db: Connection, work: Callable[[], Any]) -> int:
    """How many hundreds of SQLite's instructions a work takes."""
    hundreds: list[None] = []
    driver: Any = db.connection.driver_connection
    driver.set_progress_handler(lambda: hundreds.append(None), 100)
    work()
    driver.set_progress_handler(None, 0)
    return len(hundreds)


def test_what_fails_is_undone(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as db:
            articles.put(db, "gazette", Article(id="trains"))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    with reading(engine) as db:
        assert articles.find(db, "gazette", "trains") is None


def test_an_article_told_twice_at_once_is_one_whatever_isolation_a_database_has_set(tmp_path: Path) -> None:
    with fresh_database("postgresql", tmp_path) as url:
        isolated = f"{Config.from_environ({'DATABASE_URL': url}).database_url}%20-cdefault_transaction_isolation=serializable"
        engine = open_engine(isolated)
        migrate(engine)
        with writing(engine) as db:
            assert articles.find(db, "gazette", "trains") is None
            with writing(engine) as other:
                articles.put(other, "gazette", Article(id="trains", title="As told first"))
            assert articles.put(db, "gazette", Article(id="trains", title="As told last")).title == "As told last"
        engine.dispose()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_whose_encoding_does_not_hold_every_text_is_refused(encoding: str) -> None:
    name = f"test_{uuid4().hex}"
    with fresh_database("postgresql", Path()) as url, psycopg.connect(url, autocommit=True) as admin:
        try:
            admin.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        except psycopg.errors.InsufficientPrivilege:
            pytest.skip("the tests' role may make no database")
        try:
            there = make_url(Config.from_environ({"DATABASE_URL": url}).database_url).set(database=name)
            with pytest.raises(StorageError, match=f"is encoded in {encoding}.*ENCODING 'UTF8'"):
                migrate(open_engine(there.render_as_string(hide_password=False)))
        finally:
            admin.execute(f"DROP DATABASE {name}")


def test_a_pooler_may_give_each_transaction_another_connection(tmp_path: Path) -> None:
    with fresh_database("postgresql", tmp_path) as url:
        engine = open_engine(Config.from_environ({"DATABASE_URL": url}).database_url)
        for _ in range(20):
            with writing(engine) as db:
                db.execute(text("SELECT 1"))
        with reading(engine) as db:
            assert db.execute(text("SELECT name FROM pg_prepared_statements")).all() == []
        engine.dispose()


def test_an_error_does_not_hold_a_statements_values(engine: Engine) -> None:
    def add() -> None:
        with writing(engine) as db:
            keys.add(db, id="same", site="secretive", name="", hash="", signed=False)

    add()
    with pytest.raises(IntegrityError, match="INSERT INTO") as caught:
        add()
    assert "secretive" not in str(caught.value)


def test_times_come_back_with_their_zone(engine: Engine) -> None:
    told = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with writing(engine) as db:
        db.execute(articles_table.insert().values(site="gazette", id="a", title="", text="", updated_at=told))
        found = db.execute(select(articles_table.c.updated_at)).scalar_one()
    assert found == told
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize("setting", ["timezone=America/New_York", "timezone=Africa/Monrovia", "datestyle=SQL,DMY", "datestyle=German"])
def test_times_come_back_whatever_a_database_has_set_for_them(setting: str, tmp_path: Path) -> None:
    told = [
        datetime(1970, 1, 1, tzinfo=UTC),
        *(datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6)),
    ]
    with fresh_database("postgresql", tmp_path) as url:
        engine = open_engine(f"{Config.from_environ({'DATABASE_URL': url}).database_url}%20-c{setting}")
        migrate(engine)
        with writing(engine) as db:
            for at in told:
                db.execute(keys.signatures.insert().values(digest=str(at), seen_at=at))
        with reading(engine) as db:
            assert db.execute(select(keys.signatures.c.seen_at).order_by(keys.signatures.c.seen_at)).scalars().all() == told
        engine.dispose()


def test_the_longest_names_fit_the_indexes(engine: Engine) -> None:
    site = "".join(chr(0x10000 + n * 97) for n in range(100))
    id = "".join(chr(0x20000 + n * 89) for n in range(500))
    with writing(engine) as db:
        assert articles.put(db, site, Article(id=id, url=id)).id == id


def test_an_article_that_says_nothing_new_is_not_written_again(engine: Engine) -> None:
    story = Article(id="trains", url="https://news.example/trains", title="Night trains return", text="The council voted.")
    with writing(engine) as db:
        first = articles.put(db, "gazette", story)
        articles.keep(db, "gazette", Article(id="trains"))
        assert articles.find(db, "gazette", "trains").updated_at == first.updated_at


def test_a_policy_in_force_is_kept_once_with_its_text(gazette: Caller, engine: Engine) -> None:
    versions = {gazette.comment(f"c{n}", "Well said.")["policy_version"] for n in range(2)}
    with engine.connect() as db:
        found = db.execute(select(policies)).all()
    assert {row.version for row in found} == versions
    assert "[hold]" in found[0].text


def test_an_edit_does_not_touch_the_earlier_decision(gazette: Caller, engine: Engine) -> None:
    gazette.comment("c1", "How rude.")
    with engine.connect() as db:
        before = db.execute(select(decisions)).one()
    gazette.comment("c1", "Well said.")
    with engine.connect() as db:
        assert db.execute(select(decisions).where(decisions.c.revision == 1)).one() == before


def test_a_stored_decision_is_the_one_that_was_made(gazette: Caller, engine: Engine) -> None:
    answer = gazette.comment("c1", "How rude.")
    with engine.connect() as db:
        row = comments.find(db, "gazette", "c1")
        assert row is not None
        decision = comments.decision_from_row(comments.newest_decision(db, row))
    assert (decision.outcome, dict(decision.scores), decision.model_version) == ("hold", answer["scores"], answer["model_version"])
    assert [reason.message for reason in decision.reasons] == [reason["message"] for reason in answer["reasons"]]


def test_seen_signatures_are_forgotten_after_they_are_too_old(engine: Engine) -> None:
    with writing(engine) as db:
        db.execute(keys.signatures.insert().values(digest="old", seen_at=datetime.now(UTC) - timedelta(hours=2)))
        assert [keys.is_replay(db, "new"), keys.is_replay(db, "new"), keys.is_replay(db, "old")] == [False, True, False]
