"""Fits the attributes' heads: experts by source on shared n-grams, joined for each attribute into one linear head, then calibrated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from service.features import Lexical, Ngrams
from service.heads import AttributeHeads, calibrated
from training.calibration import curve, to_prevalence
from training.dataset import LABELLED, DataError, LabelledText, fold_of, target

Floats = npt.NDArray[np.float64]

FOLDS = 3
MIN_POSITIVES = 8

# How often an attribute occurs where nobody chose the comments. Jigsaw's: the shares of its 159,571 training comments, which are a
# sample of all talk-page comments. Spam and topicality: no corpus is a sample, so these are stated assumptions.
NATURAL = {
    "toxicity": 0.0952,
    "severe_toxicity": 0.0100,
    "identity_attack": 0.0088,
    "insult": 0.0494,
    "profanity": 0.0529,
    "threat": 0.0030,
    "spam": 0.05,
    "off_topic": 0.10,
}

# The family whose sense of an attribute is ours, and on which it is calibrated: its comments are a sample of all, the others' are not.
REFERENCE = "jigsaw"

SMOOTHING = 0.5
EXPERT_C = 2.0
JOIN_C = 1.0


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Scores of comments by heads that saw neither them nor a near-copy: `labels` and `scores` 0 to 1, `weights` to natural prevalence."""

    labels: Floats
    scores: Floats
    weights: Floats
    rows: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Task:
    """One expert: what one family of sources means by one attribute."""

    family: str
    attribute: str
    rows: npt.NDArray[np.int64]
    labels: Floats


@dataclass(frozen=True, slots=True)
class Linear:
    weights: npt.NDArray[np.float32]
    intercept: float


def fit_attributes(texts: Sequence[LabelledText], *, most: int) -> tuple[AttributeHeads, dict[str, HeldOut]]:
    """Heads for every attribute that the texts carry, and their scores of held-out comments. The same texts give the same bytes."""
    tasks = _tasks(texts)
    if not tasks:
        raise DataError(f"no attribute has {MIN_POSITIVES} comments that carry it and as many that do not: nothing can be fitted")
    ngrams = Ngrams(most=most)
    plain = [row.plain for row in texts]
    grams = ngrams.fit_plain(plain)
    counts = Lexical().of_plain(plain).astype(np.float64)
    folds = np.array([fold_of(row.key, FOLDS) for row in texts])
    unseen, experts = _experts(tasks, grams, folds)
    attributes = tuple(name for name in LABELLED if any(task.attribute == name for task in tasks))
    heads, held = [], {}
    for name in tqdm(attributes, desc="joining", unit="attribute"):
        task = _reference(tasks, name)
        heads.append(_join(task, unseen, counts, folds))
        held[name] = _held_out(task, unseen, counts, folds)
    stacked = np.column_stack([expert.weights for expert in experts])
    return _assembled(attributes, ngrams, stacked, experts, heads, held), held


@dataclass(frozen=True, slots=True)
class Joined:
    """How an attribute weighs the experts' margins and the counts."""

    experts: Floats
    counts: Floats
    intercept: float
    curve: tuple[Floats, Floats]


def _tasks(texts: Sequence[LabelledText]) -> list[Task]:
    families = sorted({row.family for row in texts})
    tasks = []
    for attribute in LABELLED:
        known = {at: label for at, row in enumerate(texts) if (label := target(row, attribute)) is not None}
        for family in families:
            rows = np.array([at for at in known if texts[at].family == family], dtype=np.int64)
            labels = np.array([known[at] for at in rows], dtype=np.float64)
            if min(labels.sum(), (1 - labels).sum()) >= MIN_POSITIVES:
                tasks.append(Task(family, attribute, rows, labels))
    return tasks


def _reference(tasks: Sequence[Task], attribute: str) -> Task:
    own = [task for task in tasks if task.attribute == attribute]
    return next((task for task in own if task.family == REFERENCE), max(own, key=lambda task: len(task.rows)))


def _experts(tasks: Sequence[Task], grams: sparse.csr_matrix, folds: npt.NDArray[np.int64]) -> tuple[Floats, list[Linear]]:
    """Every comment's margins by experts that did not see it, (texts, tasks), and the experts fitted on all."""
    todo = [(at, fold) for fold in [*range(FOLDS), None] for at in range(len(tasks))]
    # One after the other: liblinear's generator is the process's own, so fits in threads would share its numbers and lose the seed.
    fitted = [_expert(tasks[at], grams, folds, fold) for at, fold in tqdm(todo, desc="experts", unit="fit")]
    unseen = np.zeros((grams.shape[0], len(tasks)))
    for (at, fold), linear in zip(todo, fitted, strict=True):
        if fold is not None:
            mine = folds == fold
            unseen[mine, at] = grams[mine] @ linear.weights + linear.intercept
    return unseen, fitted[-len(tasks) :]


