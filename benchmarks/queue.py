"""How long the moderators' queue takes to show, with 100,000 comments of which 5,000 are held."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, insert, select
from sqlalchemy import text as sql
from tqdm import tqdm

from benchmarks.measure import milliseconds, table, text, times
from benchmarks.server import SITE
from benchmarks.storage import CHUNK, on_both
from service import create_app, signin, urgency
from service.config import Config
from service.domain import Role
from service.storage import comments as comments_storage
from service.storage.engine import migrate, open_engine, reading, writing
from service.storage.tables import articles, comments, decisions, queue, queue_marks

STORED, HELD, AUTHORS, ARTICLES = 100_000, 5_000, 2_000, 200
CALLS = 40
PASSWORD = "only for this measurement"
PAGES = {
    "most urgent": "/review/",
    "highest score": "/review/?order=score",
    "one article, one reason": "/review/?article=1&reason=toxicity",
    "a band of scores": "/review/?attribute=toxicity&low=0.7&high=0.71",
    "a word that 50 have": "/review/?q=item77",
    "a word that none has": "/review/?q=xylophone",
    "the last page": "",  # found by the lowest score
    "overview": "/review/overview",
}


def main(_data: Path) -> None:
    rows = on_both(_measure)
    title = f"The queue's pages, with {STORED:,} comments of which {HELD:,} are held, in one process"
    table(title, ["database", "page", "p50", "p99", "CPU of the service"], rows)


def _measure(name: str, url: str) -> Iterator[list[str]]:
    config = Config.from_environ(
        os.environ | {"DATABASE_URL": url, "SECRET_KEY": "b" * 32, "SECURE_COOKIES": "no", "RATE_LIMIT": "1000000/second"}
    )
    engine = open_engine(config.database_url)
    migrate(engine)
    _fill(engine)
    app = create_app(config)
    signin.create(app.extensions["parts"], name="Ada", role=Role.MODERATOR, sites=[SITE], password=PASSWORD)
    client = app.test_client()
    _sign_in(client)
    for page, path in PAGES.items():
        begun = time.process_time()
        seconds = times(partial(_get, client, path or _last_page(engine)), CALLS, f"{name}, {page}")
        busy = (time.process_time() - begun) / (CALLS + 10)  # `times` makes ten before those that it counts
        yield [name, page, milliseconds(seconds, 50), milliseconds(seconds, 99), f"{busy * 1000:.1f} ms"]
    app.extensions["parts"].engine.dispose()
    engine.dispose()


def _get(client: FlaskClient, path: str, _number: int) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")


def _sign_in(client: FlaskClient) -> None:
    token = client.get("/review/sign-in").text.partition('name="csrf-token" content="')[2].partition('"')[0]
    answer = client.post("/review/sign-in", data={"name": "Ada", "password": PASSWORD, "csrf_token": token})
    if answer.status_code != 302:
        raise RuntimeError(f"signing in answered {answer.status_code}")


def _last_page(engine: Engine) -> str:
    with reading(engine) as db:
        lowest = db.execute(select(func.min(queue.c.risk))).scalar_one()
    return f"/review/?order=score&after={lowest + 0.001:.3f}_0"


def _fill(engine: Engine) -> None:
    now = datetime.now(UTC)
    with writing(engine) as db:
        comments_storage.remember_policy(db, "benchmark", "")
        made = [{"pk": n, "site": SITE, "id": f"article-{n}", "title": text(60, n), "text": text(2_000, n)} for n in range(1, ARTICLES + 1)]
        db.execute(insert(articles), [one | {"updated_at": now} for one in made])
    for first in tqdm(range(1, STORED + 1, CHUNK), desc="filling", leave=False):
        numbers = range(first, first + CHUNK)
        held = [number for number in numbers if number % (STORED // HELD) == 0]
        with writing(engine) as db:
            db.execute(insert(comments), [_comment(number, now) for number in numbers])
            db.execute(insert(decisions), [_decision(number, now) for number in numbers])
            db.execute(insert(queue), [_waiting(number, now) for number in held])
            marks = [(number, code) for number in held for code in ("toxicity", "insult", "spam")]
            db.execute(insert(queue_marks), [_mark(number, code) for number, code in marks])
    with writing(engine) as db:
        db.execute(sql("ANALYZE"))  # as the database does by itself after a while


def _at(number: int, now: datetime) -> datetime:
    return now - timedelta(minutes=number % 40_000)


def _risk(number: int) -> float:
    return 0.6 + (number * 7919 % 3_500) / 10_000


def _comment(number: int, now: datetime) -> dict[str, object]:
    return {
        "pk": number,
        "site": SITE,
        "id": f"stored-{number}",
        "text": text(280, number % 2_000),
        "text_digest": f"{number:064d}",
        "revision": 1,
        "outcome": "hold" if number % (STORED // HELD) == 0 else "reject" if number % 13 == 0 else "approve",
        "article": 1 + number % ARTICLES,
        "parent_text": "",
        "author_id": f"author-{number % AUTHORS}",
        "author_name": f"Reader {number % AUTHORS}",
        "section": "news",
        "received_at": _at(number, now),
    }


def _decision(number: int, now: datetime) -> dict[str, object]:
    reason = {"code": "toxicity", "outcome": "hold", "message": "", "score": _risk(number), "threshold": 0.6, "words": []}
    return {
        "comment": number,
        "revision": 1,
        "text": text(280, number % 2_000),
        "outcome": "hold" if number % (STORED // HELD) == 0 else "approve",
        "reasons": [reason],
        "scores": {"toxicity": _risk(number), "insult": 0.3, "spam": 0.01},
        "model_version": "benchmark",
        "policy_version": "benchmark",
        "at": _at(number, now),
    }


def _waiting(number: int, now: datetime) -> dict[str, object]:
    risk, since = _risk(number), _at(number, now)
    about = {
        "comment": number,
        "site": SITE,
        "section": "news",
        "article": 1 + number % ARTICLES,
        "author_id": f"author-{number % AUTHORS}",
    }
    return about | {"audit": False, "risk": risk, "waiting_since": since, "urgent_at": urgency.urgent_at(since, risk, audit=False)}


def _mark(number: int, code: str) -> dict[str, object]:
    return {"comment": number, "code": code, "reason": code == "toxicity", "score": _risk(number) if code == "toxicity" else 0.3}
