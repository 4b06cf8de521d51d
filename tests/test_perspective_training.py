"""Heads fitted to Perspective's published scores."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit
from scipy.stats import spearmanr

from training.perspective import Read, _fitted, _joined

ROWS = 3_000


@pytest.fixture
def learnt():
    """Comments of which an encoder's columns know the score of those that it saw, and little of the others'; n-grams that know a part of
    every one's; the scores; and which it never saw."""
    rng = np.random.default_rng(4)
    grams = sparse.random(ROWS, 40, density=0.2, format="csr", random_state=4)
    odds = grams @ rng.normal(size=40) + rng.normal(scale=0.5, size=ROWS)
    unseen = np.arange(ROWS) % 5 == 0
    columns = odds + rng.normal(scale=np.where(unseen, 8.0, 0.1), size=(30, ROWS))
    return Read(columns.T, grams), expit(odds), unseen


def test_what_an_encoder_says_counts_for_as_much_as_on_comments_that_it_never_saw(learnt):
    read, scores, unseen = learnt
    test = unseen & (np.arange(ROWS) % 2 == 0)
    keep = ~test

    def follows(head):
        return spearmanr(head.margins(read[test]), scores[test])[0]

    joined = _joined(read[keep], scores[keep], unseen[keep])

    assert follows(joined) > follows(_fitted(read[keep], scores[keep])) + 0.03


@pytest.mark.parametrize("seen", [0, 1, ROWS - 1, ROWS])
def test_without_comments_enough_on_both_sides_one_head_is_fitted(learnt, seen):
    read, scores, _ = learnt

    joined = _joined(read, scores, np.arange(ROWS) >= seen)

    assert joined.margins(read) == pytest.approx(_fitted(read, scores).margins(read))
