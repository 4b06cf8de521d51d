"""What comments are about: told once, used afterwards."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import fake_models
import pytest
from conftest import Caller, make_caller
from flask import Flask

from service import moderation
from service.domain import Article
from service.storage import articles, comments

STORY = {"url": "https://news.example/2026/trains?page=1", "title": "Night trains return", "text": "The council voted."}


def test_an_article_is_told_once(gazette: Caller) -> None:
    gazette.put("/v1/articles/trains", STORY)
    gazette.comment("c1", "Well said.", article={"id": "trains"})
    assert (fake_models.asked[-1].article.title, fake_models.asked[-1].article.text) == (STORY["title"], STORY["text"])


def test_an_article_reads_as_it_was_told(gazette: Caller) -> None:
    told = gazette.put("/v1/articles/trains", STORY).get_json()
    assert told == STORY | {"id": "trains", "site": "gazette", "updated_at": told["updated_at"]}
    assert gazette.get("/v1/articles/trains").get_json() == told


def test_an_article_is_sensitive_also_where_a_comment_names_it_by_its_id_alone(new_app: Callable[..., Flask]) -> None:
    gazette = make_caller(new_app(POLICY=f'[sensitive]\narticles = ["{STORY["url"]}"]'), "gazette")
    gazette.put("/v1/articles/trains", STORY)
    assert gazette.comment("c1", "Well said.", article={"id": "trains"})["decision"] == "hold"


def test_an_article_told_again_is_replaced(gazette: Caller) -> None:
    gazette.put("/v1/articles/trains", STORY)
    gazette.put("/v1/articles/trains", {"title": "No night trains"})
    found = gazette.get("/v1/articles/trains").get_json()
    assert (found["title"], found["text"], found["url"]) == ("No night trains", "", None)


def test_an_article_told_with_a_comment_is_used_for_the_next(gazette: Caller) -> None:
    gazette.comment("c1", "Well said.", article={"id": "trains", **STORY})
    gazette.comment("c2", "Well said.", article={"id": "trains"})
    assert fake_models.asked[-1].article.text == STORY["text"]


def test_an_article_is_found_by_its_url(gazette: Caller) -> None:
    gazette.put("/v1/articles/trains", STORY)
    answer = gazette.comment("c1", "Well said.", article={"url": STORY["url"]})
    assert answer["comment"]["article_id"] == "trains"
    assert gazette.get("/v1/articles/" + quote(STORY["url"], safe="")).get_json()["id"] == "trains"


def test_an_article_without_an_id_is_named_by_its_url(gazette: Caller) -> None:
    answer = gazette.comment("c1", "Well said.", article=STORY)
    assert answer["comment"]["article_id"] == STORY["url"]


@pytest.mark.parametrize("id", ["https://news.example/a//b?c=d&e=%20f#g", "/2026/03/trains", "a b", "é😀", "2026/"])
def test_an_articles_id_may_be_any_address(gazette: Caller, id: str) -> None:
    assert gazette.put("/v1/articles/" + quote(id, safe=""), STORY).get_json()["id"] == id
    assert gazette.get("/v1/articles/" + quote(id, safe="")).get_json()["id"] == id


def test_the_slashes_of_an_address_may_be_written_plainly(gazette: Caller) -> None:
    assert gazette.put("/v1/articles/https://news.example/a", STORY).get_json()["id"] == "https://news.example/a"


def test_a_site_does_not_see_anothers_article(gazette: Caller, herald: Caller) -> None:
    gazette.put("/v1/articles/trains", STORY)
    assert herald.get("/v1/articles/trains").status_code == 404
    herald.comment("c1", "Well said.", article={"id": "trains"})
    assert fake_models.asked[-1].article.text == ""


def test_an_article_of_the_same_id_on_another_site_is_another(gazette: Caller, herald: Caller) -> None:
    for cms, title in ((gazette, "Night trains return"), (herald, "No night trains")):
        cms.put("/v1/articles/trains", {"title": title})
    assert [cms.get("/v1/articles/trains").get_json()["title"] for cms in (gazette, herald)] == ["Night trains return", "No night trains"]


def test_a_comment_that_tells_more_of_an_article_keeps_what_was_told(gazette: Caller) -> None:
    gazette.put("/v1/articles/trains", {"text": "The council voted."})
    gazette.comment("c1", "Well said.", article={"id": "trains", "title": "Night trains return"})
    found = gazette.get("/v1/articles/trains").get_json()
    assert (found["title"], found["text"]) == ("Night trains return", "The council voted.")


def test_a_title_or_a_text_that_is_null_is_taken_as_left_out(gazette: Caller) -> None:
    gazette.put("/v1/articles/trains", STORY)
    gazette.comment("c1", "Well said.", article={"id": "trains", "title": None, "text": None}, parent={"id": "c0", "text": None})
    assert gazette.get("/v1/articles/trains").get_json()["text"] == STORY["text"]
    gazette.put("/v1/articles/trains", {"url": None, "title": "No night trains", "text": None})
    found = gazette.get("/v1/articles/trains").get_json()
    assert (found["title"], found["text"], found["url"]) == ("No night trains", "", None)


def test_what_the_cms_tells_of_an_article_while_a_comment_is_scored_stays(gazette: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    gazette.put("/v1/articles/trains", STORY)
    score, corrected = moderation.score, {"url": "https://news.example/corrected", "title": "No night trains", "text": "It voted again."}

    def corrected_meanwhile(*asked: Any) -> Any:
        gazette.put("/v1/articles/trains", corrected)
        return score(*asked)

    monkeypatch.setattr(moderation, "score", corrected_meanwhile)
    for text in ("Well said.", "Well said, on second thoughts."):
        gazette.comment("c1", text, article={"id": "trains"})
        found = gazette.get("/v1/articles/trains").get_json()
        assert {name: found[name] for name in corrected} == corrected
        gazette.put("/v1/articles/trains", STORY)


@pytest.mark.parametrize("before", [STORY, None])
def test_what_the_cms_tells_of_an_article_while_a_comment_is_stored_stays(
    gazette: Caller, monkeypatch: pytest.MonkeyPatch, before: dict[str, str] | None
) -> None:
    if before:
        gazette.put("/v1/articles/trains", before)
    history, corrected = comments.history, {"url": "https://news.example/corrected", "title": "No night trains", "text": "It voted again."}

    def corrected_meanwhile(db: Any, *asked: Any, **windows: Any) -> Any:
        articles.put(db, "gazette", Article(id="trains", **corrected))
        return history(db, *asked, **windows)

    monkeypatch.setattr(comments, "history", corrected_meanwhile)
    gazette.comment("c1", "Well said.", article={"id": "trains"})
    found = gazette.get("/v1/articles/trains").get_json()
    assert {name: found[name] for name in corrected} == corrected
