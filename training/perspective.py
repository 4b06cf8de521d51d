"""Fits heads to the scores that Perspective itself published, so that 0.8 means there what it meant at Perspective."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from service.encoder import Encoder, vector
from service.features import Lexical, Ngrams
from service.heads import Heads, PerspectiveHeads, read_as
from training.calibration import curve
from training.dataset import encoder_never_saw, fold_of, read_tests, text_key
from training.pipelines import soft

Floats = npt.NDArray[np.float64]

WIKI, SCORES = "perspective-wiki", "perspective-scores"
SERVED_FROM = 0.6  # the Spearman correlation with Perspective, in cross-validation, from which an attribute is served
FOLDS = 5
COLUMNS = 40_000
EXPERT_C, HEAD_C = 2.0, 0.02


@dataclass(frozen=True, slots=True)
class Rows:
    """Comments by what they read like: `dense` (comments, counts + an encoder's columns), their n-grams, and a fold each."""

    dense: Floats
    grams: sparse.csr_matrix
    folds: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fitted:
    dense: Floats
    intercept: float
    curve: tuple[Floats, Floats]


def fit_perspective(folder: Path, encoder: Encoder) -> tuple[PerspectiveHeads, dict[str, Any]] | None:
    """Heads under Perspective's names, and for each its figures on comments not trained on: the Spearman correlation, whether it is
    served, and for TOXICITY the ROC-AUC for the labels, beside Perspective's own; None without the data.

    TOXICITY learns from `perspective-wiki` alone; the others, of which there are few examples, from `perspective-scores`.
    """
    wiki, few = read_tests(folder, WIKI), read_tests(folder, SCORES)
    if not wiki or not few:
        return None
    held = {text_key(row["text"]) for row in few}
    wiki = [row for row in wiki if text_key(row["text"]) not in held]
    ngrams = Ngrams(most=COLUMNS)
    ngrams.fit_plain([read_as(row["text"], blinded=False) for row in wiki])
    # The encoder never saw these of `perspective-wiki`, and none of `perspective-scores`.
    unseen = [row for row in wiki if encoder_never_saw(text_key(row["text"]))]
    words = _expert(ngrams, [row for row in wiki if not encoder_never_saw(text_key(row["text"]))])
    told = _rows(unseen, ngrams, encoder), _rows(few, ngrams, encoder)
    fitted: dict[str, Fitted] = {}
    figures: dict[str, Any] = {}
    for name in tqdm(["TOXICITY", *_names(few)], desc="Perspective", unit="attribute"):
        rows, read = (told[0], unseen) if name == "TOXICITY" else (told[1], few)
        scores = _of(read, name)
        head, margins = _head(rows, scores, words)
        found = float(spearmanr(margins, scores)[0])
        figures[name] = {"spearman": round(found, 4), "served": found >= SERVED_FROM}
        if name == "TOXICITY":
            labels = np.array([row["labels"]["toxicity"] >= 0.5 for row in read])
            aucs = {"ours": roc_auc_score(labels, margins), "Perspective": roc_auc_score(labels, scores)}
            figures[name]["labels"] = {"rows": len(read)} | {who: round(float(value), 4) for who, value in aucs.items()}
        if found >= SERVED_FROM:
            fitted[name] = head
    return _assembled(ngrams, words, fitted), figures


def _names(few: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({name.partition("@")[0] for name in few[0]["perspective"]} - {"TOXICITY"})


def _of(rows: Sequence[Mapping[str, Any]], name: str) -> Floats:
    """Perspective's scores for a name; where it published several versions, the newest one."""
    newest = max((key for key in rows[0]["perspective"] if key.partition("@")[0] == name), key=lambda key: int(key.partition("@")[2] or 0))
    return np.array([row["perspective"][newest] for row in rows])


def _expert(ngrams: Ngrams, rows: Sequence[Mapping[str, Any]]) -> npt.NDArray[np.float32]:
    """Weights of the n-grams for TOXICITY."""
    grams = ngrams.of_plain([read_as(row["text"], blinded=False) for row in rows])
    at, hard, weights = soft(_of(rows, "TOXICITY"))
    fitted = LogisticRegression(C=EXPERT_C, solver="liblinear", random_state=0).fit(grams[at], hard, sample_weight=weights)
    return np.asarray(fitted.coef_[0], dtype=np.float32)


def _rows(rows: Sequence[Mapping[str, Any]], ngrams: Ngrams, encoder: Encoder) -> Rows:
    plain = [read_as(row["text"], blinded=False) for row in rows]
    readings = [vector(encoder.read(each)) for each in tqdm(plain, desc="reading", unit="comment", leave=False)]
    folds = np.array([fold_of(f"perspective {text_key(row['text'])}", FOLDS) for row in rows])
    return Rows(np.hstack([Lexical().of_plain(plain), np.array(readings)]), ngrams.of_plain(plain), folds)


def _head(rows: Rows, scores: Floats, words: npt.NDArray[np.float32]) -> tuple[Fitted, Floats]:
    """A head fitted on all rows, and the log-odds of each by one that was fitted without its fold."""
    inputs = np.column_stack([rows.dense, rows.grams @ words])
    margins = np.zeros(len(scores))
    for fold in range(FOLDS):
        inside = rows.folds == fold
        weights, intercept = _linear(inputs[~inside], scores[~inside])
        margins[inside] = inputs[inside] @ weights + intercept
    weights, intercept = _linear(inputs, scores)
    return Fitted(weights, intercept, curve(margins, scores, np.ones(len(scores)))), margins


def _linear(inputs: Floats, scores: Floats) -> tuple[Floats, float]:
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    at, hard, weights = soft(scores)
    fitted = LogisticRegression(C=HEAD_C, max_iter=2_000).fit(((inputs - mean) / spread)[at], hard, sample_weight=weights)
    scaled = fitted.coef_[0] / spread
    return scaled, float(fitted.intercept_[0] - (scaled * mean).sum())


def _assembled(ngrams: Ngrams, words: npt.NDArray[np.float32], fitted: Mapping[str, Fitted]) -> PerspectiveHeads:
    dense, counts = np.column_stack([head.dense for head in fitted.values()]), Lexical().of_plain(["-"]).shape[1]
    heads = Heads(
        names=tuple(fitted),
        ngrams=ngrams,
        weights=np.outer(words, dense[-1]).astype(np.float16).astype(np.float32),
        lexical_weights=dense[:counts].astype(np.float32),
        reading_weights=dense[counts:-1].astype(np.float32),
        intercepts=np.array([head.intercept for head in fitted.values()]),
        curves=[head.curve for head in fitted.values()],
        blinded=False,
    )
    return PerspectiveHeads(heads)
