"""Many comments in one request, each with its own result."""

import json
from typing import Any

import fake_models
import pytest
from conftest import Caller
from sqlalchemy import Engine, func, select

from service.storage.tables import comments


def batch(caller: Caller, *items: Any) -> list[dict[str, Any]]:
    answer = caller.post("/v1/comments:batch", {"comments": items})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["results"]
    return found


def test_each_comment_has_its_result_in_order(gazette: Caller) -> None:
    results = batch(gazette, {"id": "c1", "text": "Well said."}, {"id": "c2", "text": "How rude."}, {"id": "c3", "text": "A vile thing."})
    assert [(one["id"], one["result"]["decision"]) for one in results] == [("c1", "approve"), ("c2", "hold"), ("c3", "reject")]


def test_a_result_is_what_the_comment_alone_would_get(gazette: Caller) -> None:
    (one,) = batch(gazette, {"id": "c1", "text": "How rude."})
    assert gazette.comment("c1", "How rude.") == one["result"] | {"repeated": True}


@pytest.mark.parametrize(
    ("item", "status", "field"),
    [
        ({"id": "c2"}, 422, "text"),
        ({"id": "c2", "text": " "}, 422, "text"),
        ({"id": "c2", "text": 7}, 422, "text"),
        ({"id": "c2", "text": "Well said.", "author": {}}, 422, "author.id"),
        ({"id": "c2", "text": "Half an emoji: \ud83d"}, 422, "text"),
        ("not an object", 422, "body"),
        (None, 422, "body"),
    ],
)
def test_an_invalid_comment_does_not_spoil_the_others(gazette: Caller, item: Any, status: int, field: str) -> None:
    first, second, third = batch(gazette, {"id": "c1", "text": "Well said."}, item, {"id": "c3", "text": "How rude."})
    assert (first["result"]["decision"], third["result"]["decision"]) == ("approve", "hold")
    assert second["result"] is None
    assert (second["problem"]["status"], second["problem"]["errors"][0]["field"]) == (status, field)


def test_another_sites_comment_does_not_spoil_the_others(gazette: Caller) -> None:
    first, second = batch(gazette, {"id": "c1", "text": "Mine.", "site": "herald"}, {"id": "c2", "text": "Well said."})
    assert (first["problem"]["status"], second["result"]["decision"]) == (403, "approve")


def test_an_unscorable_comment_does_not_spoil_the_others(gazette: Caller) -> None:
    results = batch(gazette, {"id": "c1", "text": "An unscorable thing."}, {"id": "c2", "text": "Well said."})
    assert [one["result"]["decision"] for one in results] == ["hold", "approve"]


def test_the_same_comment_twice_is_one(gazette: Caller, engine: Engine) -> None:
    first, second = batch(gazette, *[{"id": "c1", "text": "Well said."}] * 2)
    assert second["result"] == first["result"] | {"repeated": True}
    with engine.connect() as db:
        assert db.execute(select(func.count()).select_from(comments)).scalar_one() == 1


def test_an_edit_in_the_same_batch_keeps_what_was_told(gazette: Caller) -> None:
    _, second = batch(gazette, {"id": "c1", "text": "One.", "section": "sport", "article": {"id": "trains"}}, {"id": "c1", "text": "Two."})
    stored = second["result"]["comment"]
    assert (stored["revision"], stored["section"], stored["article_id"]) == (2, "sport", "trains")


def test_a_reply_in_the_same_batch_knows_its_parent(gazette: Caller) -> None:
    batch(gazette, {"id": "c1", "text": "They were late."}, {"id": "c2", "text": "Not mine.", "parent": {"id": "c1"}})
    assert fake_models.asked[-1].parent.text == "They were late."


def test_a_title_alone_told_with_the_first_is_used_for_the_others(gazette: Caller) -> None:
    batch(
        gazette,
        *({"id": text, "text": text, "article": {"id": "trains", **told}} for text, told in (("Yes.", {"title": "Trains"}), ("No.", {}))),
    )
    assert fake_models.asked[-1].article.title == "Trains"


