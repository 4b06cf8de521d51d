"""Perspective's API: what its clients send and read."""

from collections.abc import Callable
from typing import Any

import fake_models
import pytest
from conftest import Caller, make_caller
from flask import Flask
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from service.storage.tables import metadata

STORY = "The council voted to bring back the night trains."


class Client:
    """A client of Perspective, which knows an address and a key."""

    def __init__(self, cms: Caller) -> None:
        self.app, self.key = cms.app, cms.key

    def post(self, method: str, body: Any, **options: Any) -> TestResponse:
        query = {"key": self.key, **options.pop("query_string", {})}
        return self.app.test_client().post(f"/v1alpha1/comments:{method}", query_string=query, json=body, **options)

    def scores(self, text: str, *attributes: str, **asked: Any) -> dict[str, Any]:
        answer = self.post("analyze", request(text, *attributes, **asked))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        return told

    def refused(self, body: Any, method: str = "analyze") -> dict[str, Any]:
        answer = self.post(method, body)
        assert answer.status_code == 400, answer.text
        error: dict[str, Any] = answer.get_json()["error"]
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
        return error


def request(text: str, *attributes: str, **asked: Any) -> dict[str, Any]:
    return {"comment": {"text": text}, "requestedAttributes": {name: {} for name in attributes or ("TOXICITY",)}, **asked}


