"""Heads fitted to Perspective's published scores."""

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_corpora
from scipy import sparse
from scipy.special import expit
from scipy.stats import spearmanr

from service.encoder import Encoder
from training.card import card
from training.perspective import Read, _fitted, _joined, fit_perspective

ROWS = 3_000
MODELS = Path(__file__).parents[1] / "models"


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


@pytest.mark.filterwarnings("ignore::scipy.stats.ConstantInputWarning")
def test_a_figure_that_so_few_comments_do_not_have_is_none_in_the_manifest_and_a_dash_in_the_card(tmp_path):
    rows = tiny_corpora.tests()
    same = [row | {"perspective": {"TOXICITY": 0.5, "INSULT": 0.5}, "labels": {"toxicity": 0}} for row in rows["perspective-wiki"]]
    for name in ("perspective-wiki", "perspective-scores"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row | {"text": f"{name} {row['text']}"}) + "\n" for row in same))

    heads, figures = fit_perspective(tmp_path, Encoder.of(MODELS))

    assert heads.scale == tuple(name for name, row in figures.items() if row["served"]) == ("TOXICITY",)
    assert figures["TOXICITY"]["labels"] == {"rows": 16, "ours": None, "Perspective": None}
    assert figures["INSULT"] == {"spearman": None, "served": False}
    metrics = {"held_out": {}, "perspective": figures, "encoder": {}}
    written = card({"version": "1", "attributes": [], "data": [], "metrics": metrics})
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    assert "| INSULT | - | no |" in written
    said = " ".join(written.split())
    assert "the ROC-AUC is -, each" in said
    assert "that of Perspective's own scores is -." in said
