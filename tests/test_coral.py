"""Coral's external moderation phase and its webhooks."""

import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import fake_models
import pytest
from conftest import Caller
from flask import Flask
from room import make_moderator
from sqlalchemy import Connection, Engine, Row, select, update
from sqlalchemy.exc import DatabaseError, OperationalError
from test_cli import run
from test_health import figure
from test_perspective import Client
from test_unusable_database import read_only
from werkzeug.test import TestResponse

from service.domain import ATTRIBUTES, LIKELY_TO_REJECT, Article, Outcome, Reason, Role
from service.intake.coral import FLAGS, REJECTIONS, answer_to
from service.storage import articles as article_storage
from service.storage import comments as storage
from service.storage import history
from service.storage.account_tables import coral_secrets
from service.storage.engine import writing
from service.storage.tables import articles, comments, coral_comments, decisions, suggestions, verdicts

__all__ = ["read_only"]

PHASE, WEBHOOKS = "empsec_1", "whsec_1"
STORY = {"id": "story-1", "url": "https://news.example/trains"}
OTHER_STORY = {"id": "story-2", "url": "https://news.example/b"}


class Coral:
    """A Coral that signs with these secrets."""

    def __init__(self, app: Flask, site: str = "gazette", *secrets: str) -> None:
        self.app, self.site, self.secrets = app, site, secrets

    def send(self, path: str, body: Any, *secrets: str) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = [hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest() for secret in secrets]
        headers = {"X-Coral-Signature": ",".join(f"sha256={one}" for one in signed)} if secrets else {}
        return self.app.test_client().post(f"/v1/coral/{self.site}/{path}", data=raw, headers=headers)

    def moderate(self, text: str, **changed: Any) -> TestResponse:
        return self.send(changed.pop("path", "moderate"), phase(text, **changed), PHASE)

    def tell(self, event: str, **data: Any) -> None:
        body = {"id": "e-1", "type": event, "data": data, "createdAt": "2026-03-01T12:00:00Z", "tenantID": "t", "tenantDomain": "d"}
        assert self.send("events", body, WEBHOOKS).status_code == 204


def phase(text: str, **changed: Any) -> dict[str, Any]:
    return {
        "action": changed.get("action", "NEW"),
        "comment": {"body": text, "parentID": changed.get("parent")},
        "author": {"id": changed.get("author", "a1"), "role": changed.get("role", "COMMENTER")},
        "story": changed.get("story", STORY),
        "site": {"id": "site-1"},
        "tenantID": "tenant-1",
        "tenantDomain": "coral.news.example",
    }


def set_secret(app: Flask, secret: str, *words: str, site: str = "gazette") -> None:
    code, said = run(app, "coral", "secret", "--site", site, "--secret", secret, *words)
    assert code == 0, said


@pytest.fixture
def coral(app: Flask) -> Coral:
    set_secret(app, PHASE)
    set_secret(app, WEBHOOKS, "--for", "webhooks")
    return Coral(app)


def let_pass(engine: Engine, time: timedelta) -> None:
    """Has every comment come so much earlier."""
    with writing(engine) as db:
        db.execute(update(comments).values(received_at=datetime.now(UTC) - time))


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as db:
        return list(db.execute(select(table)))


def test_the_policy_says_nothing_of_a_fine_comment(coral: Coral, engine: Engine) -> None:
    answer = coral.moderate("<div>Well said.</div>")
    assert (answer.status_code, answer.data) == (204, b"")
    assert [(row.site, row.text, row.outcome) for row in rows(engine, comments)] == [("gazette", "Well said.", "approve")]


def test_a_held_comment_is_withheld_with_a_flag(coral: Coral) -> None:
    flag = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}
    assert coral.moderate("<div>How <b>rude</b>.</div>").get_json() == {"status": "SYSTEM_WITHHELD", "actions": [flag]}


