"""Perspective's API: bodies that are not quite JSON, or packed, as Google took them."""

import gzip
import json
from typing import Any

import fake_models
import pytest
from test_perspective import STORY, Client, client, request
from werkzeug.test import TestResponse

__all__ = ["client"]

THRESHOLD = b'{"comment": {"text": "Well."}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": %s}}}'


@pytest.mark.parametrize(
    "body",
    [
        *(b"{", b"\xff", THRESHOLD % b"NaN", THRESHOLD % b"1e999", b"[" * 5_000, b"[]", b'"a"', b"{comment: }", b"{comment: {text: rude}}"),
        *(b"a" * 2_000_000, b'{a: "' + b'\\"' * 1_000_000, b", " * 1_000_000),
    ],
    ids=range(12),
)
def test_what_is_no_request_is_refused(client: Client, body: bytes) -> None:
    answer = client.app.test_client().post("/v1alpha1/comments:analyze", query_string={"key": client.key}, data=body)
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "body",
    [
        b"""{comment: {text: "How rude."},
              languages: ["en"],
              requestedAttributes: {TOXICITY:{}} }""",
        b'{"comment": {"text": "How rude.",}, "requestedAttributes": {"TOXICITY": {}, }}',
        b'{"comment": {"text": "How\nrude."}, "requestedAttributes": {"TOXICITY": {}}}',
        b'{comment: {text: "rude, {a: \\"b,}\\" \\ud83d"}, clientToken: "x",  requestedAttributes : {TOXICITY : null}, }',
    ],
    ids=["the curl of Google's quickstart", "a comma at the end, as in Google's reference", "a line break in a text", "all of it"],
)
def test_json_is_read_as_loosely_as_google_did(client: Client, body: bytes) -> None:
    answer = client.app.test_client().post("/v1alpha1/comments:analyze", query_string={"key": client.key}, data=body)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"] == 0.7
    if b"clientToken" in body:
        assert fake_models.asked[-1].text == 'rude, {a: "b,}" \ufffd'


@pytest.mark.parametrize(
    "asked", [{"languages": "en"}, {"context": {"entries": {"text": STORY}}}, {"doNotStore": "true", "spanAnnotations": "false"}]
)
def test_one_stands_for_a_list_and_a_word_for_true_or_false(client: Client, asked: dict[str, Any]) -> None:
    told = client.scores("How rude.", **asked)
    assert (told["languages"], told["attributeScores"]["TOXICITY"]["summaryScore"]["value"]) == (["en"], 0.7)


def test_a_body_may_be_packed_as_googles_client_for_java_does(client: Client) -> None:
    packed = gzip.compress(json.dumps(request("How rude.")).encode())
    bomb = gzip.compress(b" " * 8_000_000 + b"{}")

    def post(body: bytes) -> TestResponse:
        headers = {"Content-Encoding": "gzip"}
        return client.app.test_client().post("/v1alpha1/comments:analyze", query_string={"key": client.key}, data=body, headers=headers)

    assert post(packed).get_json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"] == 0.7
    for body in (packed[:-1], b"{}", bomb):
        assert post(body).get_json()["error"]["message"] == "Invalid JSON payload received. The body is not valid JSON."


def test_half_an_emoji_does_not_let_a_comment_through(client: Client) -> None:
    scores = client.scores("How rude \ud83d, \U0001f600 you.", clientToken="x")
    assert scores["attributeScores"]["TOXICITY"]["summaryScore"]["value"] == 0.7
    assert (scores["attributeScores"]["TOXICITY"]["spanScores"][0]["end"], scores["clientToken"]) == (19, "x")
