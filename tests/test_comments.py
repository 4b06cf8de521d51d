"""A comment comes in, and a decision goes out."""

import json
import threading
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import fake_models
import pytest
from conftest import Caller, make_caller
from flask import Flask
from sqlalchemy import Engine, func, select, update

from service import moderation, scoring
from service.domain import Article, Author, Comment, Parent
from service.intake.payloads import CommentIn
from service.parts import Parts
from service.storage import comments as storage
from service.storage.engine import reading, writing
from service.storage.tables import comments, decisions

FULL = {
    "article": {"id": "trains", "url": "https://news.example/trains", "title": "Night trains return", "text": "The council voted."},
    "parent": {"id": "c0", "text": "They were late."},
    "author": {"id": "a1", "name": "Ada", "created_at": "2020-01-01T00:00:00Z"},
    "section": "politics",
    "language": "en-GB",
    "created_at": "2026-03-01T12:00:00+02:00",
}


def rows(engine: Engine, table: Any) -> int:
    with engine.connect() as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What the calls answer that begin at the same moment."""
    barrier, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        barrier.wait()
        answers[number] = calls[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize(("text", "decision"), [("Well said.", "approve"), ("How rude.", "hold"), ("A vile thing.", "reject")])
def test_a_comment_is_approved_held_or_rejected(gazette: Caller, text: str, decision: str) -> None:
    assert gazette.comment("c1", text)["decision"] == decision


def test_an_answer_says_what_was_decided_and_why(gazette: Caller) -> None:
    answer = gazette.comment("c1", "How rude.")
    policy_version = answer.pop("policy_version")
    received_at = answer["comment"].pop("received_at")
    assert policy_version
    assert received_at.endswith("Z")
    assert answer == {
        "decision": "hold",
        "reasons": [
            {
                "code": "toxicity",
                "decision": "hold",
                "message": "Toxicity 0.70 is at or above the hold threshold 0.60.",
                "score": 0.7,
                "threshold": 0.6,
                "words": [],
            }
        ],
        "scores": {"toxicity": 0.7},
        "model_version": fake_models.VERSION,
        "shadow_decision": None,
        "repeated": False,
        "comment": {
            "id": "c1",
            "site": "gazette",
            "text": "How rude.",
            "revision": 1,
            "state": "hold",
            "article_id": None,
            "section": None,
            "language": None,
            "created_at": None,
        },
    }


def test_what_a_comment_comes_with_is_kept(gazette: Caller) -> None:
    comment = gazette.comment("c1", "Well said.", site="gazette", **FULL)["comment"]
    assert {name: comment[name] for name in ("article_id", "section", "language", "created_at")} == {
        "article_id": "trains",
        "section": "politics",
        "language": "en",
        "created_at": "2026-03-01T10:00:00Z",
    }


def test_a_stored_comment_reads_as_it_was_answered(gazette: Caller) -> None:
    answer = gazette.comment("c1", "How rude.", **FULL)
    found = gazette.get("/v1/comments/c1").get_json()
    assert found["comment"] == answer["comment"]
    (decided,) = found["decisions"]
    assert {name: decided[name] for name in ("decision", "reasons", "scores", "model_version", "policy_version")} == {
        name: answer[name] for name in ("decision", "reasons", "scores", "model_version", "policy_version")
    }
    assert found["verdicts"] == []


def test_the_same_comment_again_gets_the_earlier_decision(gazette: Caller, engine: Engine) -> None:
    first = gazette.comment("c1", "How rude.", **FULL)
    assert gazette.comment("c1", "How rude.", **FULL) == first | {"repeated": True}
    assert (rows(engine, comments), rows(engine, decisions)) == (1, 1)


def test_a_repeat_is_not_scored_again(gazette: Caller) -> None:
    gazette.comment("c1", "How rude.")
    fake_models.asked.clear()
    gazette.comment("c1", "How rude.")
    assert fake_models.asked == []


def test_an_edit_is_a_new_revision_and_keeps_its_history(gazette: Caller) -> None:
    gazette.comment("c1", "A vile thing.")
    edited = gazette.comment("c1", "A kind thing.")
    assert (edited["decision"], edited["comment"]["revision"], edited["repeated"]) == ("approve", 2, False)
    history = gazette.get("/v1/comments/c1").get_json()["decisions"]
    assert [(past["revision"], past["text"], past["decision"]) for past in history] == [
        (2, "A kind thing.", "approve"),
        (1, "A vile thing.", "reject"),
    ]


def test_an_edit_changes_no_other_comment(gazette: Caller) -> None:
    for id in ("c1", "c2"):
        gazette.comment(id, f"A vile thing, {id}.")
    before = gazette.get("/v1/comments/c2").get_json()
    gazette.comment("c1", "A kind thing.")
    assert gazette.get("/v1/comments/c2").get_json() == before


def test_an_edit_that_is_sent_again_has_the_answer_that_it_had(gazette: Caller) -> None:
    for text in ("A vile thing.", "A kind thing.", "A kind thing."):
        answer = gazette.comment("c1", text)
    assert (answer["decision"], answer["repeated"]) == ("approve", True)


def test_an_edit_back_to_an_earlier_text_is_an_edit(gazette: Caller) -> None:
    for text in ("A vile thing.", "A kind thing.", "A vile thing."):
        answer = gazette.comment("c1", text)
    assert (answer["decision"], answer["comment"]["revision"]) == ("reject", 3)


def test_an_edit_need_not_repeat_what_was_told(gazette: Caller) -> None:
    before = gazette.comment("c1", "Well said.", **FULL)["comment"]
    after = gazette.comment("c1", "Well said, elsewhere.")
    assert after["comment"] == before | {"text": "Well said, elsewhere.", "revision": 2, "state": "hold"}
    asked = fake_models.asked[-1]
    assert (asked.article.text, asked.parent.text) == ("The council voted.", "They were late.")


def test_whatever_a_cms_may_tell_of_a_comment_arrives() -> None:
    sent = {"id": "c1", "text": "Well said.", "site": "gazette", **FULL, "author": FULL["author"] | {"role": "READER"}}
    assert sent.keys() == CommentIn.model_fields.keys() == {field.name for field in fields(Comment)}
    told = CommentIn.model_validate_json(json.dumps(sent)).to_domain("gazette")
    assert None not in [getattr(one, field.name) for one in (told, told.article, told.parent, told.author) for field in fields(one)]


def test_whatever_is_told_of_a_comment_is_kept_and_outlives_an_edit(parts: Parts) -> None:
    author = Author(id="a1", name="Ada", created_at=datetime(2020, 1, 1, tzinfo=UTC), role="READER")
    about = {"article": Article(id="trains"), "parent": Parent(id="c0", text="They were late."), "author": author}
    about |= {"section": "politics", "language": "en", "created_at": datetime(2026, 3, 1, tzinfo=UTC)}
    told = Comment(site="gazette", id="c1", text="Well said.", **about)
    assert None not in [getattr(one, field.name) for one in (told, author) for field in fields(one)]
    moderation.moderate(parts, [told])
    moderation.moderate(parts, [Comment(site="gazette", id="c1", text="Well said, elsewhere.")])
    with reading(parts.engine) as db:
        assert storage.from_row(storage.find(db, "gazette", "c1")) == replace(told, text="Well said, elsewhere.")


def test_an_edit_may_move_a_comment_to_another_section(gazette: Caller) -> None:
    moved = [gazette.comment("c1", f"Well said, {section}.", section=section)["comment"]["section"] for section in ("sport", "politics")]
    assert moved == ["sport", "politics"]


def test_ten_clients_with_the_same_comment_at_once_are_one_comment(gazette: Caller, engine: Engine) -> None:
    answers = at_once([lambda: gazette.comment("c1", "How rude.", **FULL)] * 10)
    assert (rows(engine, comments), rows(engine, decisions)) == (1, 1)
    assert sorted(answer["repeated"] for answer in answers) == [False] + [True] * 9
    assert len({str(answer["comment"]) for answer in answers}) == 1


def test_two_edits_at_once_are_both_kept(gazette: Caller) -> None:
    gazette.comment("c1", "First.", **FULL)
    at_once([lambda text=text: gazette.comment("c1", text) for text in ("Second.", "Third.")])
    history = gazette.get("/v1/comments/c1").get_json()["decisions"]
    assert [past["revision"] for past in history] == [3, 2, 1]
    assert {past["text"] for past in history} == {"First.", "Second.", "Third."}


@pytest.mark.parametrize("before", [None, "First."])
def test_what_is_told_while_an_edit_is_scored_outlives_it(gazette: Caller, monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    if before:
        gazette.comment("c1", before, section="sport")
    score = moderation.score

    def told_meanwhile(*asked: Any) -> Any:
        monkeypatch.setattr(moderation, "score", score)
        gazette.comment("c1", "Second.", **FULL)
        return score(*asked)

    monkeypatch.setattr(moderation, "score", told_meanwhile)
    gazette.comment("c1", "Third.")
    stored = gazette.get("/v1/comments/c1").get_json()
    told = [stored["comment"][name] for name in ("text", "article_id", "section", "language", "created_at")]
    assert told == ["Third.", "trains", "politics", "en", "2026-03-01T10:00:00Z"]


def test_many_comments_under_a_new_article_at_once_are_all_kept(gazette: Caller, engine: Engine) -> None:
    at_once([lambda number=number: gazette.comment(f"c{number}", "Well said.", article=FULL["article"]) for number in range(8)])
    assert rows(engine, comments) == 8


def test_a_site_does_not_see_anothers_comment(gazette: Caller, herald: Caller) -> None:
    gazette.comment("c1", "Well said.")
    assert herald.get("/v1/comments/c1").status_code == 404


def test_a_site_does_not_write_for_another(gazette: Caller, engine: Engine) -> None:
    assert gazette.post("/v1/comments", {"id": "c1", "text": "Well said.", "site": "herald"}).status_code == 403
    assert rows(engine, comments) == 0


def test_the_same_id_on_two_sites_is_two_comments(gazette: Caller, herald: Caller) -> None:
    gazette.comment("c1", "Well said.")
    assert herald.comment("c1", "How rude.")["comment"]["revision"] == 1
    assert gazette.get("/v1/comments/c1").get_json()["comment"]["text"] == "Well said."


def test_a_parents_text_is_looked_up(gazette: Caller) -> None:
    gazette.comment("c0", "They were late.")
    gazette.comment("c1", "Not mine.", parent={"id": "c0"})
    assert fake_models.asked[-1].parent.text == "They were late."


def test_a_parent_of_another_site_is_not_looked_up(gazette: Caller, herald: Caller) -> None:
    herald.comment("c0", "They were late.")
    gazette.comment("c1", "Not mine.", parent={"id": "c0"})
    assert fake_models.asked[-1].parent.text == ""


@pytest.mark.parametrize("id", ["/story/7", "https://news.example/a?b=c#d", "..", "a b", "é", "😀", "a/b//c", "%2F", "line\nbreak"])
def test_a_comment_of_any_id_is_found_again(gazette: Caller, id: str) -> None:
    from urllib.parse import quote

    gazette.comment(id, "Well said.")
    assert gazette.get("/v1/comments/" + quote(id, safe="")).get_json()["comment"]["id"] == id


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def test_an_author_who_floods_is_held(gazette: Caller) -> None:
    answers = [gazette.comment(f"c{n}", f"Comment number {n}.", author={"id": "a1"}) for n in range(6)]
    assert [codes(answer) for answer in answers] == [[]] * 5 + [["flood"]]


def test_an_archive_is_no_flood(gazette: Caller) -> None:
    def told(id: str, text: str, at: str | None) -> list[str]:
        return codes(gazette.comment(id, text, author={"id": "a1"}, created_at=at))

    days = [f"2024-03-{day:02}T12:00:00Z" for day in (3, 1, 2, 5, 4, 7, 6, 8)]
    assert [told(f"old{n}", "Well said.", at) for n, at in enumerate(days)] == [[]] * 8
    burst = [f"2024-05-01T12:0{minute}:00Z" for minute in range(6)]
    assert [told(f"burst{n}", f"Comment number {n}.", at) for n, at in enumerate(burst)] == [[]] * 5 + [["flood"]]
    assert [told(f"c{n}", f"Comment number {n}!", None) for n in range(6)] == [[]] * 5 + [["flood"]]


def test_a_clock_that_is_ahead_does_not_hide_a_flood(gazette: Caller) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answers = [gazette.comment(f"c{n}", f"Comment number {n}.", author={"id": "a1"}, created_at=at) for n in range(6)]
    assert [codes(answer) for answer in answers] == [[]] * 5 + [["flood"]]


def test_the_same_text_again_and_again_is_held(gazette: Caller) -> None:
    answers = [gazette.comment(f"c{n}", text, author={"id": "a1"}) for n, text in enumerate(["Buy this!", "BUY  this!", "buy this! "])]
    assert [codes(answer) for answer in answers] == [[], [], ["repeat"]]


@pytest.mark.parametrize(
    ("rules", "window"),
    [("[floods]\nhold_above = 1\nminutes = 10\n", timedelta(minutes=10)), ("[repeats]\nhold_above = 1\nhours = 2\n", timedelta(hours=2))],
)
def test_floods_and_repeats_are_of_the_time_that_the_rules_name(
    new_app: Callable[..., Flask], engine: Engine, rules: str, window: timedelta
) -> None:
    gazette = make_caller(new_app(POLICY=rules), "gazette")
    gazette.comment("c0", "Buy this!", author={"id": "a1"})
    decided = []
    for ago in (window * 1.01, window * 0.9):
        with writing(engine) as db:
            db.execute(update(comments).values(received_at=datetime.now(UTC) - ago))
        decided.append(gazette.comment("c1", f"{'Buy this!':{10 + len(decided)}}", author={"id": "a1"})["decision"])
    assert decided == ["approve", "hold"]


def test_old_comments_that_are_edited_to_one_text_repeat_it(gazette: Caller, engine: Engine) -> None:
    for n in range(4):
        gazette.comment(f"c{n}", f"Comment number {n}.", author={"id": "a1"})
    gazette.comment("c4", "BUY this!", author={"id": "a1"})
    before = datetime.now(UTC) - timedelta(days=2)
    with writing(engine) as db:
        db.execute(update(comments).values(received_at=before))
        db.execute(update(decisions).values(at=before))
    answers = [gazette.comment(f"c{n}", "Buy this!") for n in range(3)]
    assert [codes(answer) for answer in answers] == [[], [], ["repeat"]]
    assert codes(gazette.comment("c5", "Buy this!", author={"id": "a1"})) == ["repeat"]


def test_an_old_comment_that_is_edited_repeats_what_came_today(gazette: Caller) -> None:
    gazette.comment("old", "The trains were late.", author={"id": "a1"}, created_at="2024-03-01T12:00:00Z")
    for n in range(2):
        gazette.comment(f"c{n}", "Buy this!", author={"id": "a1"})
    assert codes(gazette.comment("old", "Buy this!")) == ["repeat"]


def test_what_others_wrote_is_not_an_authors_history(gazette: Caller, herald: Caller) -> None:
    for n in range(6):
        gazette.comment(f"c{n}", "Well said.", author={"id": f"a{n}"})
        herald.comment(f"c{n}", f"Comment number {n}.", author={"id": "a9"})
    assert codes(gazette.comment("c9", "Well said.", author={"id": "a9"})) == []


def test_a_new_authors_first_comments_are_held(new_app: Callable[..., Flask]) -> None:
    gazette = make_caller(new_app(POLICY="[new_authors]\nhold_until_approved = 1"), "gazette")
    assert codes(gazette.comment("c1", "Well said.", author={"id": "a1"})) == ["new_author"]


def test_an_edit_is_no_repeat_of_its_own_comment(new_app: Callable[..., Flask]) -> None:
    gazette = make_caller(new_app(POLICY="[repeats]\nhold_above = 1"), "gazette")
    said = [gazette.comment("c1", text, author={"id": "a"})["decision"] for text in ("Well said.", "Well  said.")]
    assert said == ["approve", "approve"]


def test_an_author_with_approved_comments_is_not_new(new_app: Callable[..., Flask]) -> None:
    app = new_app()
    make_caller(app, "gazette").comment("c1", "Well said.", author={"id": "a1"})
    strict = make_caller(new_app(POLICY="[new_authors]\nhold_until_approved = 1"), "gazette")
    assert strict.comment("c2", "Well said.", author={"id": "a1"})["decision"] == "approve"


def test_a_section_has_its_own_rules(new_app: Callable[..., Flask]) -> None:
    rules = '[sites.gazette]\nsections = ["sport"]\n[sites.gazette.section.sport.hold]\ntoxicity = 0.5'
    gazette = make_caller(new_app(POLICY=rules), "gazette")
    assert gazette.comment("c1", "How rude.", section="sport")["decision"] == "hold"
    assert gazette.comment("c2", "How rude.", section="politics")["decision"] == "approve"


def test_a_shadow_policy_approves_and_records_what_it_would_have_done(new_app: Callable[..., Flask]) -> None:
    gazette = make_caller(new_app(POLICY="shadow = true\n[hold]\ntoxicity = 0.6"), "gazette")
    answer = gazette.comment("c1", "How rude.")
    assert (answer["decision"], answer["shadow_decision"], codes(answer)) == ("approve", "hold", ["toxicity"])
    assert gazette.get("/v1/comments/c1").get_json()["decisions"][0]["shadow_decision"] == "hold"


def test_a_comment_of_which_no_word_can_be_told_is_decided_all_the_same(gazette: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring.Model, "explain", lambda *_: 1 / 0)
    assert gazette.comment("c1", "How rude.")["decision"] == "hold"


def test_a_comment_that_cannot_be_scored_is_held(gazette: Caller) -> None:
    answer = gazette.comment("c1", "An unscorable thing.")
    assert (answer["decision"], codes(answer), answer["scores"]) == ("hold", ["scoring_failed"], {})


def test_an_edit_need_not_repeat_the_role_of_its_author(new_app: Callable[..., Flask]) -> None:
    staff = make_caller(new_app(POLICY='[reject]\ntoxicity = 0.9\n[exempt]\nroles = ["staff"]'), "gazette")
    staff.comment("c1", "A kind thing.", author={"id": "a1", "role": "STAFF"})
    assert staff.comment("c1", "A vile thing.")["reasons"][0]["code"] == "exempt"


def test_the_language_that_is_told_counts_where_the_text_is_too_short_to_tell(new_app: Callable[..., Flask]) -> None:
    gazette = make_caller(new_app(POLICY='languages = ["en"]'), "gazette")
    texts = ("Ja.", "The council voted on Monday to bring the night trains back to our town.")
    assert [codes(gazette.comment(text, text, language="de")) for text in texts] == [["language"], []]


@pytest.mark.parametrize("code", ["und", "zxx", "mul", "und-Latn"])
def test_a_language_that_is_not_told_is_none(new_app: Callable[..., Flask], code: str) -> None:
    told = make_caller(new_app(POLICY='languages = ["en"]'), "gazette").comment("c1", "Nice trains.", language=code)
    assert (told["decision"], told["comment"]["language"]) == ("approve", None)