def test_a_rejected_comment_is_rejected_with_a_reason(coral: Coral) -> None:
    assert coral.moderate("A vile thing.").get_json() == {
        "status": "REJECTED",
        "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}],
        "moderationAction": {
            "status": "REJECTED",
            "rejectionReason": {"code": "OFFENSIVE", "detailedExplanation": "Toxicity 0.99 is at or above the reject threshold 0.95."},
        },
    }


def test_every_attribute_that_tells_of_harm_has_corals_words() -> None:
    harm = set(ATTRIBUTES) - {"off_topic", LIKELY_TO_REJECT}
    assert FLAGS.keys() == REJECTIONS.keys() - {"banned_word"} == harm


def test_a_comment_that_cannot_be_scored_is_withheld_without_a_flag(coral: Coral) -> None:
    assert coral.moderate("An unscorable thing.").get_json() == {"status": "SYSTEM_WITHHELD"}


@pytest.mark.parametrize(
    ("code", "rejection", "flags"),
    [
        ("spam", "SPAM", ["COMMENT_DETECTED_SPAM"]),
        ("banned_word", "BANNED_WORD", []),
        ("identity_attack", "HATE_SPEECH", ["COMMENT_DETECTED_TOXIC"]),
        ("something_new", "OTHER", []),
    ],
)
def test_every_answer_is_within_corals_taxonomy(code: str, rejection: str, flags: list[str]) -> None:
    from service.domain import Decision

    reason = Reason(code=code, outcome=Outcome.REJECT, message="Because.")
    milder = Reason(code="toxicity", outcome=Outcome.HOLD, message="Perhaps.")
    answer = answer_to(Decision(outcome=Outcome.REJECT, reasons=(reason, milder), scores={}, model_version="", policy_version=""))
    assert answer is not None
    assert answer["moderationAction"]["rejectionReason"]["code"] == rejection
    assert [action["reason"] for action in answer.get("actions", [])] == flags


def test_staff_is_exempt_where_the_policy_says_so(new_app: Callable[..., Flask]) -> None:
    app = new_app(POLICY='[reject]\ntoxicity = 0.9\n[exempt]\nroles = ["staff"]')
    set_secret(app, PHASE)
    assert Coral(app).moderate("A vile thing.", role="STAFF").status_code == 204
    assert Coral(app).moderate("A vile thing.", role="MODERATOR", author="a2").get_json()["status"] == "REJECTED"


def test_the_same_question_gets_the_same_answer_and_is_one_comment(coral: Coral, engine: Engine) -> None:
    assert coral.moderate("How rude.").get_json() == coral.moderate("How rude.").get_json()
    assert len(rows(engine, comments)) == len(rows(engine, decisions)) == 1


def test_other_authors_stories_and_parents_are_other_comments(coral: Coral, engine: Engine) -> None:
    for changed in ({}, {"author": "a2"}, {"story": OTHER_STORY}, {"parent": "c-9"}):
        coral.moderate("Well said.", **changed)
    assert len(rows(engine, comments)) == 4


def test_an_edit_is_a_new_text_of_the_comment_that_it_can_only_be_of(coral: Coral, engine: Engine) -> None:
    coral.moderate("A vile thing.")
    assert coral.moderate("A kind thing.", action="EDIT").status_code == 204
    (row,) = rows(engine, comments)
    assert (row.text, row.revision, row.outcome) == ("A kind thing.", 2, "approve")


def test_an_edit_that_could_be_of_several_comments_is_a_comment_of_its_own(coral: Coral, engine: Engine) -> None:
    for text in ("First thing.", "Second thing."):
        coral.moderate(text)
    coral.moderate("A vile thing.", action="EDIT")
    assert [(row.text, row.revision) for row in rows(engine, comments)] == [("First thing.", 1), ("Second thing.", 1), ("A vile thing.", 1)]


def test_an_edit_is_of_no_comment_that_is_too_old_to_be_edited(coral: Coral, engine: Engine) -> None:
    coral.moderate("A vile thing.")
    let_pass(engine, timedelta(days=1))
    coral.moderate("A kind thing.", action="EDIT")
    assert [(row.text, row.revision) for row in rows(engine, comments)] == [("A vile thing.", 1), ("A kind thing.", 1)]


