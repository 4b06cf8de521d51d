"""The house rules, one by one: what fires them, what does not, and what they say."""

import subprocess
import sys
from dataclasses import replace
from typing import Any, cast

import pytest

from service import policy, rules, wordlist
from service.domain import ATTRIBUTES, Article, Author, Comment, Decision, History, Outcome, Scores

APPROVE, HOLD, REJECT = Outcome.APPROVE, Outcome.HOLD, Outcome.REJECT
CALM = Scores(dict.fromkeys(ATTRIBUTES, 0.01), "m1")
WORDS = '[words]\nbanned = ["zorgle", "green cheese", "swindl*"]\nsuspect = ["idiot"]'
LINKS = '[links]\nhold_above = 1\nallowed_domains = ["news.example", "press.com"]'


def decide(
    text: str, house: str, *, scores: Scores | None = CALM, language: str | None = "en", history: History | None = None, **about: Any
) -> Decision:
    comment = Comment(site=about.pop("site", "gazette"), id=about.pop("id", "c1"), text=text, author=Author(id="a1"), **about)
    return policy.decide(comment, scores, language, history or History(), rules.parse(house))


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_a_comment_that_no_rule_objects_to_is_approved() -> None:
    decision = decide("A fine point.", "")
    assert (decision.outcome, decision.reasons, decision.shadow) == (APPROVE, (), None)
    assert decision.scores == CALM.values
    assert decision.model_version == "m1"
    assert decision.policy_version == rules.parse("").version


@pytest.mark.parametrize(
    ("score", "outcome", "threshold"),
    [(0.0, APPROVE, None), (0.59, APPROVE, None), (0.6, HOLD, 0.6), (0.94, HOLD, 0.6), (0.95, REJECT, 0.95), (1.0, REJECT, 0.95)],
)
def test_a_score_at_a_threshold_crosses_it(score: float, outcome: Outcome, threshold: float | None) -> None:
    decision = decide("Text.", "[hold]\ntoxicity = 0.6\n[reject]\ntoxicity = 0.95", scores=Scores({"toxicity": score}, "m1"))
    assert decision.outcome is outcome
    assert [reason.threshold for reason in decision.reasons] == ([] if threshold is None else [threshold])


def test_zero_is_a_score_and_a_threshold_like_any_other() -> None:
    assert decide("Text.", "[hold]\nspam = 0", scores=Scores({"spam": 0.0}, "m1")).outcome is HOLD
    assert decide("Text.", "[reject]\nspam = 0", scores=Scores({"spam": 0.0}, "m1")).outcome is REJECT


def test_a_reason_is_a_sentence_with_its_numbers() -> None:
    (reason,) = decide("Text.", "[hold]\nsevere_toxicity = 0.6", scores=Scores({"severe_toxicity": 0.91}, "m1")).reasons
    assert reason.message == "Severe toxicity 0.91 is at or above the hold threshold 0.60."
    assert (reason.code, reason.score, reason.threshold) == ("severe_toxicity", 0.91, 0.6)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (0.995, "Toxicity 0.995 is at or above the reject threshold 0.995."),
        (0.9949, "Toxicity 0.99 is at or above the hold threshold 0.50."),
        (0.7, "Toxicity 0.70 is at or above the hold threshold 0.50."),
    ],
)
def test_a_score_that_a_threshold_is_above_never_reads_like_it(score: float, message: str) -> None:
    (reason,) = decide("Text.", "[hold]\ntoxicity = 0.5\n[reject]\ntoxicity = 0.995", scores=Scores({"toxicity": score}, "m1")).reasons
    assert reason.message == message


def test_an_attribute_without_a_score_or_a_threshold_says_nothing() -> None:
    assert decide("Well said!", "[hold]\noff_topic = 0.5", scores=Scores({"toxicity": 0.9}, "m1")).outcome is APPROVE


def test_off_topic_holds_and_never_rejects() -> None:
    assert decide("Text.", "[hold]\noff_topic = 0.5", scores=Scores({"off_topic": 1.0}, "m1")).outcome is HOLD


@pytest.mark.parametrize("scores", [None, Scores({"toxicity": float("nan")}, "m1"), Scores({"toxicity": 1.0, "spam": 1.5}, "m1")])
def test_without_scores_to_rely_on_a_comment_is_held(scores: Scores | None) -> None:
    decision = decide("Text.", "[reject]\ntoxicity = 0.9", scores=scores)
    assert (decision.outcome, codes(decision), decision.scores) == (HOLD, ["scoring_failed"], {})
    assert decision.model_version == ("m1" if scores else policy.NO_MODEL)


