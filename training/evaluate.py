"""How good the scores are, on texts that the models did not train on: discrimination, calibration, and what each threshold would do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from service.arrays import Floats
from service.domain import ScoreInput
from service.scoring import Model
from training.dataset import Corpora, newest
from training.fairness import fairness
from training.figures import auc, calibration_error, rounded, threshold_rows
from training.pipelines import HeldOut
from training.scored import PERSPECTIVE, PROFANITY, Scored, rate, score_files
from training.topic_pairs import topicality
from training.toxic_words import toxic_words

SAMPLE = 600
SEED = 0
# Perspective's clients mostly ask on which side of this a comment is.
THEIR_THRESHOLD = 0.8
HATEFUL_FROM = 0.5


def held_out_metrics(held: Mapping[str, HeldOut]) -> dict[str, Any]:
    """For each attribute: comments, positives, ROC-AUC, calibration error, and a row a threshold; all at natural prevalence."""
    return {name: _attribute(scores) for name, scores in held.items()}


def measure(model: Model, folder: Path, corpora: Corpora, holds: Mapping[str, float]) -> tuple[dict[str, Any], dict[str, Scored]]:
    """The published model's figures on the test files and on the sources kept for evaluation, and the scores that they come from.

    `holds` are the policy's thresholds for a hold, by attribute. What the folder does not have is left out. Nothing may be chosen by
    these figures.
    """
    files = score_files(model, folder, frozenset(row.key for row in corpora.texts))
    found = {name: _MEASURES[name](one) for name, one in files.items()}
    parts = {"fairness": fairness(model, files, holds), "toxic-spans": toxic_words(model, folder)}
    if "spam" in model.attributes and corpora.comments:
        parts["reader comments, presumed no spam"] = _flagged_as_spam(model, corpora)
    if "off_topic" in model.attributes:
        parts["topicality"] = topicality(model, corpora)
    return found | {name: figures for name, figures in parts.items() if figures}, files


def agreement(theirs: Floats, ours: Floats) -> dict[str, float | None]:
    """How far scores follow Perspective's: Spearman's rank correlation, mean distance, and how often both are on one side of 0.8."""
    return {
        "spearman": rounded(float(spearmanr(theirs, ours)[0])),
        "mean_distance": rounded(float(np.abs(theirs - ours).mean())),
        "same_side_of_0.8": rounded(float(((theirs >= THEIR_THRESHOLD) == (ours >= THEIR_THRESHOLD)).mean())),
    }


def _attribute(held: HeldOut) -> dict[str, Any]:
    weights, sources = held.weights, held.sources
    several = [] if sources is None else [(str(one), sources == one) for one in np.unique(sources)]
    return {
        "comments": len(held.labels),
        "positives": int((held.labels >= 0.5).sum()),
        "prevalence": rounded(float((weights * held.labels).sum() / weights.sum())),
        "auc": auc(held.labels >= 0.5, held.scores),
        "calibration_error": rounded(calibration_error(held.labels, held.scores, weights)),
        "auc_by_source": {source: auc(held.labels[mine], held.scores[mine]) for source, mine in several},
        "thresholds": threshold_rows(held.labels, held.scores, weights),
    }


def _plainly(one: Scored) -> dict[str, Any]:
    found = {"rows": len(one.rows), "auc": auc(one.labels, one.ours)}
    if PROFANITY in one.by:
        found["profanity_check_auc"] = auc(one.labels, one.by[PROFANITY])
    return found


def _jigsaw(one: Scored) -> dict[str, Any]:
    return _plainly(one) | {
        "calibration_error": rounded(calibration_error(one.labels, one.ours, one.weights)),
        "thresholds": threshold_rows(one.labels, one.ours, one.weights),
    }


def _hatecheck(one: Scored) -> dict[str, Any]:
    """By the higher of toxicity and identity_attack. Balanced accuracy: the mean of the accuracies on hateful and on other sentences."""
    hateful = one.labels >= 0.5
    right = (one.ours >= HATEFUL_FROM) == hateful
    names = np.array([row["functionality"] for row in one.rows])
    functionalities = {}
    for name in sorted(set(names)):
        mine = names == name
        functionalities[name] = {
            "rows": int(mine.sum()),
            "hateful": bool(hateful[mine].any()),
            "accuracy": rounded(float(right[mine].mean())),
        }
    halves = [right[half].mean() for half in (hateful, ~hateful) if half.any()]
    return _plainly(one) | {"balanced_accuracy_at_0.5": rounded(float(np.mean(halves))), "functionalities": functionalities}


def _their_scores(one: Scored) -> dict[str, Any]:
    """Against Perspective's own scores: each of TOXICITY's rivals, and our attribute for each of theirs that we have."""
    rivals = {name: agreement(one.by[PERSPECTIVE], scores) for name, scores in one.by.items() if name != PERSPECTIVE}
    ours = {}
    for name, scores in one.attributes.items():
        theirs = name.upper()
        if any(key.partition("@")[0] == theirs for key in one.rows[0]["perspective"]) and name != "spam":
            published = np.array([row["perspective"][newest(row["perspective"], theirs)] for row in one.rows])
            ours[name] = rounded(float(spearmanr(published, scores)[0]))
    return {"rows": len(one.rows), "TOXICITY": rivals, "spearman of our attributes": ours}


def _their_labels(one: Scored) -> dict[str, Any]:
    return {"rows": len(one.rows), "auc": {name: auc(one.labels, scores) for name, scores in one.by.items()}}


_MEASURES = {
    "test-jigsaw": _jigsaw,
    "test-surge": _plainly,
    "test-madlibs": _plainly,
    "test-hatecheck": _hatecheck,
    "perspective-scores": _their_scores,
    "perspective-wiki": _their_labels,
}


def _flagged_as_spam(model: Model, corpora: Corpora) -> dict[str, Any]:
    """How much of ordinary reader comments the spam score would flag: it was trained on another kind of site."""
    chosen = np.random.default_rng(SEED).permutation(len(corpora.comments))[:SAMPLE]
    scores = rate(model, [ScoreInput(text=corpora.comments[at].text) for at in chosen], "spam")["spam"]
    return {f"spam at {threshold} or above": rounded(float((scores >= threshold).mean())) for threshold in (0.5, 0.7, 0.9, 0.95)}
