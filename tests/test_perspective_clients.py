"""The clients of Perspective that publishers run: Google's own, unmodified, and an exchange of each of the others."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import Caller, listening, make_caller
from flask import Flask
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from sqlalchemy import Engine, select
from werkzeug.serving import make_server

from service.storage.tables import comments, suggestions

STORY = "The council voted to bring back the night trains."


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The service, listening."""
    with listening(make_server("127.0.0.1", 0, app, threaded=True)) as address:
        yield address


@pytest.fixture
def google(address: str, gazette: Caller) -> Iterator[Any]:
    """google-api-python-client, told nothing but the address and the key."""
    built = build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=gazette.key,
        discoveryServiceUrl=f"{address}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
    )
    yield built
    built.close()


def test_googles_client_analyses(google: Any) -> None:
    body = {
        "comment": {"text": "How rude."},
        "requestedAttributes": {"TOXICITY": {"scoreThreshold": 0.1}, "OFF_TOPIC": {}},
        "context": {"articleAndParentComment": {"article": {"text": STORY}}},
        "languages": ["en"],
        "spanAnnotations": True,
    }
    told = google.comments().analyze(body=body).execute()
    assert told["attributeScores"]["TOXICITY"]["summaryScore"] == {"value": 0.7, "type": "PROBABILITY"}
    assert told["attributeScores"]["OFF_TOPIC"]["summaryScore"]["value"] == 0.1


def test_googles_client_suggests(google: Any, engine: Engine) -> None:
    body = {"comment": {"text": "How rude."}, "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.0}}}, "clientToken": "t-1"}
    assert google.comments().suggestscore(body=body, prettyPrint=False).execute()["clientToken"] == "t-1"
    with engine.connect() as db:
        assert db.execute(select(suggestions.c.attribute, suggestions.c.value)).all() == [("TOXICITY", 0.0)]


def test_googles_client_reads_our_errors(google: Any) -> None:
    with pytest.raises(HttpError) as raised:
        google.comments().analyze(body={"comment": {"text": "How rude."}, "requestedAttributes": {"NICENESS": {}}}).execute()
    assert (raised.value.status_code, raised.value.reason) == (400, "Unknown requested attribute: NICENESS")
    assert raised.value.error_details[0]["errorType"] == "INVALID_REQUEST"


def test_every_schema_that_the_document_names_is_in_it(gazette: Caller) -> None:
    document = gazette.get("/$discovery/rest?version=v1alpha1").get_json()
    named = {part.split('"')[0] for part in json.dumps(document).split('"$ref": "')[1:]}
    assert named <= document["schemas"].keys()
    assert set(document["schemas"]) == {
        "AnalyzeCommentRequest",
        "AnalyzeCommentResponse",
        "ArticleAndParentComment",
        "AttributeParameters",
        "AttributeScores",
        "Context",
        "Score",
        "SpanScore",
        "SuggestCommentScoreRequest",
        "SuggestCommentScoreResponse",
        "TextEntry",
    }
    assert set(document["resources"]["comments"]["methods"]) == {"analyze", "suggestscore"}


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "xn--kln-sna.example"])
def test_a_client_asks_where_it_found_the_document(stranger: Caller, host: str) -> None:
    assert stranger.call("GET", "/$discovery/rest", {"Host": host}).get_json()["rootUrl"] == f"http://{host}/"


def test_another_version_is_not_described(stranger: Caller) -> None:
    answer = stranger.get("/$discovery/rest?version=v2")
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (404, "NOT_FOUND")


def test_coral_asks_for_a_score(gazette: Caller) -> None:
    """`CUSTOM_ENDPOINT + /comments:analyze`; reads the summary of the one model that it asked for."""
    body = {
        "comment": {"text": "How rude."},
        "doNotStore": True,
        "languages": ["en"],
        "requestedAttributes": {"TOXICITY": {}},
    }
    told = gazette.post(f"/v1alpha1/comments:analyze?key={gazette.key}", body).get_json()
    assert told["attributeScores"]["TOXICITY"]["summaryScore"]["value"] == 0.7