def test_a_comment_of_which_the_model_read_parts_is_held_and_still_rejected_for_what_it_read() -> None:
    read = Scores({"toxicity": 0.1}, "m1", whole=False)
    assert codes(decide("Text.", "[reject]\ntoxicity = 0.9", scores=read)) == ["partly_read"]
    assert decide("Text.", "[reject]\ntoxicity = 0.9", scores=read).outcome is HOLD
    assert decide("Text.", "[reject]\ntoxicity = 0.9", scores=replace(read, values={"toxicity": 0.95})).outcome is REJECT


def test_a_banned_word_rejects_even_where_the_scorer_fails_or_the_language_is_unknown() -> None:
    decision = decide("zorgle", WORDS + "\n", scores=None)
    assert (decision.outcome, codes(decision)) == (REJECT, ["banned_word", "scoring_failed"])
    assert decide("zorgle", 'languages = ["en"]\n' + WORDS, language="de").outcome is REJECT


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("You zorgle!", "zorgle"),
        ("ZORGLE", "ZORGLE"),
        ("z\u200borgle", "z\u200borgle"),
        ("zоrgle", "zоrgle"),
        ("<b>zor</b>gle", "<b>zor</b>gle"),
        ("ｚｏｒｇｌｅ", "ｚｏｒｇｌｅ"),
        ("all GREEN\n cheese", "green cheese"),
        ("a swindler", "swindler"),
        ("what a _swindler_ he is", "_swindler_"),
        ("all _green cheese_ there", "green cheese"),
        ("a swindl", "swindl"),
    ],
)
def test_a_banned_word_rejects_and_is_named_as_it_was_written(text: str, word: str) -> None:
    decision = decide(text, WORDS)
    assert (decision.outcome, codes(decision)) == (REJECT, ["banned_word"])
    assert decision.reasons[0].words == (word,)


@pytest.mark.parametrize("text", ["zorgles", "ozorgle", "greencheese", "green old cheese", "dwindle", "green", "swind"])
def test_a_word_inside_another_is_not_banned(text: str) -> None:
    assert decide(text, WORDS).outcome is APPROVE


@pytest.mark.parametrize("text", ["idiot", "i d i o t", "1d1ot", "i.d.i.o.t", "iiidiooot", "іdіоt"])
def test_a_suspect_word_holds_in_disguise_too(text: str) -> None:
    decision = decide(f"you {text}", WORDS)
    assert (decision.outcome, codes(decision)) == (HOLD, ["suspect_word"])


def test_a_long_list_of_words_works() -> None:
    banned = ", ".join(f'"word{number}x*"' for number in range(5_000))
    assert decide("text " * 500 + "word4999xyz", f"[words]\nbanned = [{banned}]").reasons[0].words == ("word4999xyz",)


def test_of_a_word_without_an_end_only_beginnings_of_a_listed_length_are_looked_up() -> None:
    looked_up: list[tuple[str, ...]] = []

    class Noticing(frozenset[tuple[str, ...]]):
        def __contains__(self, phrase: object) -> bool:
            looked_up.append(cast("tuple[str, ...]", phrase))
            return super().__contains__(phrase)

    listed = wordlist.word_list(("swindl*", "old fraud*", "cow*"))
    assert list(replace(listed, begun=Noticing(listed.begun)).matches(["a" * 100_000])) == []
    assert sorted(len(phrase[-1]) for phrase in looked_up) == [3, 5, 6]


def test_the_words_that_are_named_are_looked_for_in_a_long_comment_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(wordlist, "normalise", lambda text: read.append(text) or wordlist.visible(text).lower())
    banned = tuple(f"zorgle{letter}" for letter in "abcdefghij")
    assert wordlist.found(banned, " ".join([*map(str, range(1_000)), *banned])) == banned
    assert len(read) == 1_000 + len(banned) + 1


def test_a_comment_made_of_banned_words_names_the_first_of_them() -> None:
    decision = decide(" ".join(f"swindl{number}" for number in range(1_500)), WORDS)
    assert decision.reasons[0].words == tuple(f"swindl{number}" for number in range(10))


