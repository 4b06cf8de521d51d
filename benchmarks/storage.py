"""Does an answer take longer when much is stored?"""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from sqlalchemy import Engine, create_engine, insert
from sqlalchemy import text as sql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from tqdm import tqdm

from benchmarks.measure import milliseconds, table, text, times
from benchmarks.server import SITE, Server, running
from service.config import Config
from service.storage import comments
from service.storage.engine import migrate, open_engine, writing
from service.storage.tables import comments as comments_table
from service.storage.tables import decisions

STORED = (0, 100_000, 1_000_000)
CHUNK = 10_000
BELOW = 2_000_000  # the filled rows' keys end below those that the service gives


def main(_data: Path) -> None:
    rows = on_both(_measure)
    table("`POST /v1/comments`, 300 characters, over HTTP, by what is stored", ["database", "comments stored", "p50", "p99"], rows)


def on_both(measure: Callable[[str, str], Iterable[list[str]]]) -> list[list[str]]:
    """The rows that are measured on an SQLite file, then those on PostgreSQL where one answers; `measure` is given its name and URL."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [*measure("SQLite", f"sqlite:///{folder}/comments.db")]
    with postgresql() as url:
        if url is None:
            print("\nNo PostgreSQL at TEST_DATABASE_URL: measured on SQLite alone.")
        else:
            rows += measure("PostgreSQL", url)
    return rows


def _measure(name: str, url: str) -> Iterator[list[str]]:
    engine = open_engine(url)
    migrate(engine)
    for before, stored in zip((0, *STORED), STORED, strict=False):
        _fill(engine, before, stored)
        with running(url) as server:
            seconds = times(partial(_ask, server, server.connect(), uuid.uuid4().hex), 500, f"{name}, {stored:,} stored")
        yield [name, f"{stored:,}", milliseconds(seconds, 50), milliseconds(seconds, 99)]
    engine.dispose()


def _ask(server: Server, connection: HTTPConnection, run: str, number: int) -> None:
    author = {"id": f"author-{number % 1_000}"}
    server.post(connection, "/v1/comments", {"id": f"{run}-{number}", "text": text(300, number), "author": author})


def _fill(engine: Engine, start: int, stop: int) -> None:
    """Comments with their decisions, a twentieth of them held, spread over a thousand authors and a year."""
    with writing(engine) as db:
        comments.remember_policy(db, "benchmark", "")
    now = datetime.now(UTC)
    for first in tqdm(range(start, stop, CHUNK), desc="filling", leave=False):
        numbers = range(first + 1, first + CHUNK + 1)
        outcomes = ["hold" if n % 20 == 0 else "approve" for n in numbers]
        ages = [now - timedelta(days=1 + n % 365) for n in numbers]
        told = [(n, o, a, f"{text(280, n)} {n}") for n, o, a in zip(numbers, outcomes, ages, strict=True)]
        with writing(engine) as db:
            db.execute(insert(comments_table), [_comment(*one) for one in told])
            db.execute(insert(decisions), [_decision(*one) for one in told])
    with engine.begin() as db:
        db.execute(sql("ANALYZE"))  # PostgreSQL does it by itself, in its own time


def _comment(number: int, outcome: str, at: datetime, said: str) -> dict[str, object]:
    return {
        "pk": number - BELOW,
        "site": SITE,
        "id": f"stored-{number}",
        "text": said,
        "text_digest": f"{number:064d}",
        "revision": 1,
        "outcome": outcome,
        "parent_text": "",
        "author_id": f"author-{number % 1_000}",
        "received_at": at,
    }


def _decision(number: int, outcome: str, at: datetime, said: str) -> dict[str, object]:
    return {
        "pk": number - BELOW,
        "comment": number - BELOW,
        "revision": 1,
        "text": said,
        "outcome": outcome,
        "reasons": [],
        "scores": {"toxicity": 0.1},
        "model_version": "benchmark",
        "policy_version": "benchmark",
        "at": at,
    }


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A schema of its own in the database of TEST_DATABASE_URL, dropped afterwards; None where there is none."""
    url = Config.from_environ({"DATABASE_URL": os.environ.get("TEST_DATABASE_URL", "postgresql:///test")}).database_url
    schema = f"bench_{uuid.uuid4().hex}"
    engine = create_engine(url)
    try:
        with engine.begin() as db:
            db.execute(sql(f"CREATE SCHEMA {schema}"))
    except OperationalError:
        yield None
        return
    yield make_url(url).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.begin() as db:
        db.execute(sql(f"DROP SCHEMA {schema} CASCADE"))
