"""Whatever a client of Perspective sends, it gets an answer or one of Google's errors."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_models
import pytest
from conftest import POLICY, make_caller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from test_perspective import Client

from service import create_app
from service.config import Config
from service.storage.engine import migrate

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", " ", "\x00", "Well said.", "\ud800", "a\udfff", "\U0001f600" * 9, "a" * 20_480, "é" * 10_240, "a" * 20_481, "é" * 10_241]
    ),
    st.sampled_from(
        ["<p>", "<p>A</p>", "&#0;", "&#xD800;", "<!--", "<a href=", "12345", "Привет", "Das ist eine ganz schlechte Idee für uns."]
    ),
)
ATTRIBUTES = st.sampled_from(
    ["TOXICITY", "TOXICITY@6", "INSULT_EXPERIMENTAL", "OFF_TOPIC", "SPAM", "NICENESS", "", "TOXICITY@", "@6", "toxicity", "\x00"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def either(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is expected, mostly."""
    return st.one_of(right, right, right, ANYTHING)


def message(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: either(field) for name, field in fields.items()})


ENTRY = message(text=TEXTS, type=st.sampled_from(["PLAIN_TEXT", "HTML", "TEXT_TYPE_UNSPECIFIED", "RTF"]))
SCORE = message(value=st.floats() | st.integers(-1, 2), type=st.sampled_from(["PROBABILITY", "RAW", "?"]))
SPAN = message(begin=st.integers(-2, 50), end=st.integers(-2, 50), score=SCORE)
SHARED: dict[str, st.SearchStrategy[Any]] = {
    "comment": ENTRY,
    "context": message(
        entries=st.lists(ENTRY, max_size=3),
        articleAndParentComment=message(article=ENTRY, parentComment=ENTRY),
        article_and_parent_comment=ENTRY,
    ),
    "languages": st.lists(st.sampled_from(["en", "en-GB", "de", "xx", "", "\x00", "e" * 50]), max_size=2),
    "clientToken": TEXTS,
    "sessionId": TEXTS,
    "communityId": TEXTS | st.just("Coral:https://news.example"),
}
ANALYZE = message(
    requestedAttributes=st.dictionaries(
        ATTRIBUTES, either(message(scoreType=st.sampled_from(["PROBABILITY", "RAW", "?"]), scoreThreshold=st.floats())), max_size=3
    ),
    spanAnnotations=st.booleans(),
    doNotStore=st.booleans(),
    dropUnsupportedAttributes=st.booleans(),
    **SHARED,
)
SUGGEST = message(
    attributeScores=st.dictionaries(ATTRIBUTES, either(message(summaryScore=SCORE, spanScores=st.lists(SPAN, max_size=2))), max_size=2),
    **SHARED,
)


@pytest.fixture(scope="module")
def client(migrated: tuple[str, Engine], models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One app for all examples, on either database."""
    policy = tmp_path_factory.mktemp("policy") / "policy.toml"
    policy.write_text(POLICY)
    told = {"DATABASE_URL": migrated[0], "MODELS_DIR": str(models_dir), "POLICY_FILE": str(policy), "RATE_LIMIT": "1000000/second"}
    app = create_app(Config.from_environ(told))
    migrate(app.extensions["parts"].engine)
    yield Client(make_caller(app, "gazette"))
    app.extensions["parts"].engine.dispose()


@pytest.mark.parametrize("method", ["analyze", "suggestscore"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_any_request_gets_an_answer_or_googles_error(client: Client, method: str, data: st.DataObject) -> None:
    body = data.draw({"analyze": ANALYZE, "suggestscore": SUGGEST}[method])
    answer = client.app.test_client().post(
        f"/v1alpha1/comments:{method}", query_string={"key": client.key}, data=json.dumps(body), content_type="application/json"
    )
    fake_models.asked.clear()
    told = answer.get_json()
    assert answer.status_code in (200, 400), told
    if answer.status_code == 400:
        error = told["error"]
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
        assert error["message"]
    elif method == "analyze":
        length = len(body["comment"]["text"].encode("utf-16-le")) // 2
        for scores in told["attributeScores"].values():
            assert scores["spanScores"]
            assert all(0 <= span["begin"] <= span["end"] <= length for span in scores["spanScores"])


@pytest.mark.parametrize(("text", "status"), [("a" * 20_480, 200), ("a" * 20_481, 400), ("é" * 10_240, 200), ("é" * 10_241, 400)])
def test_a_comment_may_have_20480_bytes(client: Client, text: str, status: int) -> None:
    body = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, "languages": ["en"], "spanAnnotations": True}
    assert client.post("analyze", body).status_code == status


def test_a_text_of_many_sentences_is_cut_into_so_many_at_the_most(client: Client) -> None:
    body = {"comment": {"text": "A. " * 6_000}, "requestedAttributes": {"TOXICITY": {}}, "spanAnnotations": True}
    spans = client.post("analyze", body).get_json()["attributeScores"]["TOXICITY"]["spanScores"]
    assert (len(spans), spans[-1]["end"]) == (200, 17_999)
