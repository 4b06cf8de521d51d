"""Held-out figures are of comments that nothing was fitted on: on labels that mean nothing they are a coin's."""

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from training.dataset import LabelledText
from training.perspective import Read, _fitted
from training.perspective import _crossed as crossed_by_perspective
from training.pipelines import FOLDS, Crossed, Judged, Task, _crossed, _expert, _held_out, fit_attributes

ROWS, COLUMNS = 600, 120


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def folds(rng):
    return rng.integers(FOLDS, size=ROWS)


@pytest.fixture
def task(rng):
    labels = rng.integers(2, size=ROWS).astype(float)
    return Task("jigsaw", "toxicity", np.arange(ROWS), labels, np.zeros(ROWS))


def other_labels(rng, labels, fold):
    """The labels, those of a fold dealt out anew."""
    dealt = labels.copy()
    dealt[fold] = rng.permutation(labels[fold])
    return dealt


def test_heads_learn_nothing_of_the_fold_that_they_are_measured_on(rng, folds, task):
    inputs = rng.normal(size=(ROWS, COLUMNS))

    crossed = _crossed(task, Judged((), inputs, np.ones(COLUMNS), folds, np.zeros(ROWS), c=1.0))

    assert roc_auc_score(crossed.labels, crossed.margins) < 0.55


def test_an_expert_learns_nothing_of_the_fold_that_it_goes_without(rng, folds, task):
    grams = sparse.random(ROWS, 2_000, density=0.01, format="csr", random_state=1)

    fitted = _expert(task, grams, folds, without=0)

    mine = folds == 0
    assert roc_auc_score(task.labels[mine], grams[mine] @ fitted.weights) < 0.6


def test_a_fold_is_calibrated_by_the_labels_of_the_others(rng, folds, task):
    margins, mine = rng.normal(size=ROWS), folds == 0

    def calibrated(labels):
        return _held_out("toxicity", Crossed(margins, labels, folds)).scores[mine]

    assert calibrated(task.labels) == pytest.approx(calibrated(other_labels(rng, task.labels, mine)), abs=1e-4)


def test_attributes_are_measured_on_comments_that_no_expert_saw(rng):
    words = [f"{one}{other}" for one in "trams roses goals exams votes".split() for other in "abcdefghijklmnopqrst"]
    texts = [" ".join(rng.choice(words, 8)) for _ in range(300)]
    rows = [
        LabelledText(text, {"toxicity": float(label)}, "own", text) for text, label in zip(texts, rng.integers(2, size=300), strict=True)
    ]

    held = fit_attributes(rows, most=3_000)[1]["toxicity"]

    assert roc_auc_score(held.labels, held.scores) < 0.6


def test_perspectives_heads_learn_nothing_of_the_fold_that_they_are_measured_on(rng):
    rows = [{"text": f"comment {'abcdefghijklmnopqrstuvwxyz'[n % 26]} {'abcdefghijklmnopqrstuvwxyz'[n // 26]}"} for n in range(ROWS)]
    read = Read(rng.normal(size=(ROWS, COLUMNS)), sparse.random(ROWS, 40, density=0.2, format="csr", random_state=1))
    scores = rng.random(ROWS)

    margins = crossed_by_perspective(rows, lambda keep: _fitted(read[keep], scores[keep]), read)

    assert spearmanr(margins, scores)[0] < 0.1