@pytest.mark.parametrize(
    ("language", "outcome"),
    [("en", APPROVE), ("EN-gb", APPROVE), ("en_US", APPROVE), (None, APPROVE), ("de", HOLD), ("de-AT", HOLD), ("", HOLD)],
)
def test_a_language_that_the_site_does_not_read_is_held(language: str | None, outcome: Outcome) -> None:
    decision = decide("Text.", 'languages = ["en", "fr"]', language=language)
    assert decision.outcome is outcome
    assert codes(decision) == ([] if outcome is APPROVE else ["language"])
    assert decide("Text.", "", language=language).outcome is APPROVE


@pytest.mark.parametrize(("score", "spared"), [(0.95, True), (0.6, False)])
def test_only_what_would_be_rejected_is_said_to_be_held_for_its_language(score: float, spared: bool) -> None:
    house = 'languages = ["en"]\n[hold]\ntoxicity = 0.5\n[reject]\ntoxicity = 0.9'
    _, toxicity = decide("Text.", house, language="de", scores=Scores({"toxicity": score}, "m1")).reasons
    assert ("It only holds" in toxicity.message) == spared


def test_a_score_in_a_language_that_the_model_does_not_know_holds_and_does_not_reject() -> None:
    decision = decide("Text.", 'languages = ["en"]\n[reject]\ntoxicity = 0.9', language="de", scores=Scores({"toxicity": 1.0}, "m1"))
    assert (decision.outcome, codes(decision)) == (HOLD, ["language", "toxicity"])


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("http://a.example http://b.example", HOLD),
        ("see www.one.example, two.com/page", HOLD),
        ("http://a.example http://a.example", APPROVE),
        ('<a href="http://a.example/x">http://a.example/x</a>', APPROVE),
        ("one.com (http://one.com)", APPROVE),
        ("one.com/x, (one.com/x) or http://one.com/x.", APPROVE),
        ("http://a.example and me@two.com", APPROVE),
        ("http://a.example https://news.example/x http://sub.press.com", APPROVE),
        ("http://a.example http://news.example.evil.com", HOLD),
        ("http://a.example http://news.example@evil.com/", HOLD),
        ("http://a.example http://evil.com\\@news.example", HOLD),
        ("http://a.example http://badpress.com", HOLD),
        ("http://a.example www.evil.com/?to=http://a.example", HOLD),
        ("http://a.example www.evil.com/?to=http://news.example", HOLD),
        ("http://a.example http://[broken", HOLD),
        ("e.g. no link, i.e. none, the U.S.A. at 10.30", APPROVE),
    ],
)
def test_more_different_links_than_allowed_are_held(text: str, outcome: Outcome) -> None:
    decision = decide(text, LINKS)
    assert decision.outcome is outcome
    assert codes(decision) == ([] if outcome is APPROVE else ["links"])


def test_a_link_without_its_scheme_goes_on_to_its_country() -> None:
    house = '[links]\nhold_above = 1\nallowed_domains = ["news.co.uk", "press.com"]'
    assert decide("one.com, news.co.uk/a, press.com.Then what", house).outcome is APPROVE
    assert decide("one.co.uk/a one.co.uk/b said two.com.au", house).reasons[0].words == ("one.co.uk/a", "one.co.uk/b", "two.com.au")


def test_the_links_that_counted_are_named() -> None:
    (reason,) = decide("http://a.example/x, http://news.example (www.b.example).", LINKS).reasons
    assert reason.words == ("http://a.example/x", "www.b.example")
    assert reason.message == "The comment has 2 links; more than 1 are held."


@pytest.mark.parametrize(
    ("house", "under", "over", "code"),
    [
        ("[floods]\nhold_above = 3", History(author_recent=2), History(author_recent=3), "flood"),
        ("[repeats]\nhold_above = 1", History(same_text=0), History(same_text=1), "repeat"),
        ("[new_authors]\nhold_until_approved = 2", History(author_approved=2), History(author_approved=1), "new_author"),
    ],
)
def test_history_holds_above_its_limit(house: str, under: History, over: History, code: str) -> None:
    assert decide("Text.", house, history=under).outcome is APPROVE
    decision = decide("Text.", house, history=over)
    assert (decision.outcome, codes(decision)) == (HOLD, [code])
    assert decide("Text.", "", history=over).outcome is APPROVE


