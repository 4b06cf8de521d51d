"""When a comment says enough to be about anything, and which of its words its article does not know."""

import pytest

from service.domain import Article, Parent, ScoreInput
from service.topicality import Topicality, has_evidence

ARTICLE = Article(id="trams", title="Night trams", text="The council voted on Monday.")


def strange(
    text: str, *, rarity: dict[str, float] | None = None, article: Article | None = ARTICLE, parent: Parent | None = None
) -> list[str]:
    """The words that explain why a text is off topic."""
    spans = Topicality(rarity or {}).explain(ScoreInput(text=text, article=article, parent=parent), "off_topic")
    return [text[begin:end] for begin, end in spans]


def test_words_that_the_article_or_what_is_answered_has_too_are_not_strange() -> None:
    parent = Parent(text="My tulips need compost.")
    assert strange("The council, trams, tulips and penguins.", parent=parent) == ["penguins"]


def test_the_five_rarest_words_are_told_in_the_order_of_the_text() -> None:
    rarity = {"penguin": 7.0, "tulip": 1.0, "compost": 6.0, "goalkeeper": 5.0, "orchid": 2.0, "walnut": 4.0, "trumpet": 3.0}
    text = "Penguins tulips compost goalkeeper orchid walnut trumpet"
    assert strange(text, rarity=rarity) == ["Penguins", "compost", "goalkeeper", "walnut", "trumpet"]


def test_without_an_article_no_word_is_strange() -> None:
    assert strange("Penguins and tulips.", article=None) == []


@pytest.mark.parametrize(("words", "enough"), [((), False), (("tram", "tram"), False), (("tram", "depot"), True)])
def test_two_different_words_are_evidence(words: tuple[str, ...], enough: bool) -> None:
    assert has_evidence(words) == enough
