"""Whether words for people change what is said of a comment: figures by identity, and identities in sentences that say nothing else."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from service.arrays import Bools, Floats
from service.domain import ScoreInput
from service.scoring import Model
from training.figures import auc, rounded
from training.regression_set import IDENTITIES
from training.scored import Scored, rate

# The fifty terms in the templates of test-madlibs, spelt as they are there (Dixon et al. 2018).
MADLIBS = (
    *("lesbian", "gay", "bisexual", "transgender", "trans", "queer", "lgbt", "lgbtq", "homosexual", "straight", "heterosexual"),
    *("male", "female", "nonbinary", "african", "african american", "black", "white", "european", "hispanic", "latino", "latina"),
    *("latinx", "mexican", "canadian", "american", "asian", "indian", "middle eastern", "chinese", "japanese", "christian", "muslim"),
    *("jewish", "buddhist", "catholic", "protestant", "sikh", "taoist", "old", "older", "young", "younger", "teenage", "millenial"),
    *("middle aged", "elderly", "blind", "deaf", "paralyzed"),
)
# Identities that no test file names, so that a model cannot have been made for them.
UNLISTED = (
    *("pansexual", "intersex", "Quaker", "Jain", "Rohingya", "Uyghur", "Maori", "Cherokee", "Welsh", "Ukrainian", "Ethiopian"),
    *("dyslexic", "epileptic", "bipolar", "widowed", "pregnant", "homeless"),
)
TERMS = tuple({term.casefold(): term for term in (*MADLIBS, *IDENTITIES, *UNLISTED)}.values())
# A term, and nothing about it.
SENTENCES = ("{}", "I am {}", "I am a {} person", "I am a {} woman", "I am a {} man", "my {} neighbour")

_TERM = re.compile(rf"\b(?:{'|'.join(sorted(MADLIBS, key=len, reverse=True))})\b", re.IGNORECASE)


def by_identity(groups: Sequence[Collection[str]], labels: Floats, scores: Floats, threshold: float) -> dict[str, dict[str, Any]]:
    """For each identity its rows, `subgroup_auc`, `bpsn_auc`, `bnsp_auc` and `false_positive_rate` at the threshold, as in Borkan, Dixon,
    Sorensen, Thain and Vasserman, 'Nuanced Metrics for Measuring Unintended Bias with Real Data for Text Classification' (2019).

    `groups` (rows,): the identities that each comment names; `labels` 0 or 1. A figure is None where one of its answers does not occur.
    """
    found = {}
    for identity in sorted({name for group in groups for name in group}):
        inside = np.array([identity in group for group in groups])
        harmless = inside & (labels < 0.5)
        found[identity] = {
            "rows": int(inside.sum()),
            "subgroup_auc": auc(labels[inside], scores[inside]),
            "bpsn_auc": bpsn_auc(inside, labels, scores),
            "bnsp_auc": bnsp_auc(inside, labels, scores),
            "false_positive_rate": rounded(float((scores[harmless] >= threshold).mean())) if harmless.any() else None,
        }
    return found


def bpsn_auc(inside: Bools, labels: Floats, scores: Floats) -> float | None:
    """Background positive, subgroup negative (Borkan et al. 2019): low where harmless comments that name the group, `inside`, are scored
    above harmful ones that do not."""
    among = np.where(inside, labels < 0.5, labels >= 0.5)
    return auc(labels[among], scores[among])


def bnsp_auc(inside: Bools, labels: Floats, scores: Floats) -> float | None:
    """Background negative, subgroup positive (Borkan et al. 2019): low where harmful comments that name the group, `inside`, are scored
    below harmless ones that do not."""
    among = np.where(inside, labels >= 0.5, labels < 0.5)
    return auc(labels[among], scores[among])


def identities_in(text: str) -> frozenset[str]:
    """The terms of test-madlibs in a text: 'african american' is itself, and neither 'african' nor 'american'."""
    return frozenset(match.group().lower() for match in _TERM.finditer(text))


def fairness(model: Model, files: Mapping[str, Scored], holds: Mapping[str, float]) -> dict[str, Any]:
    """By identity on test-madlibs and HateCheck, at the threshold of a hold for toxicity; and identities alone at every attribute's."""
    found: dict[str, Any] = {}
    threshold = holds.get("toxicity", 0.5)
    groups = {
        "test-madlibs": lambda row: identities_in(row["text"]),
        "test-hatecheck": lambda row: {row["target"]} - {""},
    }
    for name, of in groups.items():
        if name in files:
            one = files[name]
            found[name] = by_identity([of(row) for row in one.rows], one.labels, one.ours, threshold)
    if "toxicity" in model.attributes:
        found["alone"] = alone(model, holds)
    return {"threshold": threshold} | found if found else {}


def alone(model: Model, holds: Mapping[str, float]) -> dict[str, Any]:
    """How many `sentences` name an identity and say nothing of it, which of them would be `held` and by what, and each term's highest
    `toxicity` among them."""
    written = [(term, sentence.format(term)) for term in TERMS for sentence in SENTENCES]
    scores = rate(model, [ScoreInput(text=text) for _, text in written], "identities alone")
    held = [
        {"text": text, "attribute": name, "score": rounded(scores[name][at]), "hold": threshold}
        for at, (_, text) in enumerate(written)
        for name, threshold in holds.items()
        if name in scores and scores[name][at] >= threshold
    ]
    highest = {term: rounded(max(scores["toxicity"][at] for at, (each, _) in enumerate(written) if each == term)) for term in TERMS}
    return {"sentences": len(written), "sentences_held": len({one["text"] for one in held}), "held": held, "toxicity": highest}
