"""Fits heads to the scores that Perspective itself published, so that 0.8 means there what it meant at Perspective."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import expit, logit
from scipy.stats import spearmanr
from sklearn.linear_model import LinearRegression, Ridge
from tqdm import tqdm

from service.arrays import Bools, Floats
from service.encoder import Encoder, vector
from service.features import LEXICAL_COLUMNS, Ngrams, lexical
from service.heads import Heads, PerspectiveHeads, heads_text
from training.dataset import SCORES, WIKI, encoder_never_saw, fold_of, newest, read_tests, text_key
from training.figures import auc, rounded

PERSPECTIVE_TASK = "perspective/TOXICITY"  # of the encoder
SERVED_FROM = 0.6  # the Spearman correlation with Perspective, in cross-validation, from which an attribute but TOXICITY is served
FOLDS = 5
COLUMNS = 40_000
PENALTY = 10.0
# Chosen on the comments of `perspective-wiki` that the encoder never saw: how freely counts and an encoder's columns are weighed, and
# n-grams, by a head that stands alone, and by the experts that are joined for TOXICITY, the second of which has n-grams alone; the third
# is the encoder's own output.
FREEDOM = (0.1, 3.0)
EXPERTS = ((0.03, 3.0), (1e-6, 3.0))
FEWEST = 50  # comments that weigh experts
RARITY = 0.3  # how much a rare height of a score counts for; all but few comments are low
SUREST = 0.005
# The margins are log-odds already.
PLAIN_CURVE = (np.array([-1.0, 1.0]), expit(np.array([-1.0, 1.0])))


@dataclass(frozen=True, slots=True)
class Read:
    """Comments as they are read: `dense` (comments, counts + an encoder's columns), and their n-grams."""

    dense: Floats
    grams: sparse.csr_matrix

    def __getitem__(self, rows: Any) -> "Read":
        return Read(self.dense[rows], self.grams[rows])


@dataclass(frozen=True, slots=True)
class Linear:
    dense: Floats
    grams: Floats
    intercept: float

    def margins(self, read: Read) -> Floats:
        found: Floats = read.dense @ self.dense + read.grams @ self.grams + self.intercept
        return found


def fit_perspective(folder: Path, encoder: Encoder) -> tuple[PerspectiveHeads, dict[str, Any]] | None:
    """Heads under Perspective's names, and for each its figures on comments not trained on: the Spearman correlation, whether it is
    served, and for TOXICITY the ROC-AUC for the labels, beside Perspective's own; None without the data.

    TOXICITY learns from `perspective-wiki` alone, and is served whatever its figures; the others, of which there are few examples, learn
    from `perspective-scores`.
    """
    wiki, few = read_tests(folder, WIKI), read_tests(folder, SCORES)
    if not wiki or not few:
        return None
    held = {text_key(row["text"]) for row in few}
    wiki = [row for row in wiki if text_key(row["text"]) not in held]
    ngrams = Ngrams(most=COLUMNS)
    ngrams.fit_plain([heads_text(row["text"], blinded=False) for row in wiki])
    many, scarce = _read(wiki, ngrams, encoder), _read(few, ngrams, encoder)
    unseen = np.array([encoder_never_saw(text_key(row["text"])) for row in wiki])
    said = _said(encoder)
    fitted = {"TOXICITY": _joined(many, _of(wiki, "TOXICITY"), unseen, said)}
    figures: dict[str, Any] = {"TOXICITY": _toxicity_figures(wiki, many, unseen, said)}
    for name in tqdm(_names(few), desc="Perspective", unit="attribute"):
        scores = _of(few, name)
        found = float(spearmanr(_crossed(few, lambda keep, scores=scores: _fitted(scarce[keep], scores[keep]), scarce), scores)[0])
        figures[name] = {"spearman": rounded(found), "served": found >= SERVED_FROM}
        if found >= SERVED_FROM:
            fitted[name] = _fitted(scarce, scores)
    return _assembled(ngrams, fitted), figures


def log_odds(scores: Floats) -> Floats:
    """Of scores from 0 to 1, which say no more than SUREST of their ends."""
    odds: Floats = logit(np.clip(scores, SUREST, 1 - SUREST))
    return odds


def how_often(odds: Floats) -> Floats:
    """For each, how many lie at its height: in the same half of a log-odd."""
    _, where, often = np.unique(np.round(odds * 2), return_inverse=True, return_counts=True)
    return np.asarray(often[where], dtype=np.float64)


def _names(few: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({name.partition("@")[0] for name in few[0]["perspective"]} - {"TOXICITY"})


def _of(rows: Sequence[Mapping[str, Any]], name: str) -> Floats:
    """Perspective's scores for a name; where it published several versions, the newest one."""
    key = newest(rows[0]["perspective"], name)
    return np.array([row["perspective"][key] for row in rows])


def _read(rows: Sequence[Mapping[str, Any]], ngrams: Ngrams, encoder: Encoder) -> Read:
    plain = [heads_text(row["text"], blinded=False) for row in rows]
    readings = [vector(encoder.read(each)) for each in tqdm(plain, desc="reading", unit="comment", mininterval=1)]
    return Read(np.hstack([lexical(plain), np.array(readings)]), ngrams.of_plain(plain))


def _fitted(read: Read, scores: Floats, freedom: tuple[float, float] = FREEDOM) -> Linear:
    """Ridge regression on Perspective's log-odds."""
    free, free_grams = freedom
    mean, spread = read.dense.mean(axis=0), (read.dense.std(axis=0) + 1e-6) / free
    inputs = sparse.hstack([sparse.csr_matrix((read.dense - mean) / spread), read.grams * free_grams], format="csr")
    odds = log_odds(scores)
    model = Ridge(alpha=PENALTY).fit(inputs, odds, sample_weight=_rare(odds))
    dense = model.coef_[: len(mean)] / spread
    return Linear(dense, model.coef_[len(mean) :] * free_grams, float(model.intercept_ - dense @ mean))


def _said(encoder: Encoder) -> int | None:
    """The column of a Read where the encoder says itself what Perspective would; None where it did not learn that."""
    if PERSPECTIVE_TASK not in encoder.tasks:
        return None
    return LEXICAL_COLUMNS + len(encoder.tasks) + encoder.tasks.index(PERSPECTIVE_TASK)


def _joined(read: Read, scores: Floats, unseen: Bools, said: int | None = None) -> Linear:
    """Experts on what the encoder learnt from, one of them on n-grams alone, and what it says itself; weighed by comments that it never
    saw, as on those that it saw its columns say more than they do elsewhere (stacking: Wolpert 1992). With fewer than FEWEST of either,
    one head of all."""
    if min(unseen.sum(), (~unseen).sum()) < FEWEST:
        return _fitted(read, scores)
    experts = [_fitted(read[~unseen], scores[~unseen], freedom) for freedom in EXPERTS]
    if said is not None:
        experts.append(Linear(np.eye(1, read.dense.shape[1], said)[0], np.zeros(read.grams.shape[1]), 0.0))
    odds = log_odds(scores[unseen])
    told = np.column_stack([expert.margins(read[unseen]) for expert in experts])
    join = LinearRegression(positive=True).fit(told, odds, sample_weight=_rare(odds))
    return Linear(
        np.column_stack([expert.dense for expert in experts]) @ join.coef_,
        np.column_stack([expert.grams for expert in experts]) @ join.coef_,
        float(join.intercept_ + np.array([expert.intercept for expert in experts]) @ join.coef_),
    )


def _rare(odds: Floats) -> Floats:
    """Weights, of mean 1, by how rare a score of that height is."""
    weights: Floats = (1 / how_often(odds)) ** RARITY
    return weights / weights.mean()


def _crossed(rows: Sequence[Mapping[str, Any]], fit: Callable[[Bools], Linear], read: Read) -> Floats:
    """Margins of each comment by a head that was fitted without its fold."""
    folds = np.array([fold_of(f"perspective {text_key(row['text'])}", FOLDS) for row in rows])
    margins = np.zeros(len(rows))
    for fold in range(FOLDS):
        margins[folds == fold] = fit(folds != fold).margins(read[folds == fold])
    return margins


def _toxicity_figures(wiki: Sequence[Mapping[str, Any]], read: Read, unseen: Bools, said: int | None) -> dict[str, Any]:
    """Of heads each fitted without a fold: the correlation on what the encoder never saw; and as few of those are toxic, how well all are
    told from the labels, which neither learns, beside Perspective's own scores."""
    scores, labels = _of(wiki, "TOXICITY"), np.array([row["labels"]["toxicity"] >= 0.5 for row in wiki])
    ours = _crossed(wiki, lambda keep: _joined(read[keep], scores[keep], unseen[keep], said), read)
    found = float(spearmanr(ours[unseen], scores[unseen])[0])
    labelled = {who: auc(labels, said) for who, said in (("ours", ours), ("Perspective", scores))}
    return {"spearman": rounded(found), "served": True, "labels": {"rows": len(wiki), **labelled}}


def _assembled(ngrams: Ngrams, fitted: Mapping[str, Linear]) -> PerspectiveHeads:
    dense = np.column_stack([head.dense for head in fitted.values()])
    heads = Heads(
        names=tuple(fitted),
        ngrams=ngrams,
        weights=np.column_stack([head.grams for head in fitted.values()]).astype(np.float16).astype(np.float32),
        lexical_weights=dense[:LEXICAL_COLUMNS].astype(np.float32),
        reading_weights=dense[LEXICAL_COLUMNS:].astype(np.float32),
        intercepts=np.array([head.intercept for head in fitted.values()]),
        curves=[PLAIN_CURVE for _ in fitted],
        blinded=False,
    )
    return PerspectiveHeads(heads)
