"""Fits the attributes' heads: experts by source on shared n-grams, joined for each attribute into one linear head, then calibrated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from service.arrays import Bools, Floats, Ints, Singles
from service.encoder import WIDTH, Encoder, vector
from service.features import LEXICAL_COLUMNS, Ngrams, lexical
from service.heads import AttributeHeads, Heads, heads_text_of_plain
from training.calibration import cross_calibrated, curve, soft, to_prevalence
from training.contrasts import contrasts, in_passing, joined, mentions
from training.dataset import ENCODER_FOLDS, LABELLED, DataError, LabelledText, encoder_never_saw, fold_of, target

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
SPAM = "youtube-spam"  # that of `spam`, which nothing else has

SMOOTHING = 0.5
EXPERT_C = 2.0
JOIN_C, READ_C = 1.0, 0.03
# How freely margins of experts, counts, an encoder's log-odds and its vector are weighed.
FREEDOM = (1.0, 0.5, 1.0, 0.2)
# What a sentence of our own counts for beside a comment of a reader: by itself, and among sentences on everyday matters. Where the
# latter count as much, readers' comments are told worse (`identity_attack` by 0.016 ROC-AUC), attacks among such sentences better (57 %
# at 0.5 instead of 48 %).
OWN_WEIGHT, PASSING_WEIGHT = 0.3, 0.05
# The family whose comments are presumed not to carry an attribute that they were not judged for, and what all of them count for beside
# those that were: few were judged for spam, under videos alone, and what sets those apart is not to pass for spam elsewhere.
PRESUMED_WITHOUT = {"spam": REFERENCE}
PRESUMED_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Scores of comments by heads that saw neither them nor a near-copy: `labels` and `scores` 0 to 1, `weights` to natural
    prevalence, `sources` where there are several."""

    labels: Floats
    scores: Floats
    weights: Floats
    sources: npt.NDArray[np.str_] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What one family of sources means by one attribute. `aside`: the weight of rows that are learnt from and that no figure counts,
    0 for all others."""

    family: str
    attribute: str
    rows: Ints
    labels: Floats
    aside: Floats


@dataclass(frozen=True, slots=True)
class Linear:
    weights: Singles
    intercept: float


def fit_attributes(
    texts: Sequence[LabelledText], encoder: Encoder | None = None, *, most: int
) -> tuple[AttributeHeads, dict[str, HeldOut]]:
    """Heads for every attribute that the texts carry, and their scores of held-out comments. The same texts give the same bytes.

    With an encoder, experts are joined on the comments that it was kept from, and on sentences of our own.
    """
    folds = np.array([fold_of(row.key, FOLDS) for row in texts])
    tasks = _tasks(texts, folds)
    if not tasks:
        raise DataError(f"no attribute has {MIN_POSITIVES} comments with it and as many without, near-copies aside: nothing can be fitted")
    ngrams = Ngrams(most=most)
    grams = ngrams.fit_plain([heads_text_of_plain(row.plain) for row in texts])
    unseen, experts = _experts(tasks, grams, folds)
    judged = _judged(texts, unseen, folds) if encoder is None else _judged_with(encoder, texts, unseen, ngrams, experts)
    judged_tasks = _tasks(judged.texts, judged.folds, fewest=1)
    references = {name: _reference(judged_tasks, name) for name in LABELLED if any(task.attribute == name for task in judged_tasks)}
    attributes = tuple(name for name, task in references.items() if _enough(task, judged))
    if not attributes:
        raise DataError(
            f"of the comments of {REFERENCE} and {SPAM} that the encoder was kept from, one in {ENCODER_FOLDS}, fewer than {MIN_POSITIVES} "
            "carry any attribute: nothing can be fitted. Add comments of these sources, or remove the encoder from the folder to fit "
            "without it"
        )
    heads, held = [], {}
    for name in tqdm(attributes, desc="joining", unit="attribute"):
        task = _with_aside(references[name], judged)
        crossed = _crossed(task, judged)
        heads.append(_join(task, judged, crossed))
        held[name] = _held_out(name, crossed)
    return AttributeHeads(_assembled(attributes, ngrams, experts, heads, reads=encoder is not None)), held


@dataclass(frozen=True, slots=True)
class Judged:
    """Comments that the experts' margins are joined on. `inputs`: (comments, experts + counts + an encoder's columns). `freedom` says of
    each column how freely it may be weighed, `c` how freely all may. `own`: what a sentence of ours counts for, 0 for readers' comments."""

    texts: Sequence[LabelledText]
    inputs: Floats
    freedom: Floats
    folds: Ints
    own: Floats
    c: float