def _expert(task: Task, grams: sparse.csr_matrix, folds: npt.NDArray[np.int64], without: int | None) -> Linear:
    """Logistic regression on n-grams scaled by their log-count ratio (as in NB-SVM), on the rows outside a fold."""
    keep = folds[task.rows] != without if without is not None else np.ones(len(task.rows), dtype=bool)
    mine, labels = grams[task.rows[keep]], task.labels[keep]
    yes, no = mine.T @ labels + 1, mine.T @ (1 - labels) + 1
    scale = (np.abs(np.log((yes / yes.sum()) / (no / no.sum()))) + SMOOTHING).astype(np.float32)
    scaled = (mine @ sparse.diags(scale)).tocsr()
    rows, hard, weights = soft(labels)
    fitted = LogisticRegression(C=EXPERT_C, solver="liblinear", dual=True, tol=0.05, max_iter=300, random_state=0).fit(
        scaled[rows], hard, sample_weight=weights
    )
    return Linear((fitted.coef_[0] * scale).astype(np.float32), float(fitted.intercept_[0]))


def soft(labels: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Row numbers, hard labels and weights that mean the same as soft labels: a 0.7 is a 1 with weight 0.7 and a 0 with weight 0.3."""
    yes, no = np.flatnonzero(labels > 0), np.flatnonzero(labels < 1)
    hard = np.r_[np.ones(len(yes), dtype=np.int64), np.zeros(len(no), dtype=np.int64)]
    return np.r_[yes, no], hard, np.r_[labels[yes], 1 - labels[no]]


def _inputs(task: Task, unseen: Floats, counts: Floats, keep: npt.NDArray[np.bool_]) -> Floats:
    return np.hstack([unseen[task.rows[keep]], counts[task.rows[keep]]])


def _combine(task: Task, unseen: Floats, counts: Floats, keep: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    """Weights of the experts' margins and the counts, and an intercept, at natural prevalence."""
    inputs, labels = _inputs(task, unseen, counts, keep), task.labels[keep]
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    rows, hard, weights = soft(labels)
    weights = weights * to_prevalence(labels, NATURAL[task.attribute])[rows]
    fitted = LogisticRegression(C=JOIN_C, max_iter=1000).fit(((inputs - mean) / spread)[rows], hard, sample_weight=weights)
    scaled = fitted.coef_[0] / spread
    return scaled, float(fitted.intercept_[0] - (scaled * mean).sum())


def _join(task: Task, unseen: Floats, counts: Floats, folds: npt.NDArray[np.int64]) -> Joined:
    everything = np.ones(len(task.rows), dtype=bool)
    weights, intercept = _combine(task, unseen, counts, everything)
    margins = _crossed(task, unseen, counts, folds)
    known = curve(margins, task.labels, to_prevalence(task.labels, NATURAL[task.attribute]))
    return Joined(weights[: unseen.shape[1]], weights[unseen.shape[1] :], intercept, known)


def _crossed(task: Task, unseen: Floats, counts: Floats, folds: npt.NDArray[np.int64]) -> Floats:
    """Margins of the task's rows, each joined by weights fitted without its fold."""
    margins = np.zeros(len(task.rows))
    for fold in range(FOLDS):
        inside = folds[task.rows] == fold
        weights, intercept = _combine(task, unseen, counts, ~inside)
        margins[inside] = _inputs(task, unseen, counts, inside) @ weights + intercept
    return margins


def _held_out(task: Task, unseen: Floats, counts: Floats, folds: npt.NDArray[np.int64]) -> HeldOut:
    margins, natural = _crossed(task, unseen, counts, folds), to_prevalence(task.labels, NATURAL[task.attribute])
    scores = np.zeros(len(margins))
    for fold in range(FOLDS):
        inside = folds[task.rows] == fold
        scores[inside] = calibrated(margins[inside], *curve(margins[~inside], task.labels[~inside], natural[~inside]))
    return HeldOut(task.labels, scores, natural, task.rows)


def _assembled(
    attributes: tuple[str, ...],
    ngrams: Ngrams,
    stacked: npt.NDArray[np.float32],
    experts: Sequence[Linear],
    heads: Sequence[Joined],
    held: dict[str, HeldOut],
) -> AttributeHeads:
    """Experts and their joining are linear, so they fold into one weight an n-gram and attribute."""
    offsets = np.array([expert.intercept for expert in experts])
    weights = np.column_stack([stacked @ head.experts for head in heads])
    return AttributeHeads(
        attributes=attributes,
        ngrams=ngrams,
        weights=weights.astype(np.float16).astype(np.float32),
        lexical_weights=np.column_stack([head.counts for head in heads]).astype(np.float32),
        intercepts=np.array([head.intercept + (head.experts * offsets).sum() for head in heads]),
        curves=[head.curve for head in heads],
    )
