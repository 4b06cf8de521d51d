"""How good the scores are, on texts that the models did not train on: discrimination, calibration, and what each threshold would do."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from service.domain import Article, ScoreInput
from service.scoring import Model
from training.dataset import Corpora, TopicComment, read_tests
from training.pipelines import HeldOut

Floats = npt.NDArray[np.float64]

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
# Jigsaw's test file is balanced: this restores how often its labels occur.
TEST_JIGSAW_NEGATIVES = 9.505
SAMPLE = 600
SEED = 0


def held_out_metrics(held: Mapping[str, HeldOut]) -> dict[str, Any]:
    """For each attribute: comments, positives, ROC-AUC, calibration error, and a row a threshold; all at natural prevalence."""
    return {name: _attribute(scores) for name, scores in held.items()}


def threshold_rows(labels: Floats, scores: Floats, weights: Floats) -> list[dict[str, float]]:
    """For each threshold: precision and recall of the scores at or above it, and the share of all comments that they are."""
    rows = []
    for threshold in THRESHOLDS:
        above = scores >= threshold
        caught, flagged = (weights * labels)[above].sum(), weights[above].sum()
        precision = float(caught / flagged) if flagged else float("nan")
        rows.append(
            {
                "threshold": threshold,
                "precision": _rounded(precision),
                "recall": _rounded(float(caught / (weights * labels).sum())),
                "share": _rounded(float(flagged / weights.sum())),
            }
        )
    return rows


def calibration_error(labels: Floats, scores: Floats, weights: Floats, bins: int = 10) -> float:
    """Mean distance between score and share of labels over bins of equal weight."""
    order = np.argsort(scores, kind="stable")
    which = np.minimum((np.cumsum(weights[order]) / weights.sum() * bins).astype(int), bins - 1)
    gaps = [
        _gap(labels[order[which == b]], scores[order[which == b]], weights[order[which == b]]) for b in range(bins) if (which == b).any()
    ]
    return float(sum(gaps) / weights.sum())


def test_metrics(model: Model, folder: Path, corpora: Corpora) -> dict[str, Any]:
    """The published model's figures on the test files and on the sources kept for evaluation. Nothing may be chosen by them."""
    found: dict[str, Any] = {}
    for name in ("test-jigsaw", "test-surge", "test-madlibs"):
        rows = read_tests(folder, name)
        if rows:
            labels = np.array([row["labels"]["toxicity"] >= 0.5 for row in rows], dtype=float)
            scores = _scores(model, [ScoreInput(text=row["text"]) for row in rows], "toxicity")
            found[name] = {"rows": len(rows), "auc": _auc(labels, scores)}
            if name == "test-jigsaw":
                weights = np.where(labels > 0, 1.0, TEST_JIGSAW_NEGATIVES)
                found[name]["calibration_error"] = _rounded(calibration_error(labels, scores, weights))
                found[name]["thresholds"] = threshold_rows(labels, scores, weights)
            if name == "test-madlibs":
                found[name]["false_positives_at_0.6"] = _rounded(float((scores[labels == 0] >= 0.6).mean()))
    found |= _hatecheck(model, folder)
    if "spam" in model.attributes and corpora.comments:
        found["reader comments, presumed no spam"] = _flagged_as_spam(model, corpora)
    if "off_topic" in model.attributes:
        found["topicality"] = _topicality(model, corpora)
    return found


def printed(metrics: Mapping[str, Any]) -> str:
    """The held-out figures as Markdown tables."""
    lines = ["| attribute | comments | that carry it | ROC-AUC | calibration error |", "|---|---|---|---|---|"]
    for name, row in metrics.items():
        lines.append(f"| {name} | {row['comments']:,} | {row['positives']:,} | {_figures(row['auc'], row['calibration_error'])}")
    for name, row in metrics.items():
        lines += [
            "",
            f"`{name}`, at a natural prevalence of {row['prevalence']:.1%}:",
            "",
            "| threshold | precision | recall | share of comments |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {each['threshold']} | {_percent(each['precision'])} | {_percent(each['recall'])} | {each['share']:.2%} |"
            for each in row["thresholds"]
        ]
    return "\n".join(lines)


def printed_tests(tests: Mapping[str, Any]) -> str:
    """The figures on the test files as a Markdown table."""
    lines = ["| measured on | figure | value |", "|---|---|---|"]
    for name, figures in tests.items():
        for figure, value in figures.items():
            if isinstance(value, Mapping):
                lines += [f"| {name} {figure} | {each} | {number} |" for each, number in value.items()]
            elif not isinstance(value, list):
                lines.append(f"| {name} | {figure} | {value} |")
    return "\n".join(lines)


