"""The clients of Perspective that publishers run: Google's own, unmodified, and an exchange of each of the others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Caller, listening
from flask import Flask
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from sqlalchemy import Engine, select
from werkzeug.serving import make_server

from service.storage.tables import suggestions

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
    assert document["rootUrl"] == "http://localhost/"
    assert set(document["resources"]["comments"]["methods"]) == {"analyze", "suggestscore"}


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