def test_coral_gives_feedback(gazette: Caller) -> None:
    context = {"url": "https://news.example/trains", "reply_to_id_Coral_comment_id": None, "Coral_comment_id": "c-1"}
    body = {
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}}},
        "comment": {"text": "How rude."},
        "context": {"entries": [{"text": json.dumps(context)}]},
        "clientToken": "comment:c-1",
        "communityId": "Coral:https://coral.news.example/",
        "languages": ["en"],
    }
    assert gazette.post(f"/v1alpha1/comments:suggestscore?key={gazette.key}", body).status_code == 200


def test_conversationai_moderator_asks_for_spans(gazette: Caller) -> None:
    asked = ("ATTACK_ON_AUTHOR", "INFLAMMATORY", "TOXICITY", "OFF_TOPIC")
    body = {
        "comment": {"text": "All fine. How rude.", "type": "PLAIN_TEXT"},
        "context": {"entries": [{"text": STORY, "type": "PLAIN_TEXT"}, {"text": "They were late.", "type": "PLAIN_TEXT"}]},
        "requestedAttributes": {name: {"scoreType": "PROBABILITY"} for name in asked},
        "languages": ["en"],
        "spanAnnotations": True,
        "clientToken": "instance_7",
    }
    refused = gazette.post(f"/v1alpha1/comments:analyze?key={gazette.key}", body)
    assert refused.get_json()["error"]["message"] == "Unknown requested attribute: ATTACK_ON_AUTHOR"
    told = gazette.post(f"/v1alpha1/comments:analyze?key={gazette.key}", body | {"dropUnsupportedAttributes": True}).get_json()
    spans = told["attributeScores"]["TOXICITY"]["spanScores"]
    assert [(span["begin"], span["end"], span["score"]["value"]) for span in spans] == [(0, 9, 0.01), (10, 19, 0.7)]
    assert set(told["attributeScores"]) == {"TOXICITY", "OFF_TOPIC"}


@pytest.mark.parametrize("model", ["TOXICITY", "TOXICITY@6"])
def test_discourse_perspective_asks_with_a_session(gazette: Caller, model: str) -> None:
    body = {
        "comment": {"text": "How rude."},
        "doNotStore": True,
        "sessionId": "https://forum.example_7",
        "requestedAttributes": {model: {}},
    }
    told = gazette.post(f"/v1alpha1/comments:analyze?key={gazette.key}", body).get_json()
    assert told["attributeScores"][model]["summaryScore"]["value"] == 0.7


def test_a_javascript_client_reads_the_first_span(gazette: Caller) -> None:
    body = '{"comment":{"text":"How rude."},"languages":["en"],"requestedAttributes":{"TOXICITY":{}}}'
    told = gazette.call(
        "POST", f"/v1alpha1/comments:analyze?key={gazette.key}&alt=json", data=body, content_type="text/plain;charset=UTF-8"
    ).get_json()
    assert told["attributeScores"]["TOXICITY"]["spanScores"][0] == {"begin": 0, "end": 9, "score": {"value": 0.7, "type": "PROBABILITY"}}


def test_googles_client_packs_several_requests_into_one(google: Any, gazette: Caller) -> None:
    asked = {"a": "How rude.", "b b": "Zoë: fine. \U0001f600\n\nWell?", "c": ""}
    told: dict[str, Any] = {}
    batch = google.new_batch_http_request(callback=lambda name, answer, error: told.update({name: answer or error.reason}))
    for name, text in asked.items():
        body = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, "clientToken": name, "languages": ["en"]}
        batch.add(google.comments().analyze(body=body), request_id=name)
    batch.execute()
    alone = [google.comments().analyze(body={**body, "comment": {"text": asked[name]}, "clientToken": name}) for name in ("a", "b b")]
    assert told == {"a": alone[0].execute(), "b b": alone[1].execute(), "c": "Comment must be non-empty."}


