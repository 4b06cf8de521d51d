"""Figures of scores against labels: discrimination, calibration, and what each threshold would do."""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from service.arrays import Floats

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
BINS = 10  # of scores, for calibration


def auc(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float | None:
    """ROC-AUC of scores against labels that count as yes from 0.5, what has no label or no score left out; None without both answers."""
    known = ~np.isnan(np.asarray(labels, dtype=float)) & ~np.isnan(np.asarray(scores, dtype=float))
    hard = np.asarray(labels, dtype=float)[known] >= 0.5
    return rounded(float(roc_auc_score(hard, np.asarray(scores)[known]))) if 0 < hard.sum() < len(hard) else None


def threshold_rows(labels: Floats, scores: Floats, weights: Floats) -> list[dict[str, float | None]]:
    """For each threshold: precision and recall of the scores at or above it, and the share of all comments that they are."""
    rows = []
    for threshold in THRESHOLDS:
        above = scores >= threshold
        caught, flagged = (weights * labels)[above].sum(), weights[above].sum()
        precision = float(caught / flagged) if flagged else float("nan")
        rows.append(
            {
                "threshold": threshold,
                "precision": rounded(precision),
                "recall": rounded(float(caught / (weights * labels).sum())),
                "share": rounded(float(flagged / weights.sum())),
            }
        )
    return rows


def calibration_error(labels: Floats, scores: Floats, weights: Floats) -> float:
    """Mean distance between score and share of labels over BINS of equal weight."""
    order = np.argsort(scores, kind="stable")
    which = np.minimum((np.cumsum(weights[order]) / weights.sum() * BINS).astype(int), BINS - 1)
    gaps = [
        _gap(labels[order[which == b]], scores[order[which == b]], weights[order[which == b]]) for b in range(BINS) if (which == b).any()
    ]
    return float(sum(gaps) / weights.sum())


def rounded(value: float) -> float | None:
    """Four digits; None where there is no figure, since JSON has no NaN."""
    return None if np.isnan(value) else round(float(value), 4)


def _gap(labels: Floats, scores: Floats, weights: Floats) -> float:
    return abs(float((weights * labels).sum() - (weights * scores).sum()))