def _attribute(held: HeldOut) -> dict[str, Any]:
    weights = held.weights
    return {
        "comments": len(held.labels),
        "positives": int((held.labels >= 0.5).sum()),
        "prevalence": _rounded(float((weights * held.labels).sum() / weights.sum())),
        "auc": _auc(held.labels >= 0.5, held.scores),
        "calibration_error": _rounded(calibration_error(held.labels, held.scores, weights)),
        "thresholds": threshold_rows(held.labels, held.scores, weights),
    }


def _hatecheck(model: Model, folder: Path) -> dict[str, Any]:
    rows = read_tests(folder, "test-hatecheck")
    if not rows:
        return {}
    inputs = [ScoreInput(text=row["text"]) for row in rows]
    labels = np.array([row["labels"]["hateful"] >= 0.5 for row in rows], dtype=float)
    scores = np.fmax(_scores(model, inputs, "toxicity"), _scores(model, inputs, "identity_attack"))
    return {"test-hatecheck": {"rows": len(rows), "auc": _auc(labels, scores)}}


def _flagged_as_spam(model: Model, corpora: Corpora) -> dict[str, Any]:
    """How much of ordinary reader comments the spam score would flag: it was trained on another kind of site."""
    chosen = np.random.default_rng(SEED).permutation(len(corpora.comments))[:SAMPLE]
    scores = _scores(model, [ScoreInput(text=corpora.comments[at].text) for at in chosen], "spam")
    return {f"spam at {threshold} or above": _rounded(float((scores >= threshold).mean())) for threshold in (0.5, 0.7, 0.9, 0.95)}


def _topicality(model: Model, corpora: Corpora) -> dict[str, Any]:
    """For the sources that are never trained on: own against drawn article, and people's ratings where there are any."""
    by_source: dict[str, list[TopicComment]] = defaultdict(list)
    for comment in corpora.comments:
        by_source[corpora.articles[comment.article].source].append(comment)
    found = {}
    for source in ("cocolofa", "wsj", "dyerta"):
        if by_source[source]:
            found[source] = _source(model, corpora, by_source[source])
    return found


def _source(model: Model, corpora: Corpora, comments: Sequence[TopicComment]) -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    chosen = [comments[at] for at in rng.permutation(len(comments))[:SAMPLE]]
    others = sorted({comment.article for comment in comments})
    drawn = [[each for each in others if each != comment.article][int(rng.integers(len(others) - 1))] for comment in chosen]
    own = _off_topic(model, corpora, chosen, lambda at: chosen[at].article)
    wrong = _off_topic(model, corpora, chosen, lambda at: drawn[at])
    known = ~np.isnan(own) & ~np.isnan(wrong)
    labels = np.r_[np.zeros(known.sum()), np.ones(known.sum())]
    found: dict[str, Any] = {"auc": _auc(labels, np.r_[own[known], wrong[known]]), "with evidence": f"{known.sum()} of {len(known)}"}
    rated = np.array([np.nan if comment.on_topic is None else comment.on_topic for comment in chosen])
    both = ~np.isnan(rated) & ~np.isnan(own)
    if both.any():
        found["spearman with people"] = _rounded(float(spearmanr(own[both], 1 - rated[both])[0]))
    return found


def _off_topic(model: Model, corpora: Corpora, comments: Sequence[TopicComment], claimed: Callable[[int], str]) -> Floats:
    articles = {name: Article(id=name, title=about.title[:1000], text=about.text) for name, about in corpora.articles.items()}
    return _scores(
        model, [ScoreInput(text=comment.text, article=articles[claimed(at)]) for at, comment in enumerate(comments)], "off_topic"
    )


def _scores(model: Model, inputs: Sequence[ScoreInput], attribute: str) -> Floats:
    return np.array([scores.values.get(attribute, np.nan) for scores in model.score(inputs)])


def _auc(labels: npt.ArrayLike, scores: Floats) -> float | None:
    hard = np.asarray(labels, dtype=float) >= 0.5
    return _rounded(float(roc_auc_score(hard, scores))) if 0 < hard.sum() < len(hard) else None


def _gap(labels: Floats, scores: Floats, weights: Floats) -> float:
    return abs(float((weights * labels).sum() - (weights * scores).sum()))


def _figures(*values: float | None) -> str:
    return " | ".join("-" if value is None else f"{value:.3f}" for value in values) + " |"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _rounded(value: float) -> float | None:
    """Four digits; None where there is no figure, since JSON has no NaN."""
    return None if np.isnan(value) else round(value, 4)
