"""The moderators' room by API, audits, and the overview's figures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from time import sleep
from typing import Any

import pytest
from conftest import Caller, make_caller
from flask import Flask
from room import Visitor, cards, make_moderator, make_token
from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy import text as sql

from service.domain import Comment, History, Outcome, Scores
from service.policy import decide
from service.review import charts, figures
from service.review.figures import Share
from service.rules import parse
from service.storage import overview
from service.storage.engine import reading, writing
from service.storage.tables import comments, daily, decisions, queue_lengths, verdicts

AUDITED = "[hold]\ntoxicity = 0.6\n[reject]\ntoxicity = 0.95\n[audit]\nshare = 1.0\n"


@pytest.fixture
def tom(app: Flask) -> Caller:
    """A moderator of the gazette, through the newspaper's own pages."""
    return Caller(app, make_token(app, "Tom", "gazette"))


def test_a_cms_can_build_the_whole_room(gazette: Caller, tom: Caller) -> None:
    gazette.comment("a/1", "A rude remark.", article={"id": "one", "title": "Trains"}, author={"id": "x", "name": "Xenia"})
    card = tom.get("/v1/queue").get_json()["comments"][0]
    assert (card["id"], card["article_title"], card["author_name"], card["state"]) == ("a/1", "Trains", "Xenia", "hold")
    assert card["reasons"][0]["code"] == "toxicity"
    assert "claimed_until" in tom.post("/v1/comments/a/1/claim", {}).get_json()
    assert tom.post("/v1/comments/a/1/notes", {"text": "Hm."}).get_json()["moderator"] == "Tom"
    assert tom.get("/v1/queue").get_json()["comments"][0]["notes"][0]["text"] == "Hm."
    given = tom.post("/v1/comments/a/1/verdict", {"verdict": "reject", "reason_code": "off_topic", "revision": 1}).get_json()
    assert (given["state"], given["moderator"], given["reason_code"]) == ("reject", "Tom", "off_topic")
    assert tom.post("/v1/comments/a/1/undo", {}).get_json()["state"] == "hold"
    assert tom.post("/v1/comments/a/1/undo", {}).status_code == 409
    tom.post("/v1/comments/a/1/verdict", {"verdict": "approve"})
    refused = tom.post("/v1/comments/a/1/verdict", {"verdict": "approve"})
    assert refused.status_code == 409
    assert "Tom approved this" in refused.get_json()["detail"]
    corrected = tom.post("/v1/comments/a/1/verdict", {"verdict": "reject", "reason_code": "spam", "correct": True}).get_json()
    assert (corrected["action"], corrected["state"]) == ("correction", "reject")
    assert tom.post("/v1/comments/a/1/claim", {}).status_code == 409


def test_what_a_verdict_leaves_out_may_be_null(gazette: Caller, tom: Caller) -> None:
    gazette.comment("c1", "A rude remark.")
    given = tom.post("/v1/comments/c1/verdict", {"verdict": "approve", "reason_code": None, "explanation": None, "correct": None})
    assert (given.status_code, given.get_json()["state"]) == (200, "approve")


def test_the_queue_of_an_article_is_asked_for_by_the_cmss_own_id(app: Flask, gazette: Caller, tom: Caller) -> None:
    for id, article in (("c1", "story/é"), ("c2", "7"), ("c3", "story/é")):
        gazette.comment(id, "A rude remark.", article={"id": article, "title": "Trains"})
    make_caller(app, "herald").comment("c4", "A rude remark.", article={"id": "7", "title": "Trains"})
    card = tom.get("/v1/queue").get_json()["comments"][0]

    def told(article: str) -> tuple[list[str], int]:
        answer = tom.call("GET", "/v1/queue", query_string={"article": article}).get_json()
        return [comment["id"] for comment in answer["comments"]], answer["waiting"]

    assert told(card["article_id"]) == (["c1", "c3"], 2)
    assert [told("7"), told("1"), told("x" * 300), told("")] == [(["c2"], 1), ([], 0), ([], 0), (["c1", "c2", "c3"], 3)]


