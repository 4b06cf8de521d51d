"""What Perspective's clients think right becomes a label, and reaches the stored comment."""

import json
from typing import Any

import pytest
from conftest import Caller, run
from sqlalchemy import Engine, select
from test_perspective import Client

from service.storage.tables import suggestions

SUGGESTION: dict[str, Any] = {
    "comment": {"text": "How rude."},
    "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}},
    "languages": ["en"],
    "communityId": "The Gazette",
    "clientToken": "t-1",
}


@pytest.fixture
def client(gazette: Caller) -> Client:
    return Client(gazette)


def stored(engine: Engine) -> list[Any]:
    with engine.connect() as db:
        return list(db.execute(select(suggestions).order_by(suggestions.c.pk)))


def test_a_suggestion_is_kept_with_where_it_came_from(client: Client, engine: Engine) -> None:
    context = {"entries": [{"text": "The council voted."}]}
    answer = client.post("suggestscore", SUGGESTION | {"context": context})
    assert answer.get_json() == {"clientToken": "t-1", "detectedLanguages": ["en"], "requestedLanguages": ["en"]}
    (row,) = stored(engine)
    assert (row.site, row.text, row.attribute, row.value, row.language) == ("gazette", "How rude.", "TOXICITY", 0.0, "en")
    assert (row.community_id, row.client_token, row.context, row.comment) == ("The Gazette", "t-1", context, None)


def test_a_span_is_a_label_of_its_own(client: Client, engine: Engine) -> None:
    spans = [{"begin": 3, "end": 12, "score": {"value": 0.9}}]
    told = {"comment": {"text": "\U0001f600 How rude."}, "attributeScores": {"INSULT": {"spanScores": spans}}}
    assert client.post("suggestscore", told).get_json() == {"detectedLanguages": ["en"], "requestedLanguages": ["en"]}
    assert [(row.text, row.attribute, row.value) for row in stored(engine)] == [("How rude.", "INSULT", 0.9)]


def test_an_attribute_without_a_model_may_be_suggested(client: Client, engine: Engine) -> None:
    scores = {"FLIRTATION@2": {"summaryScore": {"value": 1, "type": "PROBABILITY"}}}
    assert client.post("suggestscore", SUGGESTION | {"attributeScores": scores}).status_code == 200
    assert stored(engine)[0].attribute == "FLIRTATION@2"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"attributeScores": {}}, "Missing attribute_scores"),
        ({"attributeScores": {"TOXICITY": {}}}, "Missing scores for attribute TOXICITY"),
        (
            {"attributeScores": {f"TOXICITY@{'6' * 100}": {"summaryScore": {"value": 1}}}},
            f"Unknown requested attribute: TOXICITY@{'6' * 100}",
        ),
        ({"attributeScores": {"NICENESS": {"summaryScore": {"value": 1}}}}, "Unknown requested attribute: NICENESS"),
        (
            {"attributeScores": {"TOXICITY": {"spanScores": [{"begin": "0"}]}}},
            "Invalid value at 'attributeScores.TOXICITY.spanScores.0.begin': expected a whole number.",
        ),
        (
            {"attributeScores": {"TOXICITY": {"summaryScore": {"value": []}}}},
            "Invalid value at 'attributeScores.TOXICITY.summaryScore.value': expected a number.",
        ),
        ({"attributeScores": {"TOXICITY": {"summaryScore": {"value": 1.5}}}}, "A score of attribute TOXICITY is not a number from 0 to 1"),
        (
            {"attributeScores": {"TOXICITY": {"spanScores": [{"begin": 4, "end": 99, "score": {"value": 1}}]}}},
            "A span of attribute TOXICITY is not within the comment",
        ),
        ({"comment": {"text": ""}}, "Comment must be non-empty."),
    ],
)
def test_a_suggestion_that_cannot_be_a_label_is_refused(client: Client, engine: Engine, changed: dict[str, Any], message: str) -> None:
    assert client.refused(SUGGESTION | changed, "suggestscore")["message"] == message
    assert stored(engine) == []


def test_a_nul_does_not_lose_a_suggestion(client: Client, engine: Engine) -> None:
    told = SUGGESTION | {"comment": {"text": "How\x00 rude."}, "clientToken": "a\x00", "context": {"entries": [{"text": "\x00"}]}}
    assert client.post("suggestscore", told).status_code == 200
    assert (stored(engine)[0].text, stored(engine)[0].client_token) == ("How\ufffd rude.", "a\ufffd")


def test_the_newest_suggestion_counts_and_is_what_training_reads(client: Client) -> None:
    for value in (0, 1):
        client.post("suggestscore", SUGGESTION | {"attributeScores": {"TOXICITY@6": {"summaryScore": {"value": value}}}})
    other = {"FLIRTATION": {"summaryScore": {"value": 1}}, "INSULT_EXPERIMENTAL": {"summaryScore": {"value": 0.5}}}
    client.post("suggestscore", SUGGESTION | {"attributeScores": other})
    client.post("suggestscore", SUGGESTION | {"clientToken": "t-2", "languages": ["de"]})
    _, shown = run(client.app, "suggestions", "export")
    assert shown == '{"text": "How rude.", "labels": {"insult": 0.5, "toxicity": 1.0}, "source": "suggestion"}\n'


def test_no_sign_of_a_readers_steers_the_terminal_that_it_is_printed_on(client: Client) -> None:
    text = "Rude\x9b2J, \u202eedur, \u2028rüde."
    client.post("suggestscore", SUGGESTION | {"comment": {"text": text}})
    shown = client.app.test_cli_runner().invoke(args=["suggestions", "export"])
    assert shown.output.isascii()
    assert json.loads(shown.output)["text"] == text


def test_a_comment_and_a_part_of_it_are_a_label_each(client: Client) -> None:
    scores = {"summaryScore": {"value": 0.2}, "spanScores": [{"begin": 0, "end": 3, "score": {"value": 0.9}}]}
    client.post("suggestscore", SUGGESTION | {"attributeScores": {"TOXICITY": scores}})
    _, shown = run(client.app, "suggestions", "export")
    told = [json.loads(line) for line in shown.splitlines()]
    assert {one["text"]: one["labels"] for one in told} == {"How": {"toxicity": 0.9}, "How rude.": {"toxicity": 0.2}}


def test_one_sites_suggestions_are_its_own(client: Client, herald: Caller) -> None:
    client.post("suggestscore", SUGGESTION)
    Client(herald).post("suggestscore", SUGGESTION | {"comment": {"text": "How kind."}})
    _, shown = run(client.app, "suggestions", "export", "--site", "gazette")
    assert [json.loads(line)["text"] for line in shown.splitlines()] == ["How rude."]