@dataclass(frozen=True, slots=True)
class Crossed:
    """What figures count of a task's rows: margins joined by weights that were fitted without the row's fold, labels, and the folds."""

    margins: Floats
    labels: Floats
    folds: Ints


@dataclass(frozen=True, slots=True)
class Joined:
    """How an attribute weighs the columns, and its calibration."""

    weights: Floats
    intercept: float
    curve: tuple[Floats, Floats]


def _judged(texts: Sequence[LabelledText], unseen: Floats, folds: Ints) -> Judged:
    inputs = np.hstack([unseen, _counts(texts)])
    return Judged(texts, inputs, np.ones(inputs.shape[1]), folds, np.zeros(len(texts)), JOIN_C)


def _judged_with(encoder: Encoder, texts: Sequence[LabelledText], unseen: Floats, ngrams: Ngrams, experts: Sequence[Linear]) -> Judged:
    rows = [at for at, row in enumerate(texts) if encoder_never_saw(row.key) and row.family in (REFERENCE, SPAM)]
    kept = [texts[at] for at in rows]
    alone = [*(row for row in contrasts() if encoder_never_saw(row.source)), *mentions(), *joined()]
    passing = in_passing(alone, unseen=True)
    own = alone + passing
    grams = ngrams.of_plain([heads_text_of_plain(row.plain) for row in own])
    margins = np.vstack([unseen[rows], np.column_stack([grams @ expert.weights + expert.intercept for expert in experts])])
    progress = tqdm([*kept, *own], desc="reading", unit="comment", mininterval=1)
    readings = np.array([vector(encoder.read(heads_text_of_plain(row.plain))) for row in progress])
    blocks = [margins, _counts([*kept, *own]), readings[:, :-WIDTH], readings[:, -WIDTH:]]
    freedom = np.concatenate([np.full(block.shape[1], free) for block, free in zip(blocks, FREEDOM, strict=True)])
    folds = np.array([fold_of(row.key, FOLDS) for row in kept] + [fold_of(row.source, FOLDS) for row in own])
    ours = [LabelledText(row.text, row.labels, SPAM if "spam" in row.labels else REFERENCE, row.plain) for row in own]
    counts_for = np.repeat([0.0, OWN_WEIGHT, PASSING_WEIGHT], [len(kept), len(alone), len(passing)])
    return Judged([*kept, *ours], np.hstack(blocks), freedom, folds, counts_for, READ_C)


def _counts(texts: Sequence[LabelledText]) -> Floats:
    return np.asarray(lexical([heads_text_of_plain(row.plain) for row in texts]), dtype=np.float64)


def _tasks(texts: Sequence[LabelledText], folds: Ints, fewest: int = MIN_POSITIVES) -> list[Task]:
    families = sorted({row.family for row in texts})
    tasks = []
    for attribute in LABELLED:
        known = {at: label for at, row in enumerate(texts) if (label := target(row, attribute)) is not None}
        for family in families:
            rows = np.array([at for at in known if texts[at].family == family], dtype=np.int64)
            labels = np.array([known[at] for at in rows], dtype=np.float64)
            if _told(labels, folds[rows], fewest):
                tasks.append(Task(family, attribute, rows, labels, np.zeros(len(rows))))
    return tasks


def _told(labels: Floats, folds: Ints, fewest: int) -> bool:
    """Whether so many carry it, so many do not, and some of either stay whichever fold is left out; near-copies share one."""
    outside = [labels[folds != fold] for fold in range(FOLDS)]
    return min(labels.sum(), (1 - labels).sum()) >= fewest and all((each > 0).any() and (each < 1).any() for each in outside)


def _reference(tasks: Sequence[Task], attribute: str) -> Task:
    own = [task for task in tasks if task.attribute == attribute]
    return next((task for task in own if task.family == REFERENCE), max(own, key=lambda task: len(task.rows)))