@pytest.mark.parametrize("elsewhere", [{"author": "a2"}, {"story": OTHER_STORY}, {"parent": "c-9"}])
def test_an_edit_is_of_no_comment_of_anybody_or_anywhere_else(coral: Coral, engine: Engine, elsewhere: dict[str, Any]) -> None:
    coral.moderate("A vile thing.")
    coral.moderate("A kind thing.", action="EDIT", **elsewhere)
    assert [(row.text, row.revision) for row in rows(engine, comments)] == [("A vile thing.", 1), ("A kind thing.", 1)]


def test_an_article_of_another_site_is_none_of_a_storys(coral: Coral, herald: Caller, engine: Engine) -> None:
    herald.put("/v1/articles/night-trains", {"url": STORY["url"]})
    coral.moderate("Well said.")
    assert [(row.site, row.id) for row in rows(engine, articles)] == [("herald", "night-trains"), ("gazette", "story-1")]


def test_an_article_is_found_by_the_storys_address(coral: Coral, gazette: Caller, engine: Engine) -> None:
    coral.tell("STORY_CREATED", storyID=STORY["id"], storyURL=STORY["url"])
    gazette.put("/v1/articles/night-trains", {"url": STORY["url"], "title": "Night trains", "text": "The council voted."})
    assert coral.moderate("I live elsewhere.").get_json() == {"status": "SYSTEM_WITHHELD"}
    assert fake_models.asked[-1].article.text == "The council voted."
    assert {row.id for row in rows(engine, articles)} == {"story-1", "night-trains"}


def test_an_article_is_found_by_the_storys_id(coral: Coral, gazette: Caller) -> None:
    gazette.put("/v1/articles/story-1", {"text": "The council voted."})
    coral.moderate("Well said.")
    assert fake_models.asked[-1].article.text == "The council voted."
    assert gazette.get("/v1/articles/story-1").get_json()["url"] is None


def test_a_story_that_is_told_is_an_article_and_changes_none(coral: Coral, gazette: Caller, engine: Engine) -> None:
    gazette.put("/v1/articles/story-2", {"text": "The council voted."})
    for number in ("1", "2"):
        coral.tell("STORY_CREATED", storyID=f"story-{number}", storyURL=f"https://news.example/{number}", siteID="s")
    told = {row.id: (row.url, row.text) for row in rows(engine, articles)}
    assert told == {"story-1": ("https://news.example/1", ""), "story-2": (None, "The council voted.")}


