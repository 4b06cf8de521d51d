"""Scores alone: nothing is decided and nothing is stored."""

from typing import Any

import fake_models
import pytest
from conftest import Caller
from sqlalchemy import Engine, func, select

from service.domain import ScoreInput
from service.storage.tables import articles, comments


def scores(caller: Caller, *items: Any) -> Any:
    answer = caller.post("/v1/score", {"comments": items})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_each_text_has_its_scores_in_order(gazette: Caller) -> None:
    assert scores(gazette, {"text": "How rude."}, {"text": "Well said."}) == {
        "scores": [{"toxicity": 0.7}, {"toxicity": 0.01}],
        "model_version": fake_models.VERSION,
    }


def test_an_attribute_without_evidence_is_absent(gazette: Caller) -> None:
    about = {"text": "The council voted."}
    found = scores(gazette, {"text": "Well said.", "article": about}, {"text": "Well said."})["scores"]
    assert [sorted(one) for one in found] == [["off_topic", "toxicity"], ["toxicity"]]


def test_a_stored_article_and_parent_are_looked_up(gazette: Caller) -> None:
    gazette.put("/v1/articles/trains", {"text": "The council voted."})
    gazette.comment("c1", "They were late.")
    scores(gazette, {"text": "Not mine.", "article": {"id": "trains"}, "parent": {"id": "c1"}})
    assert (fake_models.asked[-1].article.text, fake_models.asked[-1].parent.text) == ("The council voted.", "They were late.")


def test_a_parents_text_is_what_is_told_of_it_also_where_another_is_stored(gazette: Caller) -> None:
    gazette.comment("c1", "They were late.")
    scores(gazette, {"text": "Not mine.", "parent": {"id": "c1", "text": "They were late, as edited."}})
    assert fake_models.asked[-1].parent.text == "They were late, as edited."


def test_words_may_be_asked_for_by_null_as_for_none(gazette: Caller) -> None:
    answer = gazette.post("/v1/score", {"comments": [{"text": "How rude."}], "explain": None})
    assert (answer.status_code, "explanations" in answer.get_json()) == (200, False)


def test_nothing_is_stored(gazette: Caller, engine: Engine) -> None:
    scores(gazette, {"text": "How rude.", "article": {"id": "trains", "text": "The council voted."}})
    with engine.connect() as db:
        assert [db.execute(select(func.count()).select_from(table)).scalar_one() for table in (comments, articles)] == [0, 0]


@pytest.mark.parametrize("count", [0, 1_001])
def test_a_request_has_one_to_a_thousand_texts(gazette: Caller, count: int) -> None:
    answer = gazette.post("/v1/score", {"comments": [{"text": "Well said."}] * count})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "comments")


def test_a_thousand_texts_are_scored(gazette: Caller) -> None:
    assert len(scores(gazette, *[{"text": "Well said."}] * 1_000)["scores"]) == 1_000


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({}, "comments.1.text"),
        ({"text": "Well said.", "author": {"id": "a1"}}, "comments.1.author"),
        ({"text": "Well said.", "article": {"id": "é" * 1_500}}, "comments.1.article.id"),
    ],
)
def test_an_invalid_text_is_named_by_its_place(gazette: Caller, item: dict[str, Any], field: str) -> None:
    answer = gazette.post("/v1/score", {"comments": [{"text": "Well said."}, item]})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, field)


def test_a_text_that_cannot_be_scored_is_a_fault_and_says_nothing_of_it(gazette: Caller) -> None:
    answer = gazette.post("/v1/score", {"comments": [{"text": "An unscorable thing."}]})
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "unscorable" not in answer.text


@pytest.fixture
def words_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake model says which words it judges by."""

    def explain(self: object, one: ScoreInput, attribute: str) -> list[tuple[int, int]]:
        return [(begin, begin + 4) for begin in [one.text.find("rude")] if begin >= 0]

    monkeypatch.setattr(fake_models.FakeScorer, "explain", explain, raising=False)


@pytest.mark.usefixtures("words_are_known")
def test_a_score_is_explained_by_the_places_of_its_words_where_that_is_asked(gazette: Caller) -> None:
    asked = {"comments": [{"text": "A <b>rude</b> word."}, {"text": "Well said."}], "explain": ["toxicity"]}
    answer = gazette.post("/v1/score", asked).get_json()

    assert answer["explanations"] == [{"toxicity": [[5, 9]]}, {"toxicity": []}]
    assert "explanations" not in gazette.post("/v1/score", {"comments": asked["comments"]}).get_json()


@pytest.mark.parametrize(
    ("count", "attribute", "field", "expected"),
    [
        (21, "toxicity", "comments", "at most 20 comments where `explain` is given"),
        (1, "malice", "explain.0", "'toxicity', "),
    ],
)
def test_an_explanation_that_cannot_be_given_is_refused(gazette: Caller, count: int, attribute: str, field: str, expected: str) -> None:
    answer = gazette.post("/v1/score", {"comments": [{"text": "Well said."}] * count, "explain": [attribute]})

    (error,) = answer.get_json()["errors"]
    assert (answer.status_code, error["field"]) == (422, field)
    assert error["expected"].startswith(expected)


@pytest.mark.usefixtures("words_are_known")
def test_a_decision_names_the_words_that_held_it(gazette: Caller) -> None:
    (reason,) = gazette.post("/v1/comments", {"id": "1", "text": "A rude word."}).get_json()["reasons"]

    assert (reason["code"], reason["words"]) == ("toxicity", ["rude"])
