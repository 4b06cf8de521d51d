"""What waits, in which order, and how a moderator finds it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from conftest import Caller, make_caller
from flask import Flask
from room import Visitor, cards, make_moderator, make_token
from sqlalchemy import Engine, update

from service.domain import Outcome, Reason
from service.review.api import QUEUE_QUERY
from service.review.shown import marked
from service.storage.engine import writing
from service.storage.tables import queue

POLICY = """
[hold]
toxicity = 0.6
off_topic = 0.8
[reject]
toxicity = 0.95
[words]
suspect = ["swindl*", "idiot"]
"""

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</textarea></div><iframe src=javascript:alert(1)>",
    "{{ 7 * 7 }}<b>bold</b>",
    "<mark>not ours</mark>",
]


@pytest.fixture
def app(new_app: Any) -> Flask:
    made: Flask = new_app(POLICY=POLICY)
    return made


def ids(visitor: Visitor, **arguments: Any) -> list[int]:
    return cards(visitor.page("/review/", **arguments))


@pytest.fixture
def held(gazette: Caller, ada: Visitor) -> dict[str, int]:
    """Four waiting comments by what is particular in each."""
    told = {
        "plain": {"text": "A rude remark.", "author": {"id": "a1", "name": "Ann"}, "section": "news", "language": "en"},
        "stray": {"text": "Something from elsewhere.", "article": {"id": "one", "title": "Trains", "text": "Trains are back."}},
        "word": {"text": "What a Swindler, says 100% of _us_!", "author": {"id": "a2"}, "section": "sport"},
        "reply": {"text": "A rude answer.", "parent": {"text": "What was said first."}, "author": {"id": "a1"}},
    }
    for id, comment in told.items():
        assert gazette.comment(id, **comment)["decision"] == "hold"
    return dict(zip(told, ids(ada, order="oldest"), strict=True))


@pytest.mark.parametrize("order", ["urgent", "score"])
def test_the_riskiest_come_first(held: dict[str, int], ada: Visitor, order: str) -> None:
    assert set(ids(ada, order=order)[:2]) == {held["plain"], held["reply"]}


def test_what_could_not_be_scored_comes_before_what_is_only_off_topic(held: dict[str, int], gazette: Caller, ada: Visitor) -> None:
    gazette.comment("c1", "An unscorable remark.")
    order = ids(ada)
    (unscored,) = set(order) - set(held.values())
    assert order.index(unscored) < order.index(held["stray"])


def test_an_audit_comes_after_what_is_held_however_risky_it_is(new_app: Any) -> None:
    app = new_app(POLICY=f"{POLICY}[audit]\nshare = 1.0\n")
    gazette, ada = make_caller(app, "gazette"), make_moderator(app, "Ada", "gazette")
    assert gazette.comment("c1", "Most vile.")["decision"] == "reject"
    assert gazette.comment("c2", "What a swindler.")["decision"] == "hold"
    assert ids(ada) == [*ids(ada, audit="none"), *ids(ada, audit="only")]


def test_the_order_by_age(held: dict[str, int], ada: Visitor) -> None:
    by_age = [held[name] for name in ("plain", "stray", "word", "reply")]
    assert ids(ada, order="oldest") == by_age
    assert ids(ada, order="newest") == by_age[::-1]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"reason": "suspect_word"}, ["word"]),
        ({"reason": "toxicity"}, ["plain", "reply"]),
        ({"attribute": "off_topic", "low": "0.6"}, ["stray"]),
        ({"low": "0.6", "high": "0,8"}, ["plain", "reply"]),
        ({"author": "a1"}, ["plain", "reply"]),
        ({"section": "sport"}, ["word"]),
        ({"language": "en"}, ["plain"]),
        ({"language": "en-GB"}, ["plain"]),
        ({"language": "und"}, []),
        ({"q": "SOMETHING"}, ["stray"]),
        ({"q": "100%"}, ["word"]),
        ({"q": "_us_"}, ["word"]),
        ({"q": "%"}, ["word"]),
        ({"site": "gazette", "audit": "none"}, ["plain", "stray", "word", "reply"]),
        ({"site": "herald"}, []),
        ({"audit": "only"}, []),
    ],
)
def test_filters(held: dict[str, int], ada: Visitor, asked: dict[str, str], expected: list[str]) -> None:
    assert ids(ada, order="oldest", **asked) == [held[name] for name in expected]


def test_no_filter_shows_what_is_not_of_its_kind(held: dict[str, int], app: Flask, ada: Visitor) -> None:
    """One that is offered and not applied would show everything, to whoever judges many at once too."""
    of_no_kind = {"article": "999999", "attribute": "spam", "low": "1", "high": "0", "audit": "only"}
    asked = {name: of_no_kind.get(name, "zorgle") for name in QUEUE_QUERY.keys() - {"order", "after"}}
    tom = Caller(app, make_token(app, "Tom", "gazette"))
    assert [name for name, value in asked.items() if ids(ada, **{name: value})] == []
    assert [name for name, value in asked.items() if tom.get(f"/v1/queue?{name}={value}").get_json()["waiting"]] == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"q": "trains"}, "Search: <bdi>trains</bdi>"),
        ({"reason": "suspect_word"}, "Reason: <bdi>Suspect word</bdi>"),
        ({"attribute": "off_topic"}, "Score of: <bdi>Off topic</bdi>"),
        ({"order": "score"}, "Order: <bdi>highest score</bdi>"),
        ({"low": "0.6"}, "From: <bdi>0.6</bdi>"),
        ({"article": "999999"}, "Article: <bdi>no. 999999</bdi>"),
    ],
)
def test_a_filter_is_named_as_a_person_reads_it(held: dict[str, int], ada: Visitor, asked: dict[str, str], said: str) -> None:
    assert said in ada.page("/review/", **asked)


def test_a_filter_has_the_name_of_its_field(held: dict[str, int], ada: Visitor) -> None:
    asked = {"q": "a", "order": "score", "reason": "toxicity", "article": "1", "site": "gazette", "section": "news", "language": "en"}
    asked |= {"attribute": "toxicity", "low": "0.1", "high": "0.9", "author": "a1", "audit": "none"}
    assert asked.keys() == QUEUE_QUERY.keys() - {"after"}
    page = ada.page("/review/", **asked)
    fields = {name: label.strip() for label, name in re.findall(r'<label[^>]*>([^<]+)<(?:input|select)[^>]* name="(\w+)"', page)}
    chips = re.findall(r'<a href="[^"]*">([^:<]+): <bdi>', unescape(page))
    assert sorted(chips, key=str.lower) == sorted((fields[name][0].upper() + fields[name][1:] for name in asked), key=str.lower)


@pytest.mark.parametrize(("name", "value", "said"), [("reason", "banned_word", "Banned word"), ("article", "7", "no. 7")])
def test_a_filter_stays_chosen_when_nothing_of_its_kind_waits(ada: Visitor, name: str, value: str, said: str) -> None:
    assert f'<option value="{value}" selected>{said}</option>' in ada.page("/review/", **{name: value})


def test_a_filter_by_article_has_its_title(held: dict[str, int], ada: Visitor) -> None:
    [article] = re.findall(r'<option value="(\d+)" *>Trains<', ada.page("/review/"))
    assert "Article: <bdi>Trains</bdi>" in ada.page("/review/", article=article)


@pytest.mark.parametrize(
    "asked",
    [
        {"order": "best"},
        {"low": "high"},
        {"high": "2"},
        {"attribute": "mood"},
        {"article": "x"},
        {"article": "9" * 19},
        {"after": "x"},
        {"q": "a" * 201},
        {"audit": "x"},
    ],
)
def test_a_filter_without_sense_is_refused(ada: Visitor, asked: dict[str, str]) -> None:
    assert ada.get("/review/", **asked).status_code == 422


@pytest.mark.parametrize("order", ["urgent", "score", "oldest", "newest"])
def test_the_pages_together_have_every_comment_once(gazette: Caller, ada: Visitor, app: Flask, order: str) -> None:
    sent = [{"id": f"c{n}", "text": f"A rude remark, {n}."} for n in range(53)]
    gazette.post("/v1/comments:batch", {"comments": sent})
    token = Caller(app, make_token(app, "Tom", "gazette"))
    seen: list[str] = []
    following: str | None = ""
    while following is not None:
        page = token.get(f"/v1/queue?order={order}&after={following}").get_json()
        seen += [card["id"] for card in page["comments"]]
        following = page["next"]
    assert len(seen) == 53
    assert set(seen) == {one["id"] for one in sent}


def test_a_card_has_all_that_is_needed(held: dict[str, int], ada: Visitor, gazette: Caller) -> None:
    gazette.comment("fine", "A kind remark.", author={"id": "a1"})
    page = ada.page("/review/")
    for shown in (
        "Trains are back.",
        "What was said first.",
        "Ann",
        "1 approved",
        "0 rejected",
        "0.70",
        "holds from 0.60",
        "gazette / <bdi>sport</bdi>",
    ):
        assert shown in page, shown
    assert '<mark title="Suspect word">Swindler</mark>' in page


def test_a_card_has_what_is_answered_also_where_the_cms_names_it_by_its_id_alone(gazette: Caller, ada: Visitor) -> None:
    gazette.comment("c1", "What was said first.")
    gazette.comment("c2", "A rude answer.", parent={"id": "c1"})
    assert "What was said first." in ada.page("/review/")


@pytest.mark.parametrize("blank", ["", "  ", "\u200b\u2060", "\u3164", "\u202e\ufe0f"])
def test_a_link_can_be_seen_though_its_reader_wrote_nothing_that_is(gazette: Caller, ada: Visitor, blank: str) -> None:
    gazette.comment("c1", "A rude remark.", author={"id": "a1", "name": blank})
    assert "<bdi>a1</bdi></a>" in ada.page("/review/")
    ada.judge(ids(ada)[0], verdict="approve")
    gazette.comment("c1", blank + "\u200b", author={"id": "a1"})
    assert "<bdi>nothing that is seen</bdi></a>" in ada.page("/review/recent")


def test_a_card_counts_what_the_author_wrote_on_that_site(gazette: Caller, herald: Caller, ada: Visitor) -> None:
    gazette.comment("c1", "A rude remark.", author={"id": "a1"})
    gazette.comment("others", "A kind remark.", author={"id": "a2"})
    herald.comment("elsewhere", "A kind remark.", author={"id": "a1"})
    assert "0 approved" in ada.page("/review/")


def test_a_moderator_reads_which_word_of_the_list_it_was_also_in_disguise(gazette: Caller, ada: Visitor) -> None:
    gazette.comment("c1", "You i d i o t!")
    (comment,) = ids(ada)
    for page in (ada.page("/review/"), ada.page(f"/review/comments/{comment}")):
        assert "a word on the list of suspect words. “<bdi>idiot</bdi>”" in page


def test_a_card_has_the_threshold_as_it_is_written(new_app: Any) -> None:
    app = new_app(POLICY="[hold]\ntoxicity = 0.695\n")
    make_caller(app, "gazette").comment("c1", "A rude remark.")
    page = make_moderator(app, "Ada").page("/review/")
    assert ("0.700" in page, "holds from 0.695" in page) == (True, True)


def test_a_colleagues_comment_is_not_handed_out(held: dict[str, int], ada: Visitor, ben: Visitor) -> None:
    ada.send(f"/review/comments/{held['word']}/claim", script=True)
    assert held["word"] not in ids(ben)
    live = ben.get("/review/live", comments="_".join(str(pk) for pk in [*held.values(), 999])).get_json()
    assert live == {"waiting": "4", "claimed": {str(held["word"]): "Ada"}, "gone": [999]}


def test_no_site_sees_anothers(held: dict[str, int], carol: Visitor) -> None:
    page = carol.page("/review/")
    assert cards(page) == []
    assert "Trains" not in page


def test_nobody_learns_who_reads_anothers_comments(held: dict[str, int], ada: Visitor, carol: Visitor) -> None:
    ada.send(f"/review/comments/{held['word']}/claim", script=True)
    live = carol.get("/review/live", comments="_".join(str(pk) for pk in held.values())).get_json()
    assert live == {"waiting": "0", "claimed": {}, "gone": sorted(held.values())}


def test_a_moderator_of_all_sites_sees_them_all(held: dict[str, int], herald: Caller, app: Flask) -> None:
    herald.comment("h1", "A rude remark.")
    chief = make_moderator(app, "Chief")
    assert len(ids(chief)) == 5
    assert len(ids(chief, site="herald")) == 1
    assert len(ids(make_moderator(app, "Both", "gazette", "herald"))) == 5


def test_a_long_queue_is_not_counted_to_its_end(held: dict[str, int], ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.storage.cards.MOST_COUNTED", 2)
    monkeypatch.setattr("service.review.shown.MOST_COUNTED", 2)
    assert "more than 2" in ada.page("/review/")


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_reader_writes_never_runs(gazette: Caller, ada: Visitor, attack: str) -> None:
    about = {
        "author": {"id": attack, "name": attack},
        "article": {"id": "1", "url": "javascript:alert(1)", "title": attack, "text": attack},
    }
    gazette.comment("c1", f"rude {attack}", parent={"text": attack}, section=attack, **about)
    comment = ids(ada)[0]
    ada.send(f"/review/comments/{comment}/notes", text=attack)
    pages = [ada.page(path) for path in ("/review/", f"/review/comments/{comment}", "/review/?q=rude")]
    ada.judge(comment, reason_code="other", explanation=attack)
    pages += [ada.page(path) for path in ("/review/recent", f"/review/comments/{comment}", "/review/overview")]
    for page in pages:
        assert attack not in page
        assert 'href="javascript:' not in page


@pytest.mark.parametrize("name", ["\u202eada", "نور"])
def test_a_name_that_is_read_from_the_right_turns_nothing_beside_it(gazette: Caller, ada: Visitor, name: str) -> None:
    gazette.comment("c1", "rude", author={"id": "a1", "name": name}, article={"id": "1", "title": name}, section=name)
    page = ada.page("/review/", section=name)
    assert page.count(f"<bdi>{name}</bdi>") == 4  # the title, the author, the section and the filter
    assert name not in page.replace(f"<bdi>{name}</bdi>", "").replace(f'value="{name}"', "").replace(f">{name}</option>", "")


@pytest.mark.parametrize("attack", ATTACKS)
def test_marking_words_keeps_a_text_safe(attack: str) -> None:
    reason = Reason(code="suspect_word", outcome=Outcome.HOLD, message="", words=("script", "<b>", attack, ""))
    shown = marked(f"rude {attack} end", [reason])
    assert attack not in shown.replace('<mark title="Suspect word">', "").replace("</mark>", "")


def test_a_marked_word_names_each_reason_that_it_is_for() -> None:
    reasons = [Reason(code=code, outcome=Outcome.HOLD, message="", words=("moron",)) for code in ("toxicity", "off_topic")]
    assert '<mark title="Toxicity, Off topic">Moron</mark>' in marked("You Moron.", reasons)


def test_a_phrase_is_marked_however_it_is_spaced() -> None:
    reason = Reason(code="suspect_word", outcome=Outcome.HOLD, message="", words=("phone number",))
    assert '<mark title="Suspect word">phone  \nnumber</mark>' in marked("her phone  \nnumber is", [reason])


def test_a_search_does_not_ask_for_capitals(gazette: Caller, ada: Visitor) -> None:
    gazette.comment("c1", "A rude word of MÜLLER and ÅNGSTRÖM.")
    assert len(ids(ada, q="müller")) == len(ids(ada, q="ångström")) == 1


def test_an_empty_page_of_a_queue_that_is_not_empty_says_where_the_rest_is(held: dict[str, int], ada: Visitor, ben: Visitor) -> None:
    ben.send(f"/review/comments/{held['word']}/claim", script=True)
    page = ada.page("/review/", section="sport")
    assert "colleagues are reading" in page
    assert "Nothing" not in page


def test_a_search_counts_what_a_colleague_reads(held: dict[str, int], ada: Visitor, ben: Visitor) -> None:
    ben.send(f"/review/comments/{held['word']}/claim", script=True)
    for word, waiting in (("swindler", "1"), ("e", "4"), ("nobody wrote this", "0")):
        page = ada.page("/review/", q=word)
        assert f'<strong id="waiting">{waiting}</strong>' in page
        assert ada.get("/review/live", q=word).get_json()["waiting"] == waiting
        assert ("Nothing of this kind waits" in page) == (waiting == "0")


def test_one_at_a_time_keeps_the_filter(held: dict[str, int], ada: Visitor) -> None:
    found = ada.get("/review/next", section="sport", order="newest").headers["Location"]
    assert found.partition("?")[0] == f"/review/comments/{held['word']}"
    page = ada.page(found)
    assert 'value="/review/next?section=sport&amp;order=newest"' in page
    ada.judge(held["word"], verdict="approve")
    assert ada.get("/review/next", section="sport", order="newest").headers["Location"] == "/review/?section=sport&order=newest"


def test_a_verdict_works_without_a_script(held: dict[str, int], ada: Visitor) -> None:
    answer = ada.judge(held["word"], script=False, verdict="approve", next="/review/?order=oldest")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/review/?order=oldest")
    assert "Approved." in ada.page("/review/?order=oldest")


def test_the_oldest_by_a_clock_that_is_ahead_is_of_no_age(held: dict[str, int], ada: Visitor, engine: Engine) -> None:
    with writing(engine) as db:
        db.execute(update(queue).values(waiting_since=datetime.now(UTC) + timedelta(hours=1)))
    assert "-1 hours" not in ada.page("/review/overview")


def test_age_overtakes_risk_in_the_end(held: dict[str, int], ada: Visitor, engine: Engine) -> None:
    with writing(engine) as db:
        db.execute(update(queue).where(queue.c.comment == held["word"]).values(urgent_at=datetime.now(UTC) - timedelta(hours=9)))
    assert ids(ada)[0] == held["word"]


@pytest.mark.parametrize("key", ["9223372036854775808", "9" * 5_000])
def test_a_key_that_no_database_holds_is_not_found(ada: Visitor, key: str) -> None:
    assert ada.get(f"/review/comments/{key}").status_code == 404
    assert ada.get("/review/recent", before=key).status_code == 200
    assert ada.get("/review/deliveries/", before=key).status_code == 200