@pytest.mark.parametrize(
    ("text", "outcome"),
    [("WHAT A GAME", HOLD), ("What a game", APPROVE), ("WHAT", APPROVE), ("这真是太可耻了政府什么都不做", APPROVE), ("12345 !!!", APPROVE)],
)
def test_shouting_is_held_from_a_length_on(text: str, outcome: Outcome) -> None:
    decision = decide(text, "[shouting]\nhold_above = 0.8\nmin_letters = 8")
    assert decision.outcome is outcome
    assert codes(decision) == ([] if outcome is APPROVE else ["shouting"])


@pytest.mark.parametrize("percent", [0, 29, 57, 58, 80, 100])
def test_just_the_share_of_capitals_that_is_allowed_is_no_shouting(percent: int) -> None:
    text, house = "A" * percent + "a" * (100 - percent), f"[shouting]\nhold_above = {percent / 100}\nmin_letters = 0"
    assert decide(text, house).outcome is APPROVE
    assert decide("123", house).outcome is APPROVE


def test_a_hold_for_shouting_says_how_far_it_is_from_what_is_allowed() -> None:
    (reason,) = decide("A" * 403 + "a" * 97, "[shouting]\nhold_above = 0.805").reasons
    assert reason.message == "403 of 500 letters are capitals; more than 80.5% are held."


@pytest.mark.parametrize(("size", "outcome"), [(2, HOLD), (3, APPROVE), (10, APPROVE), (11, HOLD)])
def test_a_comment_outside_its_length_is_held(size: int, outcome: Outcome) -> None:
    decision = decide("x" * size + "  ", "[length]\nmin_characters = 3\nmax_characters = 10")
    assert decision.outcome is outcome
    assert codes(decision) == ([] if outcome is APPROVE else ["length"])


@pytest.mark.parametrize(
    ("article", "outcome"),
    [
        (Article(id="s1"), HOLD),
        (Article(id="x", url="https://news.example/trial/"), HOLD),
        (Article(id="x", url="https://news.example/2"), HOLD),
        (Article(id="s2", url="https://news.example/trial/2"), APPROVE),
        (None, APPROVE),
    ],
)
def test_every_comment_on_a_sensitive_article_is_held(article: Article | None, outcome: Outcome) -> None:
    decision = decide("Text.", '[sensitive]\narticles = ["s1", "https://news.example/trial", "https://news.example/2/"]', article=article)
    assert decision.outcome is outcome
    assert codes(decision) == ([] if outcome is APPROVE else ["sensitive_article"])


def test_shadow_approves_and_records_what_it_would_have_done() -> None:
    decision = decide("zorgle", "shadow = true\n" + WORDS)
    assert (decision.outcome, decision.shadow, codes(decision)) == (APPROVE, REJECT, ["banned_word"])
    assert decide("Fine.", "shadow = true").shadow is APPROVE


def test_an_audit_says_the_share_as_the_house_rules_have_it() -> None:
    decision = next(found for found in (decide("Fine.", "[audit]\nshare = 0.0125", id=f"c{n}") for n in range(10_000)) if found.reasons)
    assert decision.reasons[0].message == "Chosen by chance (1.25% of what was decided without a moderator); the decision stands."


def test_a_section_is_judged_by_its_own_rules() -> None:
    house = '[hold]\ntoxicity = 0.9\n[sites.gazette]\nsections = ["sport"]\n[sites.gazette.section.sport.hold]\ntoxicity = 0.5'
    scores = Scores({"toxicity": 0.6}, "m1")
    assert decide("Text.", house, scores=scores, section="sport").outcome is HOLD
    assert decide("Text.", house, scores=scores, section="politics").outcome is APPROVE
    assert decide("Text.", house, scores=scores, section="sport", site="other").outcome is APPROVE


def test_the_severest_reason_is_read_first_and_all_are_kept() -> None:
    house = f"[hold]\ntoxicity = 0.5\n{WORDS}\n[length]\nmax_characters = 5"
    decision = decide("zorgle idiot", house, scores=Scores({"toxicity": 0.7}, "m1"))
    assert codes(decision) == ["banned_word", "suspect_word", "toxicity", "length"]


def test_the_core_needs_neither_the_web_nor_the_database() -> None:
    names = "service.domain, service.policy, service.rules, service.language"
    program = f"import sys, {names}; print([name for name in ('flask', 'sqlalchemy', 'py3langid') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_threshold_of_hundreds_of_digits_still_holds() -> None:
    (reason,) = decide("Text.", "[hold]\ntoxicity = 1e-300", scores=Scores({"toxicity": 1e-200}, "m1")).reasons
    assert (reason.outcome, reason.threshold) == (HOLD, 1e-300)
