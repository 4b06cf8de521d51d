"""From a margin to a probability that means what it says, at natural prevalence."""

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from service.arrays import Floats, Ints
from service.heads import calibrated

KNOTS = 24
# How many comments the straight line counts for, beside those of a knot.
PRIOR = 20.0
NEVER_SURER = 1e-5


def to_prevalence(labels: Floats, natural: float) -> Floats:
    """A weight a comment, of mean 1, so that the weighted share of positives is the natural one."""
    share = labels.mean()
    weights = labels * natural / share + (1 - labels) * (1 - natural) / (1 - share)
    return np.asarray(weights * len(weights) / weights.sum())


def soft(labels: Floats) -> tuple[Ints, Ints, Floats]:
    """Row numbers, hard labels and weights that mean the same as soft labels: a 0.7 is a 1 with weight 0.7 and a 0 with weight 0.3."""
    yes, no = np.flatnonzero(labels > 0), np.flatnonzero(labels < 1)
    hard = np.r_[np.ones(len(yes), dtype=np.int64), np.zeros(len(no), dtype=np.int64)]
    return np.r_[yes, no], hard, np.r_[labels[yes], 1 - labels[no]]


def curve(margins: Floats, labels: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Log-odds and the probabilities there, both ascending: a logistic line, corrected where there is enough evidence against it."""
    slope, offset = _line(margins, labels, weights)
    order = np.argsort(margins, kind="stable")
    # Knots by positives and negatives alike, so that the sparse upper end has its own.
    share = np.cumsum(weights[order] * (labels[order] / (weights * labels).sum() + (1 - labels[order]) / (weights * (1 - labels)).sum()))
    bins = np.minimum((share / share[-1] * KNOTS).astype(int), KNOTS - 1)
    at, known = [], []
    for knot in range(KNOTS):
        mine = order[bins == knot]
        if len(mine):
            centre = float(np.average(margins[mine], weights=weights[mine]))
            expected = expit(slope * centre + offset)
            positives = (weights[mine] * labels[mine]).sum()
            at.append(centre)
            known.append((positives + PRIOR * expected) / (weights[mine].sum() + PRIOR))
    return _ascending(np.array(at), np.array(known), slope)


def cross_calibrated(margins: Floats, labels: Floats, weights: Floats, folds: Ints) -> Floats:
    """Each one's probability by a curve that was drawn without its fold."""
    scores = np.zeros(len(margins))
    for fold in np.unique(folds):
        inside = folds == fold
        scores[inside] = calibrated(margins[inside], *curve(margins[~inside], labels[~inside], weights[~inside]))
    return scores


def _line(margins: Floats, labels: Floats, weights: Floats) -> tuple[float, float]:
    column = np.r_[margins, margins][:, None]
    hard = np.r_[np.ones(len(labels)), np.zeros(len(labels))]
    both = np.r_[weights * labels, weights * (1 - labels)]
    fitted = LogisticRegression(C=1e4, max_iter=1000).fit(column, hard, sample_weight=both)
    return max(float(fitted.coef_[0, 0]), 1e-3), float(fitted.intercept_[0])


def _ascending(at: Floats, known: Floats, slope: float) -> tuple[Floats, Floats]:
    """The points with ties parted, and every step up at least a hundredth of the line's: order is never lost."""
    at, first = np.unique(at, return_index=True)
    sure = np.clip(known[first], NEVER_SURER, 1 - NEVER_SURER)
    level = np.log(sure / (1 - sure))
    for here in range(1, len(at)):
        level[here] = max(level[here], level[here - 1] + 0.01 * slope * (at[here] - at[here - 1]))
    return at, np.asarray(expit(level))
