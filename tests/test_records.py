"""What is known of an article when a comment arrives under it: for models that look at it alone, and in training as in service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import fake_models
import numpy as np
import pytest
from conftest import Caller
from fake_models import FakeScorer
from flask import Flask
from room import Visitor, cards
from sqlalchemy import Engine, event, text, update

from service import newsroom, scoring
from service.domain import ArticleRecord, ScoreInput
from service.storage import records
from service.storage.engine import reading, writing
from service.storage.tables import comments, decisions
from training import lessons

ARTICLE = {"id": "a1", "title": "The tram", "text": "The council votes on the tram."}
shown: list[ArticleRecord | None] = []


class HouseScorer:
    """Stands for what a newsroom taught: it corrects nothing, and remembers what it was shown."""

    attributes = ("likely_to_reject",)

    def rate_after(self, inputs: Any, before: Any) -> Any:
        shown.extend(one.record for one in inputs)
        return before["toxicity"][:, None]


@pytest.fixture
def house(app: Flask, monkeypatch: pytest.MonkeyPatch) -> scoring.Model:
    """A model that looks at articles' records is in force."""
    shown.clear()
    served = app.extensions["parts"].served
    model = scoring.Model("house-1", (FakeScorer(), HouseScorer()), served.active.manifest)
    monkeypatch.setattr(served, "_loaded", type(served._loaded)(model, None, served._loaded.said))
    return model


def send(cms: Caller, id: str, words: str = "A rude remark.", **about: Any) -> None:
    cms.comment(id, words, **{"article": ARTICLE} | about)


def judge(visitor: Visitor, *rejects: bool) -> None:
    """The waiting comments, oldest first."""
    for comment, reject in zip(cards(visitor.page("/review/", order="oldest")), rejects, strict=False):
        form = {"reason_code": "other"} if reject else {"verdict": "approve"}
        assert visitor.judge(comment, **form).status_code == 200


def counts() -> list[tuple[int, int]]:
    return [(one.judged, one.rejected) for one in shown if one is not None]


def test_a_comment_arrives_with_what_became_of_the_others(house: scoring.Model, gazette: Caller, ada: Visitor) -> None:
    for id in ("c1", "c2", "c3"):
        send(gazette, id)
    judge(ada, True, False)
    send(gazette, "c4")
    send(gazette, "elsewhere", article={"id": "a2"})
    send(gazette, "nowhere", article=None)

    assert counts() == [(0, 0), (0, 0), (0, 0), (2, 1), (0, 0)]
    assert shown[-1] is None


def test_it_knows_how_old_the_discussion_is(house: scoring.Model, gazette: Caller, engine: Engine) -> None:
    send(gazette, "c1")
    with writing(engine) as db:
        db.execute(update(comments).values(received_at=datetime.now(UTC) - timedelta(hours=5)))
    send(gazette, "c2")
    send(gazette, "elsewhere", article={"id": "a2"})
    assert [round(one.hours, 1) for one in shown if one] == [0.0, 5.0, 0.0]


def test_a_comments_own_verdict_is_never_in_its_record(house: scoring.Model, gazette: Caller, ada: Visitor) -> None:
    send(gazette, "c1")
    judge(ada, True)
    send(gazette, "c1", "A rude remark, edited.")
    assert counts() == [(0, 0), (0, 0)]


def test_another_sites_article_of_the_same_id_is_another(
    house: scoring.Model, gazette: Caller, herald: Caller, carol: Visitor, ada: Visitor
) -> None:
    send(herald, "c1")
    judge(carol, True)
    send(gazette, "c1")
    assert counts() == [(0, 0), (0, 0)]


def test_scores_alone_are_of_the_same_record(house: scoring.Model, gazette: Caller, ada: Visitor) -> None:
    send(gazette, "c1")
    judge(ada, True)
    gazette.post("/v1/score", {"comments": [{"text": "A remark.", "article": ARTICLE}]})
    assert counts() == [(0, 0), (1, 1)]


def test_a_model_beside_is_shown_the_same(app: Flask, gazette: Caller, ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    shown.clear()
    served = app.extensions["parts"].served
    shadow = scoring.Model("house-1", (FakeScorer(), HouseScorer()), served.active.manifest)
    monkeypatch.setattr(served, "_loaded", type(served._loaded)(served.active, shadow, served._loaded.said))
    send(gazette, "c1")
    judge(ada, True)
    send(gazette, "c2")
    assert counts() == [(0, 0), (1, 1)]


def test_shipped_models_cost_no_query(app: Flask, gazette: Caller, engine: Engine) -> None:
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    send(gazette, "c1")
    assert asked
    assert not any("verdict IS NOT NULL" in statement for statement in asked)
    assert fake_models.asked[-1].record is None


def test_only_the_newest_judged_count(house: scoring.Model, gazette: Caller, ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST", 2)
    for id in ("c1", "c2", "c3"):
        send(gazette, id)
    judge(ada, True, False, False)
    send(gazette, "c4")
    assert counts()[-1] == (2, 0)


def test_the_query_reads_indexes_and_no_comments(engine: Engine) -> None:
    plan = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, values, *_: asked.append((statement, values)))
    with reading(engine) as db:
        if engine.dialect.name == "postgresql":
            db.execute(text("SET enable_seqscan = off"))
        records.find(db, "gazette", "a1")
        statement, values = asked[-1]
        told = " ".join(str(row) for row in db.exec_driver_sql(plan + statement, values))
    assert "ix_comments_article_verdict_outcome" in told
    assert "ix_comments_article_received_at" in told or engine.dialect.name == "postgresql"  # which takes either for an empty table


def test_training_is_shown_what_the_service_knew(house: scoring.Model, gazette: Caller, ada: Visitor, ben: Visitor, engine: Engine) -> None:
    for number in range(4):
        for site_article in ("a1", "a2"):
            send(gazette, f"{site_article}-{number}", f"A rude remark {number} {site_article}.", article={"id": site_article})
        judge(ada if number % 2 else ben, number % 3 == 0, number != 2)
    live = list(shown)
    learnt = lessons.read(engine).verdicts
    told = {one.input.text: one.input.record for one in learnt}
    order = [told[f"A rude remark {number} {article}."] for number in range(4) for article in ("a1", "a2")]

    assert [(one.judged, one.rejected) for one in order if one] == [(one.judged, one.rejected) for one in live if one]
    assert all(abs(one.hours - other.hours) < 0.01 for one, other in zip(order, live, strict=True) if one and other)
    assert len({(one.judged, one.rejected) for one in order if one}) > 2


def test_a_verdict_given_later_is_not_known_yet(house: scoring.Model, gazette: Caller, ada: Visitor, engine: Engine) -> None:
    send(gazette, "c1")
    send(gazette, "c2", "Another rude remark.")
    judge(ada, True, True)
    first, second = lessons.read(engine).verdicts
    assert first.input.record is not None
    assert second.input.record is not None
    assert (first.input.record.judged, second.input.record.judged) == (0, 0)

    with writing(engine) as db:  # as if the second had come an hour after the first was judged
        db.execute(update(decisions).where(decisions.c.text == "Another rude remark.").values(at=datetime.now(UTC) + timedelta(hours=1)))
    _, second = lessons.read(engine).verdicts
    assert second.input.record is not None
    assert (second.input.record.judged, second.input.record.rejected) == (1, 1)


def test_what_is_not_known_is_no_first_comment() -> None:
    known, unknown = newsroom.records([ScoreInput(text="A remark.", record=ArticleRecord()), ScoreInput(text="A remark.")])
    assert known.tolist() == [0, 0, 0]
    assert np.isnan(unknown).all()