@pytest.mark.parametrize("article", ["a\x00", "a" * 2_001])
def test_an_article_that_can_be_none_is_named(tom: Caller, article: str) -> None:
    answer = tom.call("GET", "/v1/queue", query_string={"article": article})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "article")


@pytest.mark.parametrize(("asked", "name"), [({"artcle": "7"}, "artcle"), ({"site": "gazette", "limit": "9"}, "limit")])
def test_a_filter_that_there_is_not_is_named_with_those_there_are(tom: Caller, asked: dict[str, str], name: str) -> None:
    answer = tom.call("GET", "/v1/queue", query_string=asked)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, name)
    assert answer.get_json()["errors"][0]["expected"].startswith("no parameter of this name; there are site, section, article, ")


@pytest.mark.parametrize(("path", "name"), [("/v1/queue?reason=insult&reason=threat", "reason"), ("/v1/history/c1?site=a&site=b", "site")])
def test_a_filter_that_is_given_twice_is_named(tom: Caller, path: str, name: str) -> None:
    answer = tom.get(path)
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [{"field": name, "expected": "one value; it was given 2 times"}]


def test_a_body_that_is_too_long_is_refused_with_how_long_it_may_be(tom: Caller) -> None:
    answer = tom.call("POST", "/v1/comments/c1/notes", data=b" " * 100_001)
    assert (answer.status_code, answer.get_json()["detail"]) == (413, "The body is over 100,000 bytes.")


def test_a_key_is_no_moderator_and_a_moderator_no_key(gazette: Caller, tom: Caller) -> None:
    gazette.comment("c1", "A rude remark.")
    assert gazette.get("/v1/queue").status_code == 401
    assert gazette.post("/v1/comments/c1/verdict", {"verdict": "approve"}).status_code == 401
    assert tom.get("/v1/comments/c1").status_code == 401


def test_a_moderator_reads_what_became_of_a_comment_and_may_undo_it_still(gazette: Caller, tom: Caller) -> None:
    gazette.comment("a/1", "A rude remark.")
    gazette.comment("a/1", "A rude remark, edited.")
    tom.post("/v1/comments/a/1/notes", {"text": "Hm."})
    tom.post("/v1/comments/a/1/verdict", {"verdict": "approve"})
    told = tom.get("/v1/history/a/1").get_json()
    assert (told["comment"]["text"], told["comment"]["state"]) == ("A rude remark, edited.", "approve")
    assert [decision["text"] for decision in told["decisions"]] == ["A rude remark, edited.", "A rude remark."]
    assert [(verdict["moderator"], verdict["verdict"]) for verdict in told["verdicts"]] == [("Tom", "approve")]
    assert [note["text"] for note in told["notes"]] == ["Hm."]
    assert tom.post("/v1/comments/a/1/undo", {}).status_code == 200  # the CMS was told nothing by that


def test_a_history_is_read_on_a_moderators_own_sites_alone(app: Flask, gazette: Caller, tom: Caller) -> None:
    make_caller(app, "herald").comment("c1", "A rude remark.")
    both = Caller(app, make_token(app, "Both", "gazette", "herald"))
    asked = [(tom, ""), (tom, "?site=herald"), (gazette, ""), (both, ""), (both, "?site=herald"), (both, "?ste=herald")]
    assert [who.get(f"/v1/history/c1{query}").status_code for who, query in asked] == [404, 404, 401, 422, 200, 422]


def test_a_revision_is_a_whole_number(gazette: Caller, tom: Caller) -> None:
    gazette.comment("c1", "A rude remark.")
    answer = tom.post("/v1/comments/c1/verdict", {"verdict": "approve", "revision": "1"})
    assert answer.get_json()["errors"] == [{"field": "revision", "expected": "a whole number"}]


