"""What holds for every comment, score and policy."""

from hypothesis import given
from hypothesis import strategies as st

from service import policy, rules
from service.domain import ATTRIBUTES, Comment, History, Outcome, Scores

HOUSE = """
languages = ["en"]
[words]
banned = ["zorgle", "green chee*"]
suspect = ["odd"]
[links]
hold_above = 0
allowed_domains = ["news.example"]
[repeats]
hold_above = 2
[floods]
hold_above = 5
[new_authors]
hold_until_approved = 1
[shouting]
hold_above = 0.7
min_letters = 0
[length]
min_characters = 2
max_characters = 100
"""

share = st.floats(0, 1)
REJECTABLE = [attribute for attribute in ATTRIBUTES if attribute != "off_topic"]
scored = st.dictionaries(st.sampled_from(ATTRIBUTES), share).map(lambda values: Scores(values, "m1"))
texts = st.text(min_size=1, max_size=300).filter(lambda text: bool(text.strip()))
histories = st.builds(History, author_recent=st.integers(0, 9), author_approved=st.integers(0, 3), same_text=st.integers(0, 5))
languages = st.sampled_from([None, "en", "de"])


def decide(text: str, scores: Scores | None, language: str | None, history: History, house: str) -> policy.Decision:
    return policy.decide(Comment(site="s", id="c", text=text), scores, language, history, rules.parse(house))


@given(texts, st.none() | scored, languages, histories)
def test_no_text_raises_and_the_outcome_is_the_severest_reason(
    text: str, scores: Scores | None, language: str | None, history: History
) -> None:
    decision = decide(text, scores, language, history, HOUSE + "[hold]\ntoxicity = 0.5\n[reject]\ntoxicity = 0.9")
    assert decision.outcome.severity == max((reason.outcome.severity for reason in decision.reasons), default=0)
    assert all(reason.message.endswith(".") for reason in decision.reasons)
    assert {reason.outcome for reason in decision.reasons if reason.code == "off_topic"} <= {Outcome.HOLD}


@given(share, share, share, share, st.sampled_from(REJECTABLE), languages)
def test_a_higher_threshold_is_never_severer(
    score: float, one: float, other: float, hold: float, attribute: str, language: str | None
) -> None:
    low, high = sorted((one, other))
    for table, rest in (("hold", ""), ("reject", f"[hold]\n{attribute} = {min(hold, low)!r}\n")):
        severities = [
            decide(
                "Text.",
                Scores({attribute: score}, "m1"),
                language,
                History(),
                f"languages = ['en']\n{rest}[{table}]\n{attribute} = {mark!r}",
            ).outcome.severity
            for mark in (low, high)
        ]
        assert severities[1] <= severities[0]


@given(st.none() | scored, languages)
def test_doubt_is_a_hold(scores: Scores | None, language: str | None) -> None:
    everything = "\n".join(f"{attribute} = 0" for attribute in REJECTABLE)
    decision = decide("Text.", scores, language, History(), f"languages = ['en']\n[reject]\n{everything}")
    if scores is None or language == "de":
        assert decision.outcome is Outcome.HOLD


@given(texts, scored, languages, histories)
def test_shadow_changes_the_answer_and_nothing_else(text: str, scores: Scores, language: str | None, history: History) -> None:
    real, shadow = (decide(text, scores, language, history, f"shadow = {on}\n{HOUSE}") for on in ("false", "true"))
    assert (shadow.outcome, shadow.shadow, shadow.reasons) == (Outcome.APPROVE, real.outcome, real.reasons)