def contents(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table."""
    with engine.connect() as db:
        return {table.name: sorted(map(str, db.execute(select(table)))) for table in metadata.sorted_tables}


@pytest.fixture
def client(gazette: Caller) -> Client:
    return Client(gazette)


def test_a_comment_is_scored_under_the_names_that_were_asked_for(client: Client) -> None:
    told = client.scores("How rude.", "TOXICITY", "TOXICITY@6", "TOXICITY_EXPERIMENTAL", "TOXICITY_FAST", clientToken="t-1")
    score = {"value": 0.7, "type": "PROBABILITY"}
    one = {"spanScores": [{"begin": 0, "end": 9, "score": score}], "summaryScore": score}
    assert told == {
        "attributeScores": dict.fromkeys(("TOXICITY", "TOXICITY@6", "TOXICITY_EXPERIMENTAL", "TOXICITY_FAST"), one),
        "languages": ["en"],
        "detectedLanguages": ["en"],
        "clientToken": "t-1",
    }


def test_a_span_counts_in_utf16(client: Client) -> None:
    told = client.scores("\U0001f600 é rude", "TOXICITY")
    assert told["attributeScores"]["TOXICITY"]["spanScores"][0]["end"] == 9


def test_a_span_a_sentence_where_asked_for(client: Client) -> None:
    text = "  \U0001f600 All fine. How rude, e.g. that!\nWell?"
    spans = client.scores(text, "TOXICITY", spanAnnotations=True)["attributeScores"]["TOXICITY"]["spanScores"]
    parts = [text.encode("utf-16-le")[2 * span["begin"] : 2 * span["end"]].decode("utf-16-le") for span in spans]
    assert parts == ["\U0001f600 All fine.", "How rude, e.g. that!", "Well?"]
    assert [span["score"]["value"] for span in spans] == [0.01, 0.7, 0.01]


def test_html_is_read_as_its_reader_sees_it(client: Client) -> None:
    body = request("<p>All fine.</p><p>How r<b>ud</b>e &amp; bad.</p>", spanAnnotations=True)
    body["comment"]["type"] = "HTML"
    told = client.post("analyze", body).get_json()["attributeScores"]["TOXICITY"]
    assert [asked.text for asked in fake_models.asked] == ["All fine.\nHow rude & bad.", "All fine.", "How rude & bad."]
    assert [(span["begin"], span["end"]) for span in told["spanScores"]] == [(3, 12), (19, 45)]


def test_an_empty_line_of_an_editor_is_no_sentence(client: Client) -> None:
    body = request("<p>All fine.</p><p>&nbsp;</p><p>How rude.</p>", spanAnnotations=True)
    body["comment"]["type"] = "HTML"
    told = client.post("analyze", body).get_json()["attributeScores"]["TOXICITY"]
    assert [(span["begin"], span["end"]) for span in told["spanScores"]] == [(3, 12), (32, 41)]


def test_an_attribute_below_its_threshold_is_left_out(client: Client) -> None:
    asked = {"TOXICITY": {"scoreThreshold": 0.7}, "TOXICITY@2": {"scoreThreshold": 0.71, "scoreType": "PROBABILITY"}}
    told = client.post("analyze", request("How rude.") | {"requestedAttributes": asked}).get_json()
    assert list(told["attributeScores"]) == ["TOXICITY"]


@pytest.mark.parametrize(
    "context",
    [
        {"articleAndParentComment": {"article": {"text": STORY}, "parentComment": {"text": "They were late."}}},
        {"entries": [{"text": STORY}, {"text": "They were late.", "type": "PLAIN_TEXT"}]},
        {
            "article_and_parent_comment": {
                "article": {"text": f"<p>{STORY}</p>", "type": "HTML"},
                "parent_comment": {"text": "They were late."},
            }
        },
    ],
)
def test_the_context_tells_what_is_on_topic(client: Client, context: dict[str, Any]) -> None:
    told = client.scores("I live elsewhere.", "OFF_TOPIC", "TOXICITY", context=context)
    assert told["attributeScores"]["OFF_TOPIC"]["summaryScore"]["value"] == 0.9
    assert (fake_models.asked[-1].article.text, fake_models.asked[-1].parent.text) == (STORY, "They were late.")


def test_off_topic_needs_an_article(client: Client) -> None:
    assert client.refused(request("I live elsewhere.", "OFF_TOPIC"))["message"] == "Attribute OFF_TOPIC needs an article in the context."


def test_languages_are_the_requests_or_the_detected_ones(client: Client) -> None:
    german = "Das ist doch wirklich eine ganz schlechte Idee für unsere kleine Stadt."
    told = client.scores(german, languages=["en"])
    assert (told["languages"], told["detectedLanguages"]) == (["en"], ["de"])
    assert client.scores("Well said.", languages=["en-GB"])["languages"] == ["en-GB"]


@pytest.mark.parametrize("asked", [{}, {"languages": ["de"]}])
def test_a_language_that_the_model_does_not_read_is_said_so(client: Client, asked: dict[str, Any]) -> None:
    german = "Das ist doch wirklich eine ganz schlechte Idee für unsere kleine Stadt."
    error = client.refused(request(german, "TOXICITY@3", **asked))
    assert error == {
        "code": 400,
        "message": "Attribute TOXICITY@3 does not support request languages: de",
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error",
                "errorType": "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
                "languageNotSupportedByAttributeError": {
                    "attribute": "TOXICITY@3",
                    "detectedLanguages": ["de"],
                    "requestedLanguages": ["de"],
                },
            }
        ],
    }
    dropped = client.scores(german, dropUnsupportedAttributes=True, **asked)
    assert (dropped["attributeScores"], dropped["languages"]) == ({}, ["de"])


BOTH = {"entries": [{"text": "a"}], "articleAndParentComment": {"article": {"text": "b"}}}


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({}, "COMMENT_EMPTY", "Comment must be non-empty."),
        (request(" \n"), "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"comment": {"text": "<p> </p>", "type": "HTML"}}, "COMMENT_EMPTY", "Comment must be non-empty."),
        (request("é" * 10_241), "COMMENT_TOO_LONG", "Comment text too long."),
        ({"comment": {"text": "<p>" * 7_000, "type": "HTML"}}, "COMMENT_TOO_LONG", "Comment text too long."),
        ({"comment": {"text": "a"}}, "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        (request("12 345 !"), "LANGUAGE_DETECTION_FAILED", "Unable to detect language"),
        (request("Well.", "toxicity"), "INVALID_REQUEST", "Unknown requested attribute: toxicity"),
        (request("Well.", "SPAM_EXPERIMENTAL"), "INVALID_REQUEST", "Unknown requested attribute: SPAM_EXPERIMENTAL"),
        (request("Well.", "FLIRTATION"), "INVALID_REQUEST", "Unknown requested attribute: FLIRTATION"),
        (
            {"comment": {"text": "Well."}, "requestedAttributes": {"TOXICITY": {"scoreType": "RAW"}}},
            "INVALID_REQUEST",
            "Requested score type RAW is not supported by attribute TOXICITY",
        ),
        ({"comment": {"text": "Well.", "type": "MARKDOWN"}}, "INVALID_REQUEST", "Unknown text type"),
        (
            request("Well.", context=BOTH),
            "INVALID_REQUEST",
            "Context can have either entries or article_and_parent_comment, but both fields were populated.",
        ),
        (request("Well.", context={"entries": [{"text": "a" * 1_048_577}]}), "INVALID_REQUEST", "Context text too long."),
    ],
)
def test_a_request_is_refused_in_googles_words(client: Client, body: dict[str, Any], kind: str, message: str) -> None:
    error = client.refused(body)
    assert (error["message"], [detail["errorType"] for detail in error["details"]]) == (message, [kind])


def test_the_longest_comment_is_scored(client: Client) -> None:
    assert client.scores("a" * 20_480)["attributeScores"]["TOXICITY"]["spanScores"][0]["end"] == 20_480


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"comment": "Well."}, "Invalid value at 'comment': expected an object."),
        (request("Well.", doNotStore="yes"), "Invalid value at 'doNotStore': expected true or false."),
        (
            {"requestedAttributes": {"T": {"scoreThreshold": "x"}}},
            "Invalid value at 'requestedAttributes.T.scoreThreshold': expected a number.",
        ),
        (request("Well.", foo=1), 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'),
        ({"comment": {"txt": ""}}, "Invalid JSON payload received. Unknown name \"txt\" at 'comment': Cannot find field."),
    ],
)
def test_a_field_that_is_not_as_expected_is_named(client: Client, body: dict[str, Any], message: str) -> None:
    error = client.refused(body)
    assert error["message"] == message
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"


@pytest.mark.parametrize("query", [{}, {"key": ""}, {"key": "AIza-not-ours"}, {"key": "cm_quickstart_no"}])
def test_a_bad_key_is_refused(app: Flask, query: dict[str, str]) -> None:
    answer = app.test_client().post("/v1alpha1/comments:analyze", query_string=query, json=request("Well."))
    error = answer.get_json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == "API key not valid. Please pass a valid API key."
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


def test_a_key_in_the_address_opens_nothing_else(client: Client) -> None:
    answer = client.app.test_client().post("/v1/comments", query_string={"key": client.key}, json={"id": "1", "text": "Well."})
    assert answer.status_code == 401


def test_a_key_that_asks_for_signatures_is_refused(app: Flask) -> None:
    answer = Client(make_caller(app, "gazette", signed=True)).post("analyze", request("Well."))
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_over_the_quota_is_said_in_googles_words(new_app: Callable[..., Flask]) -> None:
    client = Client(make_caller(new_app(RATE_LIMIT="1/minute"), "gazette"))
    assert client.post("analyze", request("Well.")).status_code == 200
    answer = client.post("analyze", request("Well."))
    error = answer.get_json()["error"]
    assert (answer.status_code, error["status"], error["details"][0]["reason"]) == (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")
    assert error["message"].startswith("Quota exceeded for quota metric 'Analysis requests (AnalyzeComment)' and limit")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("method", "path"), [("GET", "comments:analyze"), ("POST", "comments:guess"), ("DELETE", ""), ("PUT", "a/b")])
def test_what_is_not_there_is_not_found(client: Client, method: str, path: str) -> None:
    answer = client.app.test_client().open(f"/v1alpha1/{path}", method=method, query_string={"key": client.key})
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (404, "NOT_FOUND")


def test_a_fault_of_the_models_is_an_internal_error(client: Client) -> None:
    answer = client.post("analyze", request("An unscorable thing."))
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (500, "INTERNAL")


def test_standard_query_parameters_are_tolerated(client: Client) -> None:
    told = {"alt": "json", "fields": "*", "quotaUser": "u", "$.xgafv": "2", "access_token": "", "callback": "f", "uploadType": "media"}
    assert client.post("analyze", request("Well."), query_string=told).status_code == 200


def test_answers_are_indented_unless_asked_otherwise(client: Client) -> None:
    assert "\n  " in client.post("analyze", request("Well.")).text
    assert "\n" not in client.post("analyze", request("Well."), query_string={"prettyPrint": "false"}).text


@pytest.mark.parametrize("do_not_store", [True, False])
def test_nothing_of_an_analysis_is_stored_or_logged(
    client: Client, engine: Engine, caplog: pytest.LogCaptureFixture, do_not_store: bool
) -> None:
    caplog.set_level("DEBUG")
    before = contents(engine)
    context = {"entries": [{"text": "secretarticle"}]}
    told = {"clientToken": "secrettoken", "sessionId": "secretsession", "communityId": "secretcommunity", "context": context}
    client.scores("A secretword.", doNotStore=do_not_store, **told)
    client.refused(request("A secretword.", "SECRET_ATTRIBUTE", doNotStore=do_not_store, **told))
    client.post("analyze", request("An unscorable secretword.", doNotStore=do_not_store))
    assert contents(engine) == before
    assert "secret" not in "".join(f"{record.getMessage()} {record.__dict__.get('route')}" for record in caplog.records)


def test_perspectives_scale_stays_in_its_dialect(client: Client, gazette: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_models.FakeScorer, "scale", ("TOXICITY", "FLIRTATION"), raising=False)
    monkeypatch.setattr(fake_models.FakeScorer, "rate_perspective", lambda _self, texts: [[0.9, 0.3] for _ in texts], raising=False)
    told = client.scores("How rude.", "TOXICITY", "TOXICITY_FAST", "FLIRTATION")["attributeScores"]
    assert {name: scores["summaryScore"]["value"] for name, scores in told.items()} == {
        "TOXICITY": 0.9,
        "TOXICITY_FAST": 0.9,
        "FLIRTATION": 0.3,
    }
    assert fake_models.asked == []
    context = {"entries": [{"text": STORY}]}
    both = client.scores("I live elsewhere.", "TOXICITY", "OFF_TOPIC", context=context)["attributeScores"]
    assert {name: scores["summaryScore"]["value"] for name, scores in both.items()} == {"TOXICITY": 0.9, "OFF_TOPIC": 0.9}
    assert gazette.post("/v1/score", {"comments": [{"text": "How rude."}]}).get_json()["scores"] == [{"toxicity": 0.7}]
    assert gazette.comment("c1", "How rude.")["scores"] == {"toxicity": 0.7}


def test_a_fault_of_the_scale_is_an_internal_error(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_models.FakeScorer, "scale", ("TOXICITY",), raising=False)
    monkeypatch.setattr(fake_models.FakeScorer, "rate_perspective", lambda _self, texts: 1 / 0, raising=False)
    assert client.post("analyze", request("Well.")).status_code == 500