def test_a_moderator_of_several_sites_names_one(app: Flask, gazette: Caller, herald: Caller) -> None:
    gazette.comment("c1", "A rude remark.")
    both = Caller(app, make_token(app, "Both", "gazette", "herald"))
    assert both.post("/v1/comments/c1/claim", {}).status_code == 422
    assert both.post("/v1/comments/c1/claim", {"site": "herald"}).status_code == 404
    assert both.post("/v1/comments/c1/claim", {"site": "times"}).status_code == 404
    assert both.post("/v1/comments/c1/claim", {"site": "gazette"}).status_code == 200


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 1.0])
def test_audits_are_chosen_by_chance_and_always_the_same(share: float) -> None:
    rules = parse(f"[reject]\ntoxicity = 0.9\n[audit]\nshare = {share}\n")
    scored = Scores({"toxicity": 0.1}, "m")
    ids = [str(number) for number in range(4_000)]

    def chosen() -> list[str]:
        made = ((id, decide(Comment(site="s", id=id, text="A text."), scored, None, History(), rules)) for id in ids)
        return [id for id, decision in made if any(reason.code == "audit" for reason in decision.reasons)]

    assert abs(len(chosen()) / len(ids) - share) < 0.02
    assert chosen() == chosen()


@pytest.mark.parametrize(
    ("score", "outcome", "audited"), [(0.1, Outcome.APPROVE, True), (0.7, Outcome.HOLD, False), (0.97, Outcome.REJECT, True)]
)
def test_an_audit_changes_no_decision(score: float, outcome: Outcome, audited: bool) -> None:
    decision = decide(Comment(site="s", id="1", text="A text."), Scores({"toxicity": score}, "m"), None, History(), parse(AUDITED))
    assert decision.outcome is outcome
    assert ("audit" in {reason.code for reason in decision.reasons}) is audited


def test_an_audited_comment_stands_until_a_moderator_disagrees(new_app: Any) -> None:
    app = new_app(POLICY=AUDITED)
    gazette, tom = make_caller(app, "gazette"), Caller(app, make_token(app, "Tom", "gazette"))
    assert [gazette.comment(id, text)["decision"] for id, text in (("a", "Kind."), ("b", "Kinder."), ("c", "A vile thing."))] == [
        "approve"
    ] * 2 + ["reject"]
    assert {card["id"]: card["state"] for card in tom.get("/v1/queue").get_json()["comments"]} == {
        "a": "approve",
        "b": "approve",
        "c": "reject",
    }
    agreed = tom.post("/v1/comments/a/verdict", {"verdict": "approve"}).get_json()
    disagreed = tom.post("/v1/comments/b/verdict", {"verdict": "reject", "reason_code": "other"}).get_json()
    assert [(one["action"], one["state"]) for one in (agreed, disagreed)] == [("verdict", "approve"), ("correction", "reject")]
    assert tom.post("/v1/comments/b/undo", {}).get_json()["state"] == "approve"
    assert {card["id"] for card in tom.get("/v1/queue").get_json()["comments"]} == {"b", "c"}


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662), (1, 1, 0.2065, 1.0), (0, 0, 0.0, 1.0)],
)
def test_intervals_are_wilsons(part: int, whole: int, low: float, high: float) -> None:
    """The third is Newcombe's textbook case."""
    found = Share("", part, whole).interval
    assert found == pytest.approx((low, high), abs=5e-4)


