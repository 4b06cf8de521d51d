"""Whether a candidate may replace the model in force: better beyond doubt where it matters, and worse nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from service.rules import Rules
from training import newsroom, trial
from training.figures import BINS
from training.regression_set import Checked
from training.trial import Tried

MIN_TESTED = 50
MIN_OF_A_KIND = 15
MOST_OFF = 0.05  # calibration error beyond what chance alone makes of so few verdicts
MOST_BIAS = 0.15  # a word for people may move the score by so much where the model in force moves it less
MORE_BIAS = 0.03
LESS_APART = 0.02


@dataclass(frozen=True, slots=True)
class Check:
    """One condition, with the figures that it was decided on."""

    name: str
    passed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The checks, the figures that the report shows, and what the models say of the fixed sentences."""

    checks: tuple[Check, ...]
    figures: Mapping[str, Any]
    regression: Mapping[str, Checked]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> list[str]:
        return [f"{check.name}: {check.said}" for check in self.checks if not check.passed]


def judge(tried: Tried, rules: Rules, regression: Mapping[str, Checked], corrected: tuple[str, ...]) -> Judged:
    """The candidate against the model in force, both on the same verdicts; the models are `candidate`, `in force` and `shipped`."""
    enough = _enough(tried)
    if not enough.passed:
        return Judged((enough,), {"tested": len(tried.examples) if tried.scores else 0}, regression)
    gains = {over: trial.gain(tried, over) for over in ("in force", "shipped")}
    changes = {name: change for name in corrected if (change := trial.attribute_change(tried, name))}
    under = {model: trial.under_rules(tried, model, rules) for model in tried.scores}
    off = {model: trial.calibration(tried, model) for model in tried.scores}
    checks = (
        enough,
        _better(gains["in force"]),
        *(_not_worse(name, change) for name, change in changes.items()),
        _precise(under),
        _calibrated(off, tried.effective),
        _apart(regression),
        _unbiased(regression),
    )
    figures = {
        "tested": len(tried.examples),
        "effective": round(tried.effective),
        "auc": {model: round(trial.auc(tried, model), 4) for model in tried.scores},
        "gain": {over: [round(number, 4) for number in found] for over, found in gains.items()},
        "calibration_error": {model: None if value is None else round(value, 4) for model, value in off.items()},
        "attributes": changes,
        "under the rules in force": {model: {name: [one.part, one.whole] for name, one in found.items()} for model, found in under.items()},
    }
    return Judged(checks, figures, regression)


def _enough(tried: Tried) -> Check:
    yes, no = int(tried.rejected.sum()), int((1 - tried.rejected).sum())
    if yes + no and not tried.scores:
        said = f"fewer than {newsroom.MIN_OF_A_KIND} rejections, or approvals, come before the {yes + no} to test on"
        return Check("verdicts to learn from", False, said)
    passed = yes + no >= MIN_TESTED and min(yes, no) >= MIN_OF_A_KIND
    wanted = f"{MIN_TESTED} are needed, {MIN_OF_A_KIND} of each kind"
    return Check("verdicts to test on", passed, f"{yes + no} ({yes} rejections, {no} approvals); {wanted}")


def _better(gain: tuple[float, float, float]) -> Check:
    by, low, high = gain
    return Check("better than the model in force", low > 0, f"ROC-AUC for 'rejected' {by:+.3f} (95 % interval {low:+.3f} to {high:+.3f})")


def _not_worse(name: str, change: Mapping[str, Any]) -> Check:
    passed = change["after"] >= change["before"] - min(change["error"], 0.05)
    return Check(f"{name} not worse", passed, f"ROC-AUC {change['before']:.3f} before, {change['after']:.3f} after, on {change['labels']}")


def _precise(under: Mapping[str, Mapping[str, Any]]) -> Check:
    """Of what the thresholds in force do without a person, no less may be right, beyond doubt."""
    worse = []
    for name in ("rejections that were right", "approvals that were right"):
        before, after = under["in force"][name], under["candidate"][name]
        if after.interval[1] < (before.value or 0):  # of none the interval is all of it
            worse.append(f"{name}: {before.value:.1%} before, {after.value:.1%} after")
    return Check("precision at the thresholds in force", not worse, "; ".join(worse) or "no less of what they decide is right")


def _calibrated(off: Mapping[str, float | None], verdicts: float) -> Check:
    """A perfect score has an error too: the mean distance between a bin's score and the share among its few verdicts."""
    before, after = off["in force"], off["candidate"]
    limit = max(before or 0.0, MOST_OFF) + 0.4 * sqrt(BINS / verdicts)
    passed = after is not None and after <= limit
    return Check("calibration", passed, "no score" if after is None else f"error {after:.3f}, {limit:.3f} at the most")


def _apart(regression: Mapping[str, Checked]) -> Check:
    before, after = regression["in force"].apart, regression["candidate"].apart
    return Check("the fixed sentences", after >= before - LESS_APART, f"{before:.1%} told apart before, {after:.1%} after")


def _unbiased(regression: Mapping[str, Checked]) -> Check:
    (_, before), (word, after) = regression["in force"].worst, regression["candidate"].worst
    limit = max(MOST_BIAS, before + MORE_BIAS)
    return Check("bias", after <= limit, f"the word '{word}' moves the score by {after:+.3f}, {limit:+.3f} at the most")