def test_what_the_cms_tells_of_an_article_while_coral_tells_of_its_story_stays(
    coral: Coral, gazette: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_story = article_storage.find_story

    def told_meanwhile(db: Connection, site: str, id: str, url: str | None) -> Any:
        found = find_story(db, site, id, url)
        article_storage.put(db, site, Article(id=id, url=url, title="Night trains", text="The council voted."))
        return found

    monkeypatch.setattr(article_storage, "find_story", told_meanwhile)
    coral.tell("STORY_CREATED", storyID=STORY["id"], storyURL=STORY["url"])
    found = gazette.get("/v1/articles/story-1").get_json()
    assert (found["url"], found["title"], found["text"]) == (STORY["url"], "Night trains", "The council voted.")


def test_a_reply_is_read_with_its_parent(coral: Coral) -> None:
    coral.moderate("They were late.")
    coral.tell("COMMENT_CREATED", storyID="story-1", commentID="c-1", siteID="s")
    coral.moderate("Not mine.", parent="c-1", author="a2")
    assert fake_models.asked[-1].parent.text == "They were late."


def test_a_parent_is_a_comment_of_the_same_site(coral: Coral, gazette: Caller, herald: Caller, engine: Engine) -> None:
    for cms, id in ((gazette, "c-8"), (herald, "c-9")):
        cms.comment(id, "What was said first.")
        coral.moderate("Well said.", parent=id)
    assert [row.parent_text for row in rows(engine, comments) if row.parent_id] == ["What was said first.", ""]


def test_corals_id_is_bound_to_the_one_comment_that_it_can_be_of(coral: Coral, engine: Engine) -> None:
    coral.moderate("First thing.")
    coral.tell("COMMENT_ENTERED_MODERATION_QUEUE", storyID="story-1", commentID="c-1", queue="PENDING")
    coral.moderate("Second thing.")
    coral.moderate("Third thing.")
    coral.tell("COMMENT_CREATED", storyID="story-1", commentID="c-2")
    assert [row.id for row in rows(engine, coral_comments)] == ["c-1"]


def test_corals_id_is_bound_on_its_own_story_to_what_has_no_id_yet(coral: Coral, engine: Engine) -> None:
    coral.moderate("On another story.", story=OTHER_STORY)
    for number, event in ((1, "COMMENT_CREATED"), (2, "COMMENT_REPLY_CREATED")):
        coral.moderate(f"Thing {number}.")
        coral.tell(event, storyID="story-1", commentID=f"c-{number}")
    text = {row.pk: row.text for row in rows(engine, comments)}
    assert {row.id: text[row.comment] for row in rows(engine, coral_comments)} == {"c-1": "Thing 1.", "c-2": "Thing 2."}


@pytest.mark.parametrize(
    ("event", "queue"),
    [("COMMENT_LEFT_MODERATION_QUEUE", "PENDING"), ("COMMENT_FEATURED", None), ("COMMENT_ENTERED_MODERATION_QUEUE", "REPORTED")],
)
def test_what_happens_to_an_older_comment_names_no_new_one(coral: Coral, engine: Engine, event: str, queue: str | None) -> None:
    coral.moderate("A new thing.")
    coral.tell(event, storyID="story-1", commentID="c-old", queue=queue)
    assert rows(engine, coral_comments) == []
    coral.tell("COMMENT_CREATED", storyID="story-1", commentID="c-new")
    assert [row.id for row in rows(engine, coral_comments)] == ["c-new"]


def test_corals_id_is_bound_to_no_comment_that_came_long_before(coral: Coral, engine: Engine) -> None:
    coral.moderate("A thing.")
    let_pass(engine, timedelta(minutes=5))
    coral.tell("COMMENT_CREATED", storyID="story-1", commentID="c-1")
    assert rows(engine, coral_comments) == []


def feedback(text: str, value: int, **changed: Any) -> dict[str, Any]:
    context = {"url": STORY["url"], "reply_to_id_Coral_comment_id": None, "Coral_comment_id": "c-1"}
    return {
        "comment": {"text": text},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": value}}},
        "context": {"entries": [{"text": json.dumps(context)}]},
        "clientToken": "comment:c-1",
        "communityId": "Coral:https://coral.news.example",
        "languages": ["en"],
        **changed,
    }


@pytest.mark.parametrize("changed", [{}, {"context": {}}, *({"context": {"entries": [{"text": text}]}} for text in ("[]", "[" * 100_000))])
def test_a_moderators_feedback_reaches_the_stored_comment(coral: Coral, gazette: Caller, engine: Engine, changed: dict[str, Any]) -> None:
    coral.moderate("<div>How rude.</div>")
    assert Client(gazette).post("suggestscore", feedback("How rude. ", 0, **changed)).status_code == 200
    (comment,) = rows(engine, comments)
    assert [row.comment for row in rows(engine, suggestions)] == [comment.pk]
    assert comment.outcome == "approve"
    assert [(row.outcome, row.moderator) for row in rows(engine, verdicts)] == [("approve", "Coral")]
    Client(gazette).post("suggestscore", feedback("How rude, as edited.", 1, **changed))
    assert [(row.action, row.outcome) for row in rows(engine, verdicts)] == [("verdict", "approve"), ("correction", "reject")]


def test_a_moderators_feedback_reaches_a_comment_of_signs_that_html_escapes(coral: Coral, gazette: Caller, engine: Engine) -> None:
    coral.moderate("<div>How <b>rude</b> of Tom &amp; Jerry:&nbsp;1 &lt; 2.</div>")
    coral.moderate("How rude of Ada &amp; Ben.", path="moderate?format=plain")
    for id, text in (("c-1", "How rude of Tom &amp; Jerry:&nbsp;1 &lt; 2."), ("c-2", "How rude of Ada &amp; Ben.")):
        Client(gazette).post("suggestscore", feedback(text, 0, context={}, clientToken=f"comment:{id}"))
    assert [row.outcome for row in rows(engine, comments)] == ["approve", "approve"]


def test_feedback_that_says_what_stands_is_no_verdict(coral: Coral, gazette: Caller, engine: Engine) -> None:
    coral.moderate("A vile thing.")
    Client(gazette).post("suggestscore", feedback("A vile thing.", 1))
    assert len(rows(engine, suggestions)) == 1
    assert rows(engine, verdicts) == []


def test_what_corals_moderators_said_is_corrected_and_not_undone_as_coral_knows_it(
    app: Flask, coral: Coral, gazette: Caller, engine: Engine
) -> None:
    coral.moderate("How rude.")
    Client(gazette).post("suggestscore", feedback("How rude.", 0))
    (given,) = rows(engine, verdicts)
    answer = make_moderator(app, "Alice", "gazette", role=Role.ADMIN).send("/review/undo", verdict=given.pk, script=True)
    assert answer.status_code == 409
    assert "The CMS was told" in answer.get_json()["message"]


def test_feedback_on_one_comment_twice_at_the_same_moment_is_kept_twice(
    coral: Coral, gazette: Caller, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    coral.moderate("How rude.")
    Client(gazette).post("suggestscore", feedback("How rude.", 0))
    both, lock = Barrier(2 if engine.dialect.name == "postgresql" else 1), history.lock  # SQLite lets one write at a time

    def lock_together(db: Connection, comment: int) -> Row[Any] | None:
        both.wait(60)
        return lock(db, comment)

    monkeypatch.setattr(history, "lock", lock_together)
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda value: Client(gazette).post("suggestscore", feedback("How rude.", value)), (0, 1)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(rows(engine, suggestions)) == 3


def test_feedback_of_another_site_reaches_no_comment(coral: Coral, herald: Caller, engine: Engine) -> None:
    coral.moderate("How rude.")
    Client(herald).post("suggestscore", feedback("How rude.", 1))
    assert [row.comment for row in rows(engine, suggestions)] == [None]


def test_a_request_without_a_fitting_signature_is_refused(coral: Coral, engine: Engine) -> None:
    body = phase("Well said.")
    assert coral.send("moderate", body).status_code == 401
    assert coral.send("moderate", body, "another").status_code == 401
    assert coral.send("moderate", body, WEBHOOKS).status_code == 401
    assert Coral(coral.app, "herald").send("moderate", body, PHASE).status_code == 401
    assert rows(engine, comments) == []


def test_one_fitting_signature_of_two_is_enough(coral: Coral) -> None:
    assert coral.send("moderate", phase("Well said."), "rotated", PHASE).status_code == 204


def test_of_rotated_secrets_the_newest_two_are_valid(coral: Coral) -> None:
    set_secret(coral.app, "empsec_2")
    assert [coral.send("moderate", phase("Well said."), secret).status_code for secret in (PHASE, "empsec_2")] == [204, 204]
    set_secret(coral.app, "empsec_3")
    found = [coral.send("moderate", phase("Well said."), secret).status_code for secret in (PHASE, "empsec_2", "empsec_3")]
    assert found == [401, 204, 204]
    set_secret(coral.app, "empsec_4", "--only")
    assert [coral.send("moderate", phase("Well said."), f"empsec_{n}").status_code for n in (3, 4)] == [401, 204]
    coral.tell("STORY_CREATED", storyID="story-1")


def test_another_sites_secrets_end_none_of_ones_own(coral: Coral) -> None:
    for secret, *words in (("herald_1",), ("herald_2", "--only")):
        set_secret(coral.app, secret, *words, site="herald")
    set_secret(coral.app, "empsec_2")
    assert coral.moderate("Well said.").status_code == 204


def test_secrets_are_stored_encrypted_and_of_no_use_without_the_key(coral: Coral, engine: Engine, new_app: Callable[..., Flask]) -> None:
    assert not {PHASE, WEBHOOKS} & {row.sealed for row in rows(engine, coral_secrets)}
    assert Coral(new_app(SECRET_KEY="t" * 32)).moderate("Well said.").status_code == 401


def test_without_the_key_a_stranger_does_not_learn_which_sites_have_secrets(coral: Coral, new_app: Callable[..., Flask]) -> None:
    stranger = Caller(new_app(SECRET_KEY=""))
    told = [stranger.post(f"/v1/coral/{site}/moderate", {}) for site in (coral.site, "another")]
    assert [answer.get_json() for answer in told] == [{"status": "SYSTEM_WITHHELD"}] * 2


def test_the_command_tells_the_address(app: Flask) -> None:
    code, said = run(app, "coral", "secret", "--site", "a site", "--secret", "x")
    assert (code, said.strip().endswith("/v1/coral/a%20site/moderate")) == (0, True)
    assert run(app, "coral", "secret", "--site", "gazette", "--secret", " ")[0] == 1


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"action": "NEW"}', b"[" * 100_000, json.dumps(phase("a") | {"action": "DROP"}).encode()])
def test_what_is_no_request_is_a_clear_error(coral: Coral, body: bytes) -> None:
    assert coral.send("moderate", body, PHASE).status_code in (400, 422)


def test_a_comment_that_cannot_be_read_is_counted(coral: Coral) -> None:
    cms = Caller(coral.app)
    before = figure(cms, "moderation_comments_refused_total", site="gazette")
    coral.send("moderate", phase("Well said.") | {"author": None}, PHASE)
    assert figure(cms, "moderation_comments_refused_total", site="gazette") == before + 1


def test_a_body_over_a_megabyte_does_not_let_a_comment_through(coral: Coral) -> None:
    assert coral.moderate("A vile thing. " + "&amp;" * 200_000).get_json() == {"status": "SYSTEM_WITHHELD"}
    assert coral.send("moderate", phase("a" * 1_000_000), "another").status_code == 401


def test_half_an_emoji_or_a_nul_does_not_let_a_comment_through(coral: Coral, engine: Engine) -> None:
    assert coral.moderate("How rude. \ud83d \x00").get_json()["status"] == "SYSTEM_WITHHELD"
    assert rows(engine, comments)[0].text == "How rude. \ufffd \ufffd"


@pytest.mark.parametrize(
    "changed", [{"story": STORY | {"url": "https://news.example/?" + "a" * 2_000}}, {"story": STORY | {"url": ""}}, {"role": "A" * 201}]
)
def test_what_cannot_be_kept_beside_a_comment_does_not_let_it_through(coral: Coral, changed: dict[str, Any]) -> None:
    assert coral.moderate("How rude.", **changed).get_json()["status"] == "SYSTEM_WITHHELD"


def test_ids_that_are_too_long_to_be_kept_do_not_let_a_comment_through(coral: Coral, engine: Engine) -> None:
    story = {"id": "https://news.example/" + "a" * 200, "url": STORY["url"]}
    coral.tell("STORY_CREATED", storyID=story["id"], storyURL=story["url"])
    for author in ("b" * 200, "b" * 201, "b" * 202):
        assert coral.moderate("How rude.", story=story, author=author).get_json()["status"] == "SYSTEM_WITHHELD"
    assert len(rows(engine, articles)) == 1
    assert len({row.author_id for row in rows(engine, comments)}) == 3


def test_a_database_that_takes_nothing_does_not_let_a_comment_through(
    coral: Coral, stranger: Caller, read_only: Callable[[], None]
) -> None:
    def failed() -> float:
        return figure(stranger, "moderation_requests_total", route="/v1/coral/<path:site>/moderate", status="503")

    before = failed()
    read_only()
    assert coral.moderate("Well said.").get_json() == {"status": "SYSTEM_WITHHELD"}
    assert failed() == before + 1  # which an alert looks at


def test_a_database_that_does_not_answer_does_not_let_a_comment_through(
    coral: Coral, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(engine, "connect", gone)
    monkeypatch.setattr(engine, "begin", gone)
    assert coral.moderate("Well said.").get_json() == {"status": "SYSTEM_WITHHELD"}
    assert coral.send("events", {"type": "STORY_CREATED", "data": {}}, WEBHOOKS).status_code == 503


def test_a_fault_of_the_service_does_not_let_a_comment_through(coral: Coral, stranger: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise DatabaseError("INSERT", {}, Exception("database disk image is malformed"))

    def failed() -> float:
        return figure(stranger, "moderation_requests_total", route="/v1/coral/<path:site>/moderate", status="500")

    before = failed()
    monkeypatch.setattr(storage, "keep", broken)
    assert coral.moderate("Well said.").get_json() == {"status": "SYSTEM_WITHHELD"}
    assert failed() == before + 1  # which an alert looks at


def test_a_comment_that_is_too_long_is_withheld(coral: Coral) -> None:
    assert coral.moderate("a " * 10_001).get_json() == {"status": "SYSTEM_WITHHELD"}


def test_a_comment_as_long_as_one_may_be_is_judged(coral: Coral, engine: Engine) -> None:
    coral.moderate("a" * 20_000)
    assert len(rows(engine, comments)) == 1


@pytest.mark.parametrize(("body", "path"), [("<div><br></div>", "moderate"), (" \n", "moderate?format=plain")])
def test_a_comment_without_a_text_is_left_to_coral(coral: Coral, engine: Engine, body: str, path: str) -> None:
    assert coral.moderate(body, path=path).status_code == 204
    assert rows(engine, comments) == []


def test_plain_text_is_taken_as_it_is(coral: Coral, engine: Engine) -> None:
    coral.moderate("Is 1 <b> 2?\nYes.", path="moderate?format=plain")
    assert rows(engine, comments)[0].text == "Is 1 <b> 2?\nYes."


def test_a_link_that_coral_made_of_an_address_without_a_scheme_is_one(new_app: Callable[..., Flask]) -> None:
    coral = Coral(new_app(POLICY="[links]\nhold_above = 1"))
    set_secret(coral.app, PHASE)
    assert coral.moderate('See <a href="http://news.org">news.org</a>.').status_code == 204
    assert coral.moderate("See <a href='http://news.org'>news.org</a>, <a href='http://one.org'>one.org</a>.").status_code == 200


def test_corals_plain_text_is_html_without_the_tags(coral: Coral, engine: Engine) -> None:
    coral.moderate("Tom &amp; Jerry: 1 &lt; 2, &#" + "9" * 5_000 + ";", path="moderate?format=plain")
    assert rows(engine, comments)[0].text == "Tom & Jerry: 1 < 2, \ufffd"


def test_an_authors_first_words_again_are_a_comment_of_their_own_once_those_were_edited(coral: Coral, engine: Engine) -> None:
    coral.moderate("A kind thing.")
    coral.moderate("A vile thing.", action="EDIT")
    for _ in range(2):
        coral.moderate("A kind thing.")
    assert [(row.text, row.revision) for row in rows(engine, comments)] == [("A vile thing.", 2), ("A kind thing.", 1)]


@pytest.mark.parametrize("before", ["<![x]> ", "<![CDATA[ > ", "<!--> ", "<!-- --!> "])
def test_what_a_browser_shows_after_broken_markup_is_judged(coral: Coral, before: str) -> None:
    assert coral.moderate(f"{before}A rude remark.").get_json()["status"] == "SYSTEM_WITHHELD"


def test_a_site_that_cannot_be_kept_has_no_secret(coral: Coral) -> None:
    assert Coral(coral.app, "a%00b").send("moderate", phase("Well said."), PHASE).status_code == 401