def test_the_overview_counts_what_happened(new_app: Any, engine: Engine) -> None:
    app = new_app(POLICY=AUDITED)
    gazette, ada, ben = make_caller(app, "gazette"), make_moderator(app, "Ada", "gazette"), make_moderator(app, "Ben", "gazette")
    for number, text in enumerate(["Kind.", "Kinder.", "A rude one.", "A rude two.", "Most vile."]):
        gazette.comment(f"c{number}", text)
    waiting = dict(zip(["c0", "c1", "c2", "c3", "c4"], cards(ada.page("/review/?order=oldest")), strict=True))
    ada.judge(waiting["c0"], verdict="approve")
    ada.judge(waiting["c1"], reason_code="other")
    ada.judge(waiting["c2"], verdict="approve")
    ada.judge(waiting["c3"], reason_code="spam")
    ada.judge(waiting["c4"], reason_code="hate")
    ben.send(f"/review/comments/{waiting['c3']}/agreement", script=True)
    ben.send(f"/review/comments/{waiting['c2']}/correction", script=True, reason_code="hate")
    page = ada.page("/review/overview")
    for figure in ("60.0 %", "of 5 comments", "50.0 %", "of 2</small>", "100.0 %", "of 1</small>"):
        assert figure in page, figure
    assert "0% of 3" in page  # toxicity held two and rejected one, and all were rejected in the end
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with writing(engine) as db:
        db.execute(update(decisions).values(at=yesterday))
        db.execute(update(verdicts).values(at=yesterday))
        db.execute(delete(daily))
    assert "of 5 comments" in ada.page("/review/overview")
    with reading(engine) as db:
        finished = db.execute(select(func.count()).where(daily.c.measure == "counted")).scalar_one()
    assert finished in (28, 29)  # in the first hour of a day the one before is not settled
    assert "of 5 comments" in ada.page("/review/overview")
    ada.send(f"/review/comments/{waiting['c1']}/correction", script=True, verdict="approve")
    assert "100.0 %<small>34 to 100 %, of 2" in ada.page("/review/overview")
    assert ada.get("/review/overview", days=12).status_code == 422


def test_a_verdict_whose_correction_was_taken_back_counts_again(gazette: Caller, ada: Visitor, ben: Visitor, engine: Engine) -> None:
    gazette.comment("c-1", "How rude.")
    with reading(engine) as db:
        (comment,) = db.execute(select(comments.c.pk)).scalars()
    ada.judge(comment, verdict="approve")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with writing(engine) as db:
        db.execute(update(verdicts).values(at=yesterday))
    assert "Toxicity 100% of 1" in ada.page("/review/overview")
    ben.send(f"/review/comments/{comment}/correction", reason_code="spam")
    assert "Toxicity 0% of 1" in ada.page("/review/overview")
    ben.send("/review/undo")
    assert "Toxicity 100% of 1" in ada.page("/review/overview")


def test_a_verdict_that_is_corrected_while_its_day_is_counted_has_it_counted_anew(
    gazette: Caller, ada: Visitor, ben: Visitor, engine: Engine
) -> None:
    gazette.comment("c-1", "How rude.")
    (comment,) = cards(ada.page("/review/"))
    ada.judge(comment, verdict="approve")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with writing(engine) as db:
        db.execute(update(verdicts).values(at=yesterday))
    with ThreadPoolExecutor() as pool, writing(engine) as db:
        overview.finish(db, yesterday.date())
        correction = pool.submit(ben.send, f"/review/comments/{comment}/correction", reason_code="spam")
        while not correction.done() and not _waits_for(db):
            sleep(0.01)
    assert "Toxicity 0% of 1" in ada.page("/review/overview")


def _waits_for(db: Connection) -> bool:
    """Whether another transaction waits for this one, as it always does on SQLite."""
    if db.dialect.name == "sqlite":
        return True
    blocked = sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    return bool(db.execute(blocked).scalar_one())


def test_a_verdict_on_an_edited_text_counts_once(gazette: Caller, ada: Visitor) -> None:
    for text in ("How rude.", "How rude, as edited."):
        gazette.comment("c1", text)
    ada.judge(cards(ada.page("/review/"))[0], verdict="approve")
    assert "Toxicity 100% of 1" in ada.page("/review/overview")