def _enough(task: Task, judged: Judged) -> bool:
    """Whether readers' comments, and not only sentences of our own, say what carries the attribute and what does not."""
    rows = judged.own[task.rows] == 0
    return _told(task.labels[rows], judged.folds[task.rows[rows]], MIN_POSITIVES)


def _with_aside(task: Task, judged: Judged) -> Task:
    """The task, with our own sentences and the comments that are presumed not to carry its attribute set aside from its figures."""
    own, family = judged.own[task.rows], PRESUMED_WITHOUT.get(task.attribute)
    presumed = [at for at, row in enumerate(judged.texts) if row.family == family != task.family and judged.own[at] == 0]
    weight = PRESUMED_WEIGHT * (own == 0).sum() / max(1, len(presumed))
    return Task(
        task.family,
        task.attribute,
        np.r_[task.rows, np.array(presumed, dtype=np.int64)],
        np.r_[task.labels, np.zeros(len(presumed))],
        np.r_[own, np.full(len(presumed), weight)],
    )


def _experts(tasks: Sequence[Task], grams: sparse.csr_matrix, folds: Ints) -> tuple[Floats, list[Linear]]:
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


def _expert(task: Task, grams: sparse.csr_matrix, folds: Ints, without: int | None) -> Linear:
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


def _combine(task: Task, judged: Judged, keep: Bools) -> tuple[Floats, float]:
    """Weights of the columns, and an intercept, at natural prevalence."""
    rows = task.rows[keep]
    inputs, labels, natural = judged.inputs[rows], task.labels[keep], task.aside[keep]
    counted, read = natural == 0, inputs[judged.own[rows] == 0]
    mean, spread = read.mean(axis=0), (read.std(axis=0) + 1e-6) / judged.freedom
    natural[counted] = to_prevalence(labels[counted], NATURAL[task.attribute])
    at, hard, weights = soft(labels)
    fitted = LogisticRegression(C=judged.c, max_iter=2000).fit(((inputs - mean) / spread)[at], hard, sample_weight=weights * natural[at])
    scaled = fitted.coef_[0] / spread
    return scaled, float(fitted.intercept_[0] - (scaled * mean).sum())


def _crossed(task: Task, judged: Judged) -> Crossed:
    margins, folds = np.zeros(len(task.rows)), judged.folds[task.rows]
    for fold in range(FOLDS):
        inside = folds == fold
        weights, intercept = _combine(task, judged, ~inside)
        margins[inside] = judged.inputs[task.rows[inside]] @ weights + intercept
    counted = task.aside == 0
    return Crossed(margins[counted], task.labels[counted], folds[counted])


def _join(task: Task, judged: Judged, crossed: Crossed) -> Joined:
    weights, intercept = _combine(task, judged, np.ones(len(task.rows), dtype=bool))
    natural = to_prevalence(crossed.labels, NATURAL[task.attribute])
    return Joined(weights, intercept, curve(crossed.margins, crossed.labels, natural))


def _held_out(attribute: str, crossed: Crossed) -> HeldOut:
    natural = to_prevalence(crossed.labels, NATURAL[attribute])
    return HeldOut(crossed.labels, cross_calibrated(crossed.margins, crossed.labels, natural, crossed.folds), natural)


def _assembled(attributes: tuple[str, ...], ngrams: Ngrams, experts: Sequence[Linear], heads: Sequence[Joined], *, reads: bool) -> Heads:
    """Experts and their joining are linear, so they fold into one weight an n-gram and attribute."""
    stacked, offsets = np.column_stack([expert.weights for expert in experts]), np.array([expert.intercept for expert in experts])
    joined = np.column_stack([head.weights for head in heads])
    by_expert, others = joined[: len(experts)], joined[len(experts) :]
    return Heads(
        names=attributes,
        ngrams=ngrams,
        weights=(stacked @ by_expert).astype(np.float16).astype(np.float32),
        lexical_weights=others[:LEXICAL_COLUMNS].astype(np.float32),
        reading_weights=others[LEXICAL_COLUMNS:].astype(np.float32) if reads else None,
        intercepts=np.array([head.intercept for head in heads]) + offsets @ by_expert,
        curves=[head.curve for head in heads],
    )
