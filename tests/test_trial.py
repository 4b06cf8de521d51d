"""That a candidate is tested on what it could not have learnt, and let through only where it is better."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import fake_models
import numpy as np
import pytest
from scipy.special import expit
from test_caution import examples

from service.domain import LIKELY_TO_REJECT, Outcome, Rejection, ScoreInput
from service.review.figures import Share
from service.rules import parse
from service.scoring import load
from training import gate, lessons
from training.dataset import Corpora, LabelledText
from training.gate import judge
from training.lessons import Example, Lessons, labels
from training.regression_set import Checked
from training.rehearsal import prepare, try_out
from training.thresholds import Proposal, both
from training.trial import Tried, _weighted_auc, attribute_change, auc, gain, split, stands_for, under_rules

RULES = parse("[hold]\ntoxicity = 0.6\nlikely_to_reject = 0.3\n[reject]\ntoxicity = 0.95\nlikely_to_reject = 0.9\n")
EVEN = Checked(1.0, {"deaf": 0.0})


def told(count: int = 400) -> list[Example]:
    return [replace(one, author=f"reader-{at % 60}-{at // 100}", article=f"article-{at // 30}") for at, one in enumerate(examples(count))]


def tried(quality: float = 1.0, count: int = 400, **more: object) -> Tried:
    """A candidate that tells rejections apart, and models in force that do not."""
    chance = np.random.default_rng(1)
    some = told(count)
    rejected = np.array([one.rejected for one in some], dtype=float)
    good = expit(2 * quality * (quality * (2 * rejected - 1) + chance.normal(size=count)))
    poor = {"toxicity": chance.random(count) * 0.5}
    scores = {"shipped": poor, "in force": poor, "candidate": poor | {LIKELY_TO_REJECT: good}}
    return Tried(some, rejected, np.ones(count), scores)


def test_nobody_and_no_article_is_on_both_sides() -> None:
    some = told()
    learn, test = split(some)
    for name in ("author", "article"):
        sides = [{getattr(one, name) for one, mine in zip(some, side, strict=True) if mine} for side in (learn, test)]
        assert not sides[0] & sides[1]
    assert learn.sum() > 200
    assert test.sum() > 60
    assert np.flatnonzero(test).min() > np.flatnonzero(learn).max()


def test_what_the_model_in_force_saw_and_what_was_come_upon_by_chance_unknown_is_not_tested() -> None:
    some = [replace(one, chance=None if at % 2 else 1.0) for at, one in enumerate(told())]
    _, test = split(some, seen=300)
    assert [some[at].verdict for at in np.flatnonzero(test)] == list(range(301, 400, 2))


def test_the_last_verdict_that_the_model_in_force_saw_is_not_tested() -> None:
    _, test = split(examples(10), seen=8)
    assert np.flatnonzero(test).tolist() == [8, 9]


@pytest.mark.parametrize("kind", ["author", "article"])
def test_who_is_in_both_parts_stays_where_there_is_more_and_in_the_earlier_where_it_is_even(kind: str) -> None:
    names = ["a", "a", "b", "c", None, None, None, "a", "b", "b", "c", None]
    some = [replace(one, **{kind: name}) for one, name in zip(examples(24), [*[None] * 10, *names, None, None], strict=True)]
    learn, test = split(some)
    assert np.flatnonzero(~learn & ~test).tolist() == [12, 17, 20]
    assert np.flatnonzero(test).tolist() == [18, 19, 21, 22, 23]


def test_an_audited_comment_stands_for_those_that_chance_passed_over() -> None:
    one, other = examples(2)
    assert stands_for([one, replace(other, chance=0.01)]).tolist() == [1, 100]


def test_where_too_few_verdicts_come_before_those_to_test_on_that_is_what_is_said(tmp_path: Path) -> None:
    shipped = load(fake_models.publish(tmp_path))
    some = [replace(one, labels={LIKELY_TO_REJECT: float(at % 8 == 0)}) for at, one in enumerate(examples(200))]
    tried = try_out(prepare(tmp_path, shipped, shipped, Lessons(tuple(some), (), (), {})))
    judged = judge(tried, RULES, {"in force": EVEN, "candidate": EVEN}, ())

    assert judged.failures == ["verdicts to learn from: fewer than 20 rejections, or approvals, come before the 60 to test on"]
    assert judged.figures == {"tested": 0}


def test_a_better_candidate_passes() -> None:
    judged = judge(tried(), RULES, {"in force": EVEN, "candidate": EVEN}, ())
    assert judged.failures == []
    assert judged.figures["gain"]["in force"][1] > 0


@pytest.mark.parametrize(
    ("candidate", "regression", "why"),
    [
        (tried(0.0), EVEN, "better than the model in force"),
        (tried(count=40), EVEN, "verdicts to test on"),
        (tried(), Checked(0.5, {"deaf": 0.0}), "fixed sentences"),
        (tried(), Checked(1.0, {"deaf": 0.3}), "'deaf'"),
    ],
)
def test_a_worse_one_is_refused_with_the_reason(candidate: Tried, regression: Checked, why: str) -> None:
    judged = judge(candidate, RULES, {"in force": EVEN, "candidate": regression}, ())
    assert not judged.passed
    assert why in " ".join(judged.failures)


def test_a_candidate_that_is_as_good_as_the_model_in_force_is_refused() -> None:
    some = tried()
    alike = replace(some, scores=some.scores | {"in force": some.scores["candidate"]})
    judged = judge(alike, RULES, {"in force": EVEN, "candidate": EVEN}, ())
    assert any("better than the model in force" in reason for reason in judged.failures)


@pytest.mark.parametrize(("low", "passed"), [(0.001, True), (0.0, False), (-0.001, False)])
def test_a_candidate_is_better_beyond_doubt(low: float, passed: bool) -> None:
    assert gate._better((0.1, low, 0.2)).passed == passed


@pytest.mark.parametrize(
    ("rejections", "approvals", "enough"),
    [(15, 35, True), (35, 15, True), (15, 34, False), (14, 60, False), (60, 14, False), (0, 60, False)],
)
def test_a_candidate_is_judged_by_fifty_verdicts_and_fifteen_of_each_kind(rejections: int, approvals: int, enough: bool) -> None:
    rejected = np.repeat([1.0, 0.0], [rejections, approvals])
    scores = {model: {"toxicity": rejected} for model in ("shipped", "in force", "candidate")}
    judged = judge(
        Tried(examples(len(rejected)), rejected, np.ones(len(rejected)), scores), RULES, {"in force": EVEN, "candidate": EVEN}, ()
    )
    assert judged.checks[0].passed == enough


@pytest.mark.parametrize("kind", ["rejections that were right", "approvals that were right"])
@pytest.mark.parametrize(
    ("before", "after", "passed"),
    [((95, 100), (70, 100), False), ((95, 100), (9, 10), True), ((95, 100), (0, 0), True), ((0, 0), (1, 9), True)],
)
def test_a_candidate_whose_decisions_are_right_less_often_beyond_doubt_is_refused(
    kind: str, before: tuple[int, int], after: tuple[int, int], passed: bool
) -> None:
    same = dict.fromkeys(("rejections that were right", "approvals that were right"), Share("", 95, 100))
    assert gate._precise({"in force": same | {kind: Share("", *before)}, "candidate": same | {kind: Share("", *after)}}).passed == passed


@pytest.mark.parametrize(("after", "error", "passed"), [(0.87, 0.04, True), (0.85, 0.04, False), (0.86, 0.2, True), (0.84, 0.2, False)])
def test_an_attribute_may_fall_by_its_error_and_by_five_hundredths_at_the_most(after: float, error: float, passed: bool) -> None:
    assert gate._not_worse("toxicity", {"before": 0.9, "after": after, "error": error, "labels": 100}).passed == passed


@pytest.mark.parametrize(
    ("before", "after", "verdicts", "passed"),
    [
        (None, 0.04, 10**9, True),
        (None, 0.06, 10**9, False),
        (0.1, 0.09, 10**9, True),
        (0.1, 0.11, 10**9, False),
        (None, 0.2, 50, True),  # so few have an error by themselves
        (None, 0.25, 50, False),
        (0.1, None, 50, False),
    ],
)
def test_a_candidate_is_calibrated_as_well_as_so_many_verdicts_can_tell(
    before: float | None, after: float | None, verdicts: int, passed: bool
) -> None:
    assert gate._calibrated({"in force": before, "candidate": after}, verdicts).passed == passed


@pytest.mark.parametrize(("after", "passed"), [(0.89, True), (0.87, False)])
def test_the_fixed_sentences_may_be_told_apart_a_little_less(after: float, passed: bool) -> None:
    assert gate._apart({"in force": Checked(0.9, {}), "candidate": Checked(after, {})}).passed == passed


@pytest.mark.parametrize(("before", "after", "passed"), [(0.0, 0.14, True), (0.0, 0.16, False), (0.2, 0.22, True), (0.2, 0.24, False)])
def test_a_word_for_people_may_move_the_score_little_more_than_it_does(before: float, after: float, passed: bool) -> None:
    regression = {"in force": Checked(1.0, {"deaf": before}), "candidate": Checked(1.0, {"deaf": after, "old": 0.0})}
    assert gate._unbiased(regression).passed == passed


def test_unequal_verdicts_tell_as_much_as_fewer_equal_ones() -> None:
    assert Tried((), np.zeros(2), np.array([3.0, 1.0]), {}).effective == pytest.approx(1.6)


def test_an_attribute_that_gets_worse_is_refused() -> None:
    good = tried()
    some = [replace(one, labels=one.labels | {"toxicity": one.rejected or 0.0}) for one in good.examples]
    worse = {**good.scores, "in force": {"toxicity": good.rejected}}
    judged = judge(Tried(some, good.rejected, good.weights, worse), RULES, {"in force": EVEN, "candidate": EVEN}, ("toxicity",))
    assert any("toxicity not worse" in reason for reason in judged.failures)


def test_an_uncalibrated_score_is_refused() -> None:
    good = tried()
    flat = {**good.scores, "candidate": {**good.scores["candidate"], LIKELY_TO_REJECT: good.scores["candidate"][LIKELY_TO_REJECT] ** 5}}
    judged = judge(Tried(good.examples, good.rejected, good.weights, flat), RULES, {"in force": EVEN, "candidate": EVEN}, ())
    assert any("calibration" in reason for reason in judged.failures)


def test_the_rules_in_force_are_tried_with_each_models_scores() -> None:
    found = under_rules(tried(), "candidate", RULES)
    assert found["decided without a person"].value == pytest.approx(0.6, abs=0.3)
    assert (found["rejections that were right"].value or 0) > 0.9
    assert under_rules(tried(), "in force", RULES)["rejections that were right"].whole == 0


def test_what_is_rejected_is_not_held_and_what_is_held_is_not_let_pass() -> None:
    scores = {"candidate": {LIKELY_TO_REJECT: np.array([0.29, 0.3, 0.9])}}
    found = under_rules(Tried(examples(3), np.array([0.0, 0.0, 1.0]), np.ones(3), scores), "candidate", RULES)
    assert {name: (one.part, one.whole) for name, one in found.items()} == {
        "rejections that were right": (1, 1),
        "approvals that were right": (1, 1),
        "decided without a person": (2, 3),
    }


@pytest.mark.parametrize(("insults", "expected"), [(10, {"labels": 30, "before": 0.5, "after": 1.0, "error": 0.025**0.5}), (9, None)])
def test_an_attribute_is_compared_where_there_are_ten_labels_of_each_kind(insults: int, expected: dict[str, float] | None) -> None:
    known = np.arange(30) < insults
    some = [replace(one, labels={"insult": float(insult)}) for one, insult in zip(examples(30), known, strict=True)]
    some += [*(replace(one, labels={}) for one in examples(5)), *(replace(one, labels={"insult": 1.0}) for one in examples(10))]
    unscored = np.full(5, np.nan)
    after = np.r_[known, np.ones(5), unscored, np.ones(5)].astype(float)
    before = np.r_[np.full(30, 0.5), np.ones(5), np.ones(5), unscored]
    trial = Tried(some, np.zeros(45), np.ones(45), {"candidate": {"insult": after}, "in force": {"insult": before}})
    assert attribute_change(trial, "insult") == (expected and pytest.approx(expected))
    assert attribute_change(replace(trial, scores=trial.scores | {"in force": {}}), "insult") is None


def test_a_section_is_tried_under_its_own_thresholds() -> None:
    rules = parse('[sites.gazette]\nsections = ["sport"]\n[sites.gazette.section.sport.hold]\nlikely_to_reject = 0\n')
    some = tried()
    elsewhere = [replace(one, site="gazette") for one in some.examples]
    in_sport = [replace(one, section="sport") for one in elsewhere]
    found = [under_rules(replace(some, examples=told), "candidate", rules) for told in (elsewhere, in_sport)]
    assert [one["decided without a person"].value for one in found] == [1, 0]


def test_the_quick_auc_is_scikit_learns() -> None:
    some = tried(0.5)
    weights = np.random.default_rng(2).random(len(some.rejected))
    some = Tried(some.examples, some.rejected, weights, some.scores)
    scores = np.round(some.scores["candidate"][LIKELY_TO_REJECT], 1)
    from sklearn.metrics import roc_auc_score

    assert _weighted_auc(some.rejected, scores, weights) == pytest.approx(roc_auc_score(some.rejected, scores, sample_weight=weights))
    by, low, high = gain(some, "in force")
    assert low < by < high
    assert by == pytest.approx(auc(some, "candidate") - auc(some, "in force"))


def test_thresholds_are_borne_out_or_so_many_verdicts_are_missing() -> None:
    some = tried(1.5, 2_000)
    scores = some.scores["candidate"][LIKELY_TO_REJECT]
    hold, reject = both(some.rejected, scores, some.weights, 0.95, 0.95)
    assert hold.threshold is not None
    assert reject.threshold is not None
    few, _ = both(some.rejected[:60], scores[:60], some.weights[:60], 0.99, 0.99)
    assert few.threshold is None
    assert few.missing is not None
    assert few.missing > 100


@pytest.mark.parametrize("quality", [0.5, 1.0, 1.5, 3.0])
def test_what_is_proposed_is_a_policy(quality: float) -> None:
    some = tried(quality, 2_000)
    hold, reject = both(some.rejected, some.scores["candidate"][LIKELY_TO_REJECT], some.weights, 0.8, 0.8)
    parse(f"[hold]\nlikely_to_reject = {hold.threshold:.2f}\n[reject]\nlikely_to_reject = {reject.threshold:.2f}\n")


@pytest.mark.parametrize("quality", [0.5, 1.0, 1.5, 3.0])
def test_no_comment_is_decided_twice(quality: float) -> None:
    some = tried(quality, 2_000)
    scores, weights = some.scores["candidate"][LIKELY_TO_REJECT], np.random.default_rng(3).random(2_000)
    hold, reject = both(some.rejected, scores, weights, 0.8, 0.8)
    decided = (scores < hold.threshold) | (scores >= reject.threshold)
    assert hold.share + reject.share == pytest.approx(weights[decided].sum() / weights.sum(), abs=0.0002)


@pytest.mark.parametrize("quality", [0.5, 1.0, 1.5, 3.0])
def test_thresholds_that_share_a_step_are_borne_out_there(quality: float) -> None:
    some = tried(quality, 2_000)
    for one in both(some.rejected, some.scores["candidate"][LIKELY_TO_REJECT], some.weights, 0.8, 0.8):
        assert one.interval is not None
        assert one.interval[0] >= 0.8


def test_where_no_step_serves_both_it_only_lets_pass() -> None:
    approved = [(0.1, 1, 11), (0.4, 5, 3), (0.6, 1, 3), (0.9, 20, 1), (0.9, 100, 3)]  # score, weight, how many
    refused = [(0.4, 100, 8), (0.4, 1, 3), (0.6, 5, 6), (0.6, 100, 3), (0.9, 1, 7), (0.9, 20, 7)]
    scores, weights, counts = np.array(approved + refused).T
    rejected = np.repeat(np.arange(len(scores)) >= len(approved), counts.astype(int)).astype(float)
    scores, weights = np.repeat(scores, counts.astype(int)), np.repeat(weights, counts.astype(int))
    hold, reject = both(rejected, scores, weights, 0.5, 0.6)
    assert (hold.threshold, reject.threshold) == (0.4, None)


@pytest.mark.parametrize("audited", [1.0, 20.0])
def test_so_many_more_verdicts_as_are_missing_bear_it_out_and_half_of_them_do_not(audited: float) -> None:
    some = tried(1.5, 60)
    weights = np.where(np.arange(60) % 3, 1.0, audited)

    def told(count: int) -> Proposal:
        again = np.arange(count) % 60
        return both(some.rejected[again], some.scores["candidate"][LIKELY_TO_REJECT][again], weights[again], 0.99, 0.99)[0]

    missing = told(60).missing
    assert missing is not None
    assert told(60 + missing // 2).threshold is None
    assert told(60 + missing + 60).threshold is not None


def test_no_verdicts_bear_nothing_out() -> None:
    none = np.zeros(0)
    assert [one.threshold for one in both(none, none, none, 0.99, 0.95)] == [None, None]


AUDITED = """
[audit]
share = 0.1
[sites.gazette]
sections = ["sport"]
[sites.gazette.section.sport.audit]
share = 0.2
"""


@pytest.mark.parametrize(
    ("decided", "code", "version", "section", "chance"),
    [
        (Outcome.HOLD, "toxicity", "v", None, 1.0),
        (Outcome.REJECT, "toxicity", "v", None, None),
        (Outcome.REJECT, "audit", "v", None, 0.1),
        (Outcome.APPROVE, "audit", "v", "sport", 0.2),
        (Outcome.APPROVE, "audit", "of another service", None, None),
        (Outcome.APPROVE, "audit", "lost", None, None),
    ],
)
def test_a_person_sees_all_that_is_held_and_of_the_rest_what_its_rules_have_audited(
    decided: Outcome, code: str, version: str, section: str | None, chance: float | None
) -> None:
    row = SimpleNamespace(decided=decided, reasons=[{"code": code}], policy_version=version, site="gazette", section=section)
    assert lessons._chance(row, lessons._shares({"v": AUDITED, "of another service": "gone = 1"})) == chance


def test_what_a_corpus_says_of_no_attribute_and_of_no_text_is_no_lesson() -> None:
    texts = tuple(LabelledText(text, {"toxicity": 1.0, "any": 1.0}, "one", text) for text in ("A text.", " "))
    [found] = lessons._from_corpora(Corpora(texts, {}, (), ()))
    assert (found.input.text, found.labels, found.says) == ("A text.", {"toxicity": 1.0}, "corpus one")


def test_lessons_are_counted_by_how_they_were_come_by_and_by_whom() -> None:
    text = ScoreInput(text="A text.")
    judged = [
        Example(text, {LIKELY_TO_REJECT: 1.0}, "moderator Ada", "gazette", chance=1.0),
        Example(text, {LIKELY_TO_REJECT: 0.0}, "moderator Ben", "gazette", chance=0.1),
        Example(text, {LIKELY_TO_REJECT: 0.0}, "moderator Ben", "herald", chance=1.0),
        Example(text, {LIKELY_TO_REJECT: 0.0}, "moderator Ben", "herald", chance=None),
    ]
    others = [Example(text, {"spam": 1.0}, says, "") for says in ("token t", "corpus one", "corpus two")]
    assert lessons._counted(judged, others, {Outcome.HOLD: 7, Outcome.APPROVE: 8}, 9) == {
        "verdicts": 4,
        "rejected": 1,
        "held": 2,
        "audited": 1,
        "come upon otherwise": 1,
        "excluded": 9,
        "still waiting": 7,
        "suggestions": 1,
        "from corpora": 2,
        "sites": {"gazette": 2, "herald": 2},
        "moderators": {"Ada": 1, "Ben": 3},
    }


def test_of_every_reason_for_a_rejection_it_is_said_what_it_teaches() -> None:
    assert list(lessons.REASON_LABELS) == list(Rejection)


REASON = {"code": "toxicity"}


@pytest.mark.parametrize(
    ("outcome", "code", "expected"),
    [
        (Outcome.REJECT, "spam", {LIKELY_TO_REJECT: 1, "spam": 1}),
        (Outcome.REJECT, "off_topic", {LIKELY_TO_REJECT: 1, "off_topic": 1}),
        (Outcome.REJECT, "hate", {LIKELY_TO_REJECT: 1, "toxicity": 1, "identity_attack": 1}),
        (Outcome.REJECT, "other", {LIKELY_TO_REJECT: 1}),
        (Outcome.APPROVE, None, {LIKELY_TO_REJECT: 0, "toxicity": 0}),
    ],
)
def test_a_verdict_is_a_label(outcome: Outcome, code: str | None, expected: dict[str, float]) -> None:
    assert labels(outcome, code, [REASON, {"code": "links"}]) == expected