def packed(*requests: str, boundary: str = "=") -> dict[str, Any]:
    parts = [f"--{boundary}\nContent-Type: application/http\nContent-ID: <x + {n}>\n\n{one}\n" for n, one in enumerate(requests)]
    return {"data": "".join([*parts, f"--{boundary}--"]), "content_type": f'multipart/mixed; boundary="{boundary}"'}


def analysis(key: str | None, host: str = "") -> str:
    body = {"comment": {"text": "Fine."}, "requestedAttributes": {"TOXICITY": {}}}
    return f"POST {host}/v1alpha1/comments:analyze?key={key} HTTP/1.1\n\n{json.dumps(body)}"


def test_each_request_of_a_batch_is_one_of_its_own(new_app: Callable[..., Flask]) -> None:
    gazette = make_caller(new_app(RATE_LIMIT="1/minute"), "gazette")
    bad, good = analysis("bad"), analysis(gazette.key, "http://localhost")  # as Google's client for Java writes it
    answer = gazette.app.test_client().post("/batch", headers={"X-Request-Id": "outer"}, **packed(bad, good, good, "GET / HTTP/1.1", ""))
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (200, "outer")
    assert [line[9:12] for line in answer.text.split("\r\n") if line.startswith("HTTP/1.1 ")] == ["400", "200", "429", "429", "429"]
    assert [part for part in answer.text.split() if part.startswith("<response-")] == ["<response-x"] * 5


@pytest.mark.parametrize("name", ["X-Goog-Api-Key", "x-goog-api-key", "Authorization"])
def test_a_key_in_a_header_of_a_batch_or_of_a_request_in_it_counts(gazette: Caller, name: str) -> None:
    key = f"Bearer {gazette.key}" if name == "Authorization" else gazette.key
    alone = analysis("").replace("?key=", "")
    with_key, another = (alone.replace("HTTP/1.1\n", f"HTTP/1.1\n{name}: {told}\n") for told in (key, "another"))
    ask = gazette.app.test_client().post
    answers = [
        ask("/batch", **packed(with_key, alone)),
        ask("/batch", headers={name: key, "X-Request-Id": "r-1"}, **packed(alone, another)),
    ]
    assert [[line[9:12] for line in answer.text.split("\r\n") if line.startswith("HTTP/1.1 ")] for answer in answers] == [
        ["200", "400"]
    ] * 2
    assert answers[1].text.count("X-Request-Id: r-1\r\n") == 2


def test_strangers_behind_one_proxy_do_not_share_a_limit_by_batches(new_app: Callable[..., Flask]) -> None:
    ask = new_app(RATE_LIMIT="1/minute").test_client().post
    answers = [ask("/batch", headers={"X-Forwarded-For": who}, **packed(analysis("bad"))).text for who in ("192.0.2.1", "192.0.2.2")]
    assert ["HTTP/1.1 400" in answer for answer in answers] == [True, True]


@pytest.mark.parametrize("path", ["/v1/comments", "/v1alpha1/../v1/comments", "/metrics", "http://a/v1/comments", "//a/v1/comments"])
def test_a_batch_reaches_nothing_else(gazette: Caller, engine: Engine, path: str) -> None:
    inner = f"POST {path}?key={gazette.key} HTTP/1.1\nAuthorization: Bearer {gazette.key}\n\n" + '{"id": "c1", "text": "Well said."}'
    assert "HTTP/1.1 40" in gazette.app.test_client().post("/batch", **packed(inner)).text
    with engine.connect() as db:
        assert db.execute(select(comments)).all() == []


@pytest.mark.parametrize(
    "sent",
    [
        *({}, {"data": "--"}, packed(), packed(*[""] * 101), packed("") | {"content_type": "multipart/mixed"}),
        *(packed("") | {"data": data} for data in ("--=\n\n", "--another\n\n--another--", "")),
    ],
)
def test_what_is_no_batch_is_refused(stranger: Caller, sent: dict[str, Any]) -> None:
    answer = stranger.app.test_client().post("/batch", **sent)
    assert (answer.status_code, answer.get_json()["error"]["message"]) == (400, "A batch is multipart/mixed, with 1 to 100 requests.")