def test_a_day_is_counted_anew_whichever_days_are_looked_at(gazette: Caller, ada: Visitor, engine: Engine) -> None:
    now = datetime.now(UTC)
    for days in (1, 3):
        gazette.comment(f"c{days}", f"A kind remark, {days}.")
        with writing(engine) as db:
            db.execute(update(decisions).where(decisions.c.text.endswith(f"{days}.")).values(at=now - timedelta(days=days)))
    ada.page("/review/overview", days=30)
    with writing(engine) as db:
        overview.forget(db, now - timedelta(days=1))
    assert "of 2 comments" in ada.page("/review/overview", days=7)


def test_days_are_counted_one_by_one_so_that_comments_are_taken_meanwhile(
    ada: Visitor, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished, count = [], overview._count

    def counted(db: Connection, day: date) -> list[overview.Count]:
        with reading(engine) as other:
            finished.append(other.execute(select(func.count()).select_from(daily)).scalar_one())
        return count(db, day)

    at_midnight(monkeypatch, and_then=timedelta(hours=9))
    monkeypatch.setattr(overview, "_count", counted)
    ada.page("/review/overview", days=7)
    assert finished == [0, 1, 2, 3, 4, 5, 6]


def test_a_day_that_another_worker_counted_first_is_left_as_it_is(engine: Engine) -> None:
    day = datetime.now(UTC).date() - timedelta(days=1)
    for _ in range(2):
        with writing(engine) as db:
            overview.finish(db, day)
    with reading(engine) as db:
        assert db.execute(select(daily.c.day)).scalars().all() == [day]


def at_midnight(monkeypatch: pytest.MonkeyPatch, *, and_then: timedelta) -> None:
    """Has the overview be looked at so long after the next midnight."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.combine(datetime.now(tz).date() + timedelta(days=1), time(), UTC) + and_then

    monkeypatch.setattr("service.review.overview.datetime", Clock)


def test_a_day_gets_what_a_machine_whose_clock_is_behind_puts_into_it(
    gazette: Caller, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_midnight(monkeypatch, and_then=timedelta(minutes=3))
    for number in (1, 2):
        gazette.comment(f"c{number}", f"A kind remark, {number}.")
        assert f"of {number} comment" in ada.page("/review/overview")
    at_midnight(monkeypatch, and_then=timedelta(hours=2))
    assert "of 2 comments" in ada.page("/review/overview")


def test_what_was_decided_before_the_days_that_are_looked_at_is_not_counted(gazette: Caller, ada: Visitor, engine: Engine) -> None:
    gazette.comment("c1", "A kind remark.")
    with writing(engine) as db:
        db.execute(update(decisions).values(at=datetime.now(UTC) - timedelta(days=10)))
    assert ["of 1 comments" in ada.page("/review/overview", days=days) for days in (30, 7)] == [True, False]


def test_a_day_that_two_workers_finish_at_the_same_moment_is_finished_once(engine: Engine) -> None:
    day = datetime.now(UTC).date() - timedelta(days=1)

    def finish() -> None:
        with writing(engine) as db:
            overview.finish(db, day)

    with ThreadPoolExecutor() as pool:
        with writing(engine) as db:
            overview.finish(db, day)
            other = pool.submit(finish)
            sleep(0.2)  # until it, too, knows of no finished day and waits for this one's
        other.result()
    with reading(engine) as db:
        assert db.execute(select(daily.c.day)).scalars().all() == [day]


def test_midnight_is_of_the_day_that_begins(gazette: Caller, engine: Engine) -> None:
    gazette.comment("c1", "A kind remark.")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with writing(engine) as db:
        db.execute(update(decisions).values(at=today))
    days = (today.date() - timedelta(days=1), today.date())
    with reading(engine) as db:
        assert [len(overview.counts(db, [], day, day, day)) for day in days] == [0, 1]


def test_who_corrects_a_verdict_of_her_own_is_no_colleague_who_shared_it_not(gazette: Caller, ada: Visitor) -> None:
    gazette.comment("c1", "How rude.")
    (comment,) = cards(ada.page("/review/"))
    ada.judge(comment, verdict="approve")
    ada.send(f"/review/comments/{comment}/correction", reason_code="spam")
    assert "a colleague shared</dt><dd>–<small>" in ada.page("/review/overview")


def test_an_audit_is_no_reason_that_is_overturned(new_app: Any) -> None:
    app = new_app(POLICY=AUDITED)
    make_caller(app, "gazette").comment("c1", "A kind remark.")
    ada = make_moderator(app, "Ada", "gazette")
    ada.judge(cards(ada.page("/review/"))[0], verdict="approve")
    assert "Chosen by chance" not in ada.page("/review/overview")


def test_who_agreed_with_a_verdict_that_was_taken_back_shared_nothing(gazette: Caller, ada: Visitor, ben: Visitor, engine: Engine) -> None:
    gazette.comment("c-1", "How rude.")
    with reading(engine) as db:
        (comment,) = db.execute(select(comments.c.pk)).scalars()
    ada.judge(comment, verdict="approve")
    ben.send(f"/review/comments/{comment}/agreement")
    with writing(engine) as db:  # the verdict of the day before yesterday, the agreement of yesterday
        for action, days in (("verdict", 2), ("agree", 1)):
            db.execute(update(verdicts).where(verdicts.c.action == action).values(at=datetime.now(UTC) - timedelta(days=days)))
    shared = "a colleague shared</dt><dd>{}<small>"
    assert shared.format("100.0 %") in ada.page("/review/overview")
    ada.send("/review/undo")
    assert shared.format("–") in ada.page("/review/overview")


@pytest.mark.parametrize(
    "shown",
    [
        "Waiting now</dt><dd>0<small>nothing",
        "in all 0 approve, 0 hold, 0 reject",
        "Comments that waited: now 0, at most 0",
    ],
)
def test_the_overview_is_of_ones_own_sites_alone(gazette: Caller, ada: Visitor, carol: Visitor, engine: Engine, shown: str) -> None:
    gazette.comment("c1", "A rude remark.")
    with writing(engine) as db:
        db.execute(update(queue_lengths).values(waiting=7))
    assert [shown in who.page("/review/overview") for who in (ada, carol)] == [False, True]


def test_how_long_a_queue_was_is_kept_for_each_site_and_hour(gazette: Caller, herald: Caller, carol: Visitor, engine: Engine) -> None:
    for cms, id in ((gazette, "c1"), (herald, "h1"), (herald, "h2")):
        cms.comment(id, "A rude remark.")
    with writing(engine) as db:
        db.execute(update(queue_lengths).values(hour=datetime.now(UTC) - timedelta(hours=1)))
    carol.judge(cards(carol.page("/review/"))[0], verdict="approve")
    with reading(engine) as db:
        kept = db.execute(select(queue_lengths.c.site, queue_lengths.c.waiting).order_by(queue_lengths.c.site, queue_lengths.c.hour)).all()
    assert kept == [("gazette", 0), ("herald", 0), ("herald", 2)]


def test_an_empty_overview_says_so(ada: Visitor) -> None:
    assert "none yet" in ada.page("/review/overview")
    assert figures.agreement([]).value is None


def test_a_chart_of_shares_says_its_intervals_in_words_or_that_there_is_none() -> None:
    drawn = charts.shares([figures.Share("toxicity", 1, 2), figures.Share("spam", 800, 1234)], "Approved")
    assert 'aria-label="Approved: Toxicity 50% of 2, 9% to 91%; Spam 65% of 1,234, 62% to 67%"' in drawn
    assert 'aria-label="Approved: none yet"' in charts.shares([], "Approved")


def test_an_axis_says_where_its_middle_is(gazette: Caller, ada: Visitor) -> None:
    for number in range(5):
        gazette.comment(f"c{number}", f"A kind remark, {number}.")
    decided = ada.page("/review/overview").partition("Comments by day and decision")[2].partition("</svg>")[0]
    assert [label for label in ("0", "2.5", "5") if f'text-anchor="end">{label}</text>' in decided] == ["0", "2.5", "5"]
