"""How well `off_topic` tells comments beside their own article from the same beside a drawn one."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from service.arrays import Floats
from service.domain import ScoreInput
from service.scoring import Model
from training.dataset import Corpora, TopicComment
from training.figures import auc, rounded
from training.scored import rate

EVALUATED_ONLY = ("cocolofa", "wsj", "dyerta")
SAMPLE = 2_000
SEED = 0


def topicality(model: Model, corpora: Corpora) -> dict[str, Any]:
    """By source, for those that are never trained on and of which something is said: ROC-AUC, and agreement with people's ratings where
    there are any."""
    comments: dict[str, list[TopicComment]] = defaultdict(list)
    for comment in corpora.comments:
        comments[corpora.articles[comment.article].source].append(comment)
    several = [name for name in EVALUATED_ONLY if len({each.article for each in comments[name]}) > 1]
    found = {name: _source(model, corpora, comments[name], name) for name in several}
    return {name: figures for name, figures in found.items() if figures}


def _source(model: Model, corpora: Corpora, comments: Sequence[TopicComment], name: str) -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    chosen = [comments[at] for at in rng.permutation(len(comments))[:SAMPLE]]
    others = sorted({comment.article for comment in comments})
    drawn = [[each for each in others if each != comment.article][int(rng.integers(len(others) - 1))] for comment in chosen]
    own = _off_topic(model, corpora, chosen, [comment.article for comment in chosen], f"{name}, own article")
    wrong = _off_topic(model, corpora, chosen, drawn, f"{name}, drawn article")
    known = ~np.isnan(own) & ~np.isnan(wrong)
    if not known.any():
        return {}
    labels = np.r_[np.zeros(known.sum()), np.ones(known.sum())]
    found: dict[str, Any] = {"auc": auc(labels, np.r_[own[known], wrong[known]]), "with evidence": f"{known.sum()} of {len(known)}"}
    found |= {"own at 0.5": rounded(float((own[known] >= 0.5).mean())), "drawn at 0.5": rounded(float((wrong[known] >= 0.5).mean()))}
    rated = np.array([np.nan if comment.on_topic is None else comment.on_topic for comment in chosen])
    both = ~np.isnan(rated) & ~np.isnan(own)
    if both.any():
        found["spearman with people"] = rounded(float(spearmanr(own[both], 1 - rated[both])[0]))
    return found


def _off_topic(model: Model, corpora: Corpora, comments: Sequence[TopicComment], claimed: Sequence[str], said: str) -> Floats:
    articles = [corpora.articles[name].to_domain() for name in claimed]
    inputs = [ScoreInput(text=comment.text, article=article) for comment, article in zip(comments, articles, strict=True)]
    return rate(model, inputs, said)["off_topic"]
