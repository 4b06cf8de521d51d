"""Webhooks of systems that sources.toml describes; the shipped ones with payloads of their documented form."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fake_models
import pytest
from conftest import Caller, make_caller
from flask import Flask
from sqlalchemy import Engine, select
from standardwebhooks import Webhook
from test_health import figure
from werkzeug.test import TestResponse

from service.storage.tables import articles, comments

SHIPPED = (Path(__file__).parent.parent / "sources.toml").read_text(encoding="utf-8")

DISCOURSE = {
    "post": {
        "id": 42,
        "name": "Ada",
        "username": "ada",
        "avatar_template": "/user_avatar/forum.example/ada/{size}/1_2.png",
        "created_at": "2026-03-01T12:00:00.000Z",
        "cooked": "<p>How <em>rude</em>.</p>",
        "post_number": 2,
        "post_type": 1,
        "updated_at": "2026-03-01T12:00:00.000Z",
        "reply_count": 0,
        "reply_to_post_number": None,
        "topic_id": 7,
        "topic_slug": "night-trains",
        "topic_title": "Night trains",
        "category_id": 3,
        "category_slug": "news",
        "user_id": 5,
        "staff": False,
        "raw": "How *rude*.",
        "topic_archetype": "regular",
    }
}
GHOST = {
    "post": {
        "current": {
            "id": "65f0c1",
            "uuid": "0f3c",
            "title": "Night trains return",
            "slug": "night-trains",
            "html": "<p>The council <strong>voted</strong>.</p><p>All agreed.</p>",
            "status": "published",
            "url": "https://magazine.example/night-trains/",
        },
        "previous": {"status": "draft"},
    }
}
DRUPAL = {
    "cid": [{"value": 12}],
    "uuid": [{"value": "b9a0"}],
    "langcode": [{"value": "en"}],
    "comment_type": [{"target_id": "comment", "target_type": "comment_type"}],
    "status": [{"value": True}],
    "uid": [{"target_id": 5, "target_type": "user", "url": "/user/5"}],
    "pid": [],
    "entity_id": [{"target_id": 7, "target_type": "node", "url": "/node/7"}],
    "subject": [{"value": "Trains"}],
    "name": [{"value": "Ada"}],
    "created": [{"value": "2026-03-01T12:00:00+00:00", "format": "Y-m-d\\TH:i:sP"}],
    "entity_type": [{"value": "node"}],
    "field_name": [{"value": "comment"}],
    "comment_body": [{"value": "<p>A vile thing.</p>", "format": "basic_html", "processed": "<p>A vile thing.</p>"}],
}


@pytest.fixture
def with_sources(new_app: Callable[..., Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Flask]:
    """An app with these sources."""
    monkeypatch.setenv("DISCOURSE_SECRET", "d-secret")
    monkeypatch.setenv("GHOST_SECRET", "g-secret")
    monkeypatch.setenv("CMS_SECRET", "c-secret")

    def make(text: str) -> Flask:
        file = tmp_path / "sources.toml"
        file.write_text(text)
        return new_app(SOURCES_FILE=str(file))

    return make


@pytest.fixture
def shipped(with_sources: Callable[[str], Flask]) -> Flask:
    return with_sources(SHIPPED.replace("enabled = false", "enabled = true"))


def sign(secret: str, signed: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), signed, algorithm).digest()


def send(app: Flask, name: str, body: Any, **headers: str) -> TestResponse:
    raw = json.dumps(body).encode()
    return app.test_client().post(f"/v1/webhooks/{name}", data=raw, headers=headers, content_type="application/json")


def discourse(app: Flask, body: Any, event: str = "post_created", secret: str = "d-secret") -> TestResponse:
    signature = f"sha256={sign(secret, json.dumps(body).encode()).hex()}"
    return send(app, "discourse", body, **{"X-Discourse-Event": event, "X-Discourse-Event-Signature": signature})


def stored(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as db:
        return list(db.execute(select(table)))


def test_discourses_post_is_a_comment(shipped: Flask, engine: Engine) -> None:
    answer = discourse(shipped, DISCOURSE)
    assert (answer.status_code, answer.get_json()) == (202, {"accepted": "42"})
    (row,) = stored(engine, comments)
    assert (row.site, row.id, row.text, row.outcome) == ("forum", "42", "How rude.", "hold")
    assert (row.author_id, row.author_name, row.section) == ("5", "ada", "news")
    assert row.created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert [(article.id, article.title) for article in stored(engine, articles)] == [("7", "Night trains")]


def test_discourses_edited_post_is_an_edit(shipped: Flask, engine: Engine) -> None:
    discourse(shipped, DISCOURSE)
    discourse(shipped, {"post": DISCOURSE["post"] | {"cooked": "<p>How kind.</p>"}}, "post_edited")
    assert [(row.text, row.revision) for row in stored(engine, comments)] == [("How kind.", 2)]


@pytest.mark.parametrize("event", ["post_destroyed", "ping", ""])
def test_discourses_other_events_are_nothing(shipped: Flask, engine: Engine, event: str) -> None:
    assert discourse(shipped, {"ping": "OK"}, event).status_code == 204
    assert stored(engine, comments) == []


def ghost(app: Flask, body: Any, at: str | None = None, shown: str | None = None) -> TestResponse:
    """Signed at a time in milliseconds, now where none is given."""
    at = f"{time.time() * 1000:.0f}" if at is None else at
    signature = sign("g-secret", json.dumps(body).encode() + at.encode()).hex()
    return send(app, "ghost", body, **{"X-Ghost-Signature": f"sha256={signature}, t={shown or at}"})


def test_ghosts_post_is_an_article(shipped: Flask, engine: Engine) -> None:
    assert ghost(shipped, GHOST).status_code == 202
    (row,) = stored(engine, articles)
    assert (row.site, row.id, row.url) == ("magazine", "65f0c1", "https://magazine.example/night-trains/")
    assert (row.title, row.text) == ("Night trains return", "The council voted.\nAll agreed.")


def test_another_time_than_the_signed_one_is_refused(shipped: Flask) -> None:
    now = int(time.time() * 1000)
    assert ghost(shipped, GHOST, at=f"{now}", shown=f"{now + 1}").status_code == 401


@pytest.mark.parametrize("off", [-301_000, 360_000])  # by the time it is looked at, what was ahead is less so
def test_a_signature_of_another_time_is_refused(shipped: Flask, engine: Engine, off: int) -> None:
    assert ghost(shipped, GHOST, at=f"{time.time() * 1000 + off:.0f}").status_code == 401
    assert stored(engine, articles) == []


@pytest.mark.parametrize("at", ["", "soon", "1", "9" * 5_000, "2026-03-01T12:00:00Z"])
def test_a_signed_time_that_is_none_is_refused(shipped: Flask, at: str) -> None:
    assert ghost(shipped, GHOST, at=at).status_code == 401


def test_seconds_are_a_time_too(with_sources: Callable[[str], Flask]) -> None:
    app = with_sources(OWN.replace("timestamp_header", "tolerance = 60\ntimestamp_header"))
    assert own(app, at=f"{time.time():.0f}").status_code == 200
    assert own(app, at="77").status_code == 401


STANDARD = """
[sources.standard]
site = "gazette"
[sources.standard.signature]
scheme = "standard-webhooks"
secret = "STANDARD_SECRET"
[sources.standard.fields]
id = "/id"
text = "/text"
"""
STANDARD_SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two characters").decode()


def standard(app: Flask, secret: str, at: datetime) -> TestResponse:
    body = {"id": "c1", "text": "How rude."}
    signature = Webhook(secret).sign("m1", at, json.dumps(body))
    return send(app, "standard", body, **{"webhook-id": "m1", "webhook-timestamp": f"{at.timestamp():.0f}", "webhook-signature": signature})


def test_a_signature_of_standard_webhooks_is_one_word(with_sources: Callable[[str], Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDARD_SECRET", STANDARD_SECRET)
    app, now = with_sources(STANDARD), datetime.now(UTC).replace(microsecond=0)
    assert standard(app, STANDARD_SECRET, now).get_json()["decision"] == "hold"
    assert standard(app, "whsec_" + "A" * 40, now).status_code == 401
    assert standard(app, STANDARD_SECRET, now - timedelta(hours=1)).status_code == 401
    unreadable = {"webhook-id": "m1", "webhook-timestamp": f"{now.timestamp():.0f}", "webhook-signature": "v1"}
    assert send(app, "standard", {}, **unreadable).status_code == 401
    assert send(app, "standard", {}).status_code == 401


@pytest.mark.parametrize("written", ["soon", 7, "2026-03-01T12:00:00"])
def test_a_time_that_cannot_be_read_is_left_out(shipped: Flask, engine: Engine, written: Any) -> None:
    assert discourse(shipped, {"post": DISCOURSE["post"] | {"created_at": written}}).status_code == 202
    assert [row.created_at for row in stored(engine, comments)] == [None]


def test_drupals_comment_gets_the_decision(shipped: Flask) -> None:
    told = make_caller(shipped, "news").post("/v1/webhooks/drupal", DRUPAL).get_json()
    assert (told["decision"], told["comment"]["id"], told["comment"]["site"]) == ("reject", "12", "news")
    assert (told["comment"]["article_id"], told["comment"]["text"]) == ("7", "A vile thing.")


def test_a_source_without_a_signature_needs_its_sites_key(shipped: Flask, engine: Engine) -> None:
    assert send(shipped, "drupal", DRUPAL).status_code == 401
    assert make_caller(shipped, "forum").post("/v1/webhooks/drupal", DRUPAL).status_code == 401
    assert stored(engine, comments) == []


def test_a_key_is_no_signature(shipped: Flask, engine: Engine) -> None:
    assert make_caller(shipped, "forum").post("/v1/webhooks/discourse", DISCOURSE).status_code == 401
    assert stored(engine, comments) == []


@pytest.mark.parametrize(
    "header", [{}, {"X-Discourse-Event-Signature": "sha256="}, {"X-Discourse-Event-Signature": "é"}, {"Authorization": "Bearer x"}]
)
def test_a_signature_that_does_not_fit_is_refused(shipped: Flask, engine: Engine, header: dict[str, str]) -> None:
    refused = send(shipped, "discourse", DISCOURSE, **header)
    assert (refused.status_code, "lacks what it asks for: a signature with its secret" in refused.get_json()["detail"]) == (401, True)
    assert discourse(shipped, DISCOURSE, secret="another").status_code == 401
    assert stored(engine, comments) == []


def test_a_source_that_is_not_enabled_is_not_there(with_sources: Callable[[str], Flask]) -> None:
    assert discourse(with_sources(SHIPPED), DISCOURSE).status_code == 401


OWN = """
[sources.cms]
site = "gazette"
format = "plain"
[sources.cms.events]
pointer = "/event"
values = ["comment"]
[sources.cms.signature]
header = "X-Sign"
algorithm = "sha512"
encoding = "base64"
signed = "v1:{timestamp}:{body}"
timestamp_header = "X-Time"
secret = "CMS_SECRET"
[sources.cms.fields]
id = "/a~1b/~0"
text = "/list/1/body"
article_id = "/article"
article_text = "/story"
parent_id = "/parent"
parent_text = "/said"
author_id = "/who"
author_role = "/role"
"""


def own(app: Flask, at: str = "77", prefix: str = "", **changed: Any) -> TestResponse:
    body = {"event": "comment", "a/b": {"~": 9}, "list": [{}, {"body": "Is 1 <b> 2, elsewhere?"}], "article": "t", "story": "The council."}
    raw = json.dumps(body | changed).encode()
    signature = base64.b64encode(sign("c-secret", f"v1:{at}:".encode() + raw, "sha512")).decode()
    return app.test_client().post("/v1/webhooks/cms", data=raw, headers={"X-Sign": prefix + signature, "X-Time": at})


def test_another_system_is_a_matter_of_description(with_sources: Callable[[str], Flask]) -> None:
    told = own(with_sources(OWN), parent="p", said="They were late.", who=3).get_json()
    assert (told["decision"], told["comment"]["id"], told["comment"]["text"]) == ("hold", "9", "Is 1 <b> 2, elsewhere?")
    asked = fake_models.asked[-1]
    assert (asked.article.text, asked.parent.text) == ("The council.", "They were late.")


def test_a_prefix_with_a_comma_is_a_prefix(with_sources: Callable[[str], Flask]) -> None:
    app = with_sources(OWN.replace("[sources.cms.signature]", '[sources.cms.signature]\nprefix = "v1,"'))
    assert own(app, prefix="v1,").status_code == 200
    assert own(app, prefix="v2,").status_code == 401


def test_an_events_other_value_is_nothing(with_sources: Callable[[str], Flask]) -> None:
    assert own(with_sources(OWN), event="vote").status_code == 204


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"a/b": None}, "id", "a text or a whole number at /a~1b/~0"),
        ({"list": [1, 2]}, "text", "a text or a whole number at /list/1/body"),
        ({"list": [0, {"body": {"html": "x"}}]}, "text", "a text or a whole number at /list/1/body"),
        ({"article": True}, "article_id", "a text or a whole number at /article"),
        ({"a/b": {"~": "a" * 201}}, "id", "at most 200 characters"),
    ],
)
def test_a_body_that_lacks_something_is_a_clear_error(
    with_sources: Callable[[str], Flask], engine: Engine, changed: dict[str, Any], field: str, expected: str
) -> None:
    answer = own(with_sources(OWN), **changed)
    assert answer.status_code == 422
    assert {"field": field, "expected": expected} in answer.get_json()["errors"]
    assert stored(engine, comments) == []


def test_a_comment_that_is_not_taken_is_counted(with_sources: Callable[[str], Flask]) -> None:
    app = with_sources(OWN)
    before = figure(Caller(app), "moderation_comments_refused_total", site="gazette")
    own(app, **{"a/b": None})
    assert figure(Caller(app), "moderation_comments_refused_total", site="gazette") == before + 1


def test_the_first_comment_that_is_not_taken_is_a_rise(with_sources: Callable[[str], Flask]) -> None:
    app = with_sources(OWN.replace("gazette", "unkeyed"))
    assert 'moderation_comments_refused_total{site="unkeyed"} 0.0' in Caller(app).get("/metrics").text


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'"a"', b"[]", b"\xff"])
def test_what_is_no_json_object_is_a_clear_error(with_sources: Callable[[str], Flask], body: bytes) -> None:
    app = with_sources(OWN.replace('[sources.cms.events]\npointer = "/event"\nvalues = ["comment"]\n', ""))
    signature = base64.b64encode(sign("c-secret", b"v1::" + body, "sha512")).decode()
    assert app.test_client().post("/v1/webhooks/cms", data=body, headers={"X-Sign": signature}).status_code in (400, 422)


def test_a_post_that_is_too_long_is_cut_and_held(shipped: Flask, engine: Engine) -> None:
    changed = {"cooked": "<p>" + "So it is. " * 3_000, "topic_title": "trains " * 200, "username": "ada" * 100}
    assert discourse(shipped, {"post": DISCOURSE["post"] | changed}).status_code == 202
    (row,) = stored(engine, comments)
    assert (len(row.text), row.outcome, len(row.author_name)) == (20_000, "hold", 200)


def test_a_language_that_is_none_does_not_lose_a_comment(shipped: Flask, engine: Engine) -> None:
    key = make_caller(shipped, "news").key
    send(shipped, "drupal", DRUPAL | {"langcode": [{"value": "not-specified-at-all"}]}, Authorization=f"Bearer {key}")
    assert [(row.id, row.language) for row in stored(engine, comments)] == [("12", None)]


@pytest.mark.parametrize("body", [{}, {"post": {"current": {"title": "Night trains return"}}}])
def test_an_article_without_an_id_is_a_clear_error(shipped: Flask, body: Any) -> None:
    answer = ghost(shipped, body)
    expected = {"field": "article_id", "expected": "a text or a whole number at /post/current/id"}
    assert (answer.status_code, answer.get_json()["errors"]) == (422, [expected])


def test_a_guest_without_an_id_does_not_lose_a_comment(with_sources: Callable[[str], Flask]) -> None:
    told = own(with_sources(OWN), role="guest", article=None).get_json()
    assert (told["decision"], told["comment"]["article_id"]) == ("approve", None)


@pytest.mark.parametrize("name", ["a" * 2_001, "é" * 1_001, " "])
def test_a_name_beside_a_comment_that_cannot_be_kept_is_left_out(with_sources: Callable[[str], Flask], engine: Engine, name: str) -> None:
    assert own(with_sources(OWN), who=name, article=name, parent=name, said="They were late.").status_code == 200
    assert [(row.author_id, row.article, row.parent_id) for row in stored(engine, comments)] == [(None, None, None)]
    assert fake_models.asked[-1].parent.text == "They were late."


def test_an_address_that_cannot_be_kept_is_left_out_of_its_article(shipped: Flask, engine: Engine) -> None:
    key = make_caller(shipped, "news").key
    entity = [{"target_id": 7, "url": "/node/" + "7" * 2_000}]
    send(shipped, "drupal", DRUPAL | {"entity_id": entity}, Authorization=f"Bearer {key}")
    assert [(row.id, row.url) for row in stored(engine, articles)] == [("7", None)]


def test_drupals_guests_are_not_one_author(shipped: Flask, engine: Engine) -> None:
    key = make_caller(shipped, "news").key
    send(shipped, "drupal", DRUPAL | {"uid": [{"target_id": 0, "target_type": "user"}]}, Authorization=f"Bearer {key}")
    assert [(row.id, row.author_id) for row in stored(engine, comments)] == [("12", None)]


def test_half_an_emoji_does_not_lose_a_comment(with_sources: Callable[[str], Flask]) -> None:
    told = own(with_sources(OWN), list=[0, {"body": "How rude \ud83d"}]).get_json()
    assert (told["decision"], told["comment"]["text"]) == ("hold", "How rude \ufffd")


def test_a_published_article_is_not_lost_for_its_address(shipped: Flask, engine: Engine) -> None:
    current = GHOST["post"]["current"] | {"url": " "}
    ghost(shipped, {"post": {"current": current}})
    assert [(row.id, row.url) for row in stored(engine, articles)] == [("65f0c1", None)]