@pytest.mark.parametrize("name", [{"id": "trains"}, {"url": "https://news.example/trains"}])
def test_an_article_told_with_the_first_is_used_for_the_others(gazette: Caller, name: dict[str, str]) -> None:
    told = {"id": "trains", "url": "https://news.example/trains", "text": "The council voted."}
    batch(gazette, {"id": "c1", "text": "Yes.", "article": told}, {"id": "c2", "text": "No.", "article": name})
    assert fake_models.asked[-1].article.text == "The council voted."


def test_an_article_told_by_its_id_is_used_for_the_others_that_name_it_by_its_url(gazette: Caller) -> None:
    gazette.put("/v1/articles/trains", {"url": "https://news.example/trains"})
    told, named = {"id": "trains", "text": "The council voted."}, {"url": "https://news.example/trains"}
    batch(gazette, {"id": "c1", "text": "Yes.", "article": told}, {"id": "c2", "text": "No.", "article": named})
    assert fake_models.asked[-1].article.text == "The council voted."


def test_an_article_told_with_the_first_is_used_for_an_edit_that_leaves_it_out(gazette: Caller) -> None:
    gazette.comment("c2", "No.", article={"id": "trains"})
    told = {"id": "trains", "text": "The council voted."}
    batch(gazette, {"id": "c1", "text": "Yes.", "article": told}, {"id": "c2", "text": "On second thoughts, yes."})
    assert fake_models.asked[-1].article.text == "The council voted."


def test_a_text_told_with_the_first_is_used_for_the_others_that_repeat_the_title(gazette: Caller) -> None:
    told = {"id": "trains", "title": "Trains", "text": "The council voted."}
    batch(
        gazette, {"id": "c1", "text": "Yes.", "article": told}, {"id": "c2", "text": "No.", "article": {"id": "trains", "title": "Trains"}}
    )
    assert fake_models.asked[-1].article.text == "The council voted."


def test_a_thousand_comments_are_taken(gazette: Caller) -> None:
    results = batch(gazette, *({"id": f"c{n}", "text": f"Comment number {n}."} for n in range(1_000)))
    assert [one["result"]["comment"]["id"] for one in results] == [f"c{n}" for n in range(1_000)]


@pytest.mark.parametrize("count", [0, 1_001])
def test_a_batch_has_one_to_a_thousand_comments(gazette: Caller, count: int) -> None:
    answer = gazette.post("/v1/comments:batch", {"comments": [{"id": "c1", "text": "Well said."}] * count})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "comments")


@pytest.mark.parametrize("body", ["[]", '{"comments": {}}', '{"comments": [], "more": 1}', "7"])
def test_a_batch_is_a_list_of_comments(gazette: Caller, body: str) -> None:
    assert gazette.call("POST", "/v1/comments:batch", data=body).status_code == 422


def test_a_batch_that_is_not_json_is_refused(gazette: Caller) -> None:
    assert gazette.call("POST", "/v1/comments:batch", data='{"comments": [').status_code == 400


@pytest.mark.parametrize("rest", ["", "[" * 100_000, "9" * 5_000 + "]}"])
def test_half_an_emoji_before_worse_is_no_fault(gazette: Caller, rest: str) -> None:
    assert gazette.call("POST", "/v1/comments:batch", data='{"comments": ["\\ud83d",' + rest).status_code == 422


def test_a_comment_that_is_nested_too_deep_does_not_crash(gazette: Caller) -> None:
    deep = json.loads("[" * 150 + "]" * 150)
    (one,) = batch(gazette, {"id": "c1", "text": deep})
    assert one["problem"]["status"] == 422


def test_half_an_emoji_in_an_id_costs_that_comment_alone(gazette: Caller) -> None:
    one, other = batch(gazette, {"id": "c1", "text": "Well said."}, {"id": "\ud83d", "text": "Well said."})
    assert (one["result"]["decision"], other["problem"]["status"]) == ("approve", 422)
