"""Line plots as SVG by hand: four kinds of plot do not need a plotting library."""

from collections.abc import Mapping
from html import escape

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from service.arrays import Floats
from training.figures import BINS

Line = tuple[Floats, Floats]

COLOURS = ("#1b6ca8", "#c8553d", "#588157", "#8e6c8a", "#c99700", "#444444")
SIDE, MARGIN = 320, 44


def plot(title: str, across: str, up: str, lines: Mapping[str, Line], *, diagonal: bool = False) -> str:
    """One figure with both axes from 0 to 1; each line has a colour, and a name below, where it hides none."""
    parts, below = [_axes(title, across, up)], SIDE + 2 * MARGIN
    if diagonal:
        parts.append(_path(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "#bbbbbb"))
    for number, (name, (x, y)) in enumerate(lines.items(), 1):
        colour = COLOURS[(number - 1) % len(COLOURS)]
        parts.append(_path(x, y, colour))
        parts.append(f'<text x="{MARGIN}" y="{below + 15 * number}" fill="{colour}">{escape(name)}</text>')
    width, height = below, below + 15 * len(lines) + 10
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def roc(labels: Floats, scores: Floats) -> Line:
    x, y, _ = roc_curve(labels, scores)
    return x, y


def precision_recall(labels: Floats, scores: Floats, weights: Floats) -> Line:
    precision, recall, _ = precision_recall_curve(labels, scores, sample_weight=weights)
    return recall, precision


def calibration(labels: Floats, scores: Floats, weights: Floats) -> Line:
    """Mean score across, share of labels up, in bins of equal width; empty bins are left out."""
    which = np.minimum((scores * BINS).astype(int), BINS - 1)
    filled = [which == b for b in range(BINS) if (which == b).any()]
    means = [np.average(scores[mine], weights=weights[mine]) for mine in filled]
    shares = [np.average(labels[mine], weights=weights[mine]) for mine in filled]
    return np.array(means), np.array(shares)


def by_threshold(labels: Floats, scores: Floats, weights: Floats) -> dict[str, Line]:
    """Precision, recall and the share of all comments at or above each threshold; no precision where none is."""
    thresholds = np.linspace(0.01, 0.99, 99)
    flagged = np.array([weights[scores >= t].sum() for t in thresholds])
    caught = np.array([(weights * labels)[scores >= t].sum() for t in thresholds])
    some = flagged > 0
    return {
        "precision": (thresholds[some], caught[some] / flagged[some]),
        "recall": (thresholds, caught / (weights * labels).sum()),
        "share of comments": (thresholds, flagged / weights.sum()),
    }


def _axes(title: str, across: str, up: str) -> str:
    end = SIDE + MARGIN
    ticks = "".join(
        f'<text x="{MARGIN + SIDE * t:.0f}" y="{end + 15}" text-anchor="middle">{t:.1f}</text>'
        f'<text x="{MARGIN - 6}" y="{end - SIDE * t + 4:.0f}" text-anchor="end">{t:.1f}</text>'
        for t in (0, 0.2, 0.4, 0.6, 0.8, 1.0)
    )
    return (
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#888"/>{ticks}'
        f'<text x="{MARGIN}" y="{MARGIN - 12}" font-weight="bold">{escape(title)}</text>'
        f'<text x="{MARGIN + SIDE / 2}" y="{end + 34}" text-anchor="middle">{escape(across)}</text>'
        f'<text x="12" y="{MARGIN + SIDE / 2}" text-anchor="middle" transform="rotate(-90 12 {MARGIN + SIDE / 2})">{escape(up)}</text>'
    )


def _path(x: Floats, y: Floats, colour: str) -> str:
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), 400)).astype(int))
    points = " ".join(f"{MARGIN + SIDE * x[i]:.1f},{MARGIN + SIDE * (1 - y[i]):.1f}" for i in keep)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
