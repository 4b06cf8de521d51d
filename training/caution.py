"""That nobody moves the model alone: a cap on each one's share of weight, and an alarm where someone's verdicts contradict the others'."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from service.arrays import Bools, Floats
from training.lessons import Example
from training.newsroom import MIN_OF_A_KIND, rarer

MODERATOR_SHARE = 0.25
SITE_SHARE = 0.50
TOKEN_SHARE = 0.10
HEAVIEST = 20.0  # times a held comment's weight: an audited comment stands for many, but one verdict is still one
ROUNDS = 10  # each cap shifts the other's shares a little
MOST_CHECKED = 20
FEWEST_CHECKED = 30
Z = 1.96


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a model of everybody else's verdicts foretells one's own: 1 is always, 0.5 is chance, 0 is the contrary."""

    says: str
    verdicts: int
    auc: float
    upper: float

    @property
    def alarming(self) -> bool:
        """Worse than chance beyond doubt: who does that errs, or means to."""
        return self.upper < 0.5

    def __str__(self) -> str:
        return f"{self.says}: {self.verdicts} verdicts, agreement {self.auc:.2f} (0.5 is chance, at most {self.upper:.2f})"


def training_weights(examples: Sequence[Example], without: Sequence[str] = ()) -> Floats:
    """How much each example counts: by how likely it was to be seen, capped by site and person, and by person where both cannot hold;
    nothing for whom is in `without`."""
    weights = np.array([0.0 if one.says in without else min(1 / (one.chance or 1), HEAVIEST) for one in examples])
    for _ in range(ROUNDS):
        weights = capped(weights, [one.site for one in examples], lambda site: SITE_SHARE if site else 1.0)
        weights = capped(weights, [one.says for one in examples], _most)
    return weights


def _most(says: str) -> float:
    return MODERATOR_SHARE if says.startswith("moderator ") else TOKEN_SHARE


def capped(weights: Floats, names: Sequence[str], most: Callable[[str], float]) -> Floats:
    """The weights with nobody's share above what `most` says of the name, or above an equal share where there are too few to share it."""
    known, which = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    totals = np.bincount(which, weights, minlength=len(known))
    limits = np.maximum([most(name) for name in known], 1 / max(np.count_nonzero(totals), 1))
    over = np.zeros(len(known), dtype=bool)
    allowed = totals.copy()
    for _ in known:
        found = ~over & (allowed > limits * allowed.sum() * (1 + 1e-9))
        if not found.any():
            break
        over |= found
        rest = allowed[~over].sum()
        if limits[over].sum() >= 1 or rest == 0:
            allowed[over] = limits[over] * (allowed[over] / limits[over]).min()
            break
        allowed[over] = limits[over] * rest / (1 - limits[over].sum())
    factor = np.divide(allowed, totals, out=np.ones_like(totals), where=totals > 0)
    return np.asarray(weights * factor[which])


def agreements(examples: Sequence[Example], predict: Callable[[Bools], Floats]) -> list[Agreement]:
    """For each moderator with enough verdicts, where the others gave enough to learn from, the worst first: `predict(mask)` scores all
    by a model fitted on those of the mask."""
    says, rejected = np.array([one.says for one in examples]), np.array([one.rejected for one in examples], dtype=float)
    names, counts = np.unique(says, return_counts=True)
    checked = [names[at] for at in np.argsort(-counts)[:MOST_CHECKED] if counts[at] >= FEWEST_CHECKED]
    found = []
    for name in tqdm(checked if len(names) > 1 else [], desc="agreement", unit="moderator", leave=False):
        mine = says == name
        if rarer(rejected[mine]) > 0 and rarer(rejected[~mine]) >= MIN_OF_A_KIND:
            auc = float(roc_auc_score(rejected[mine], predict(~mine)[mine]))
            found.append(Agreement(name, int(mine.sum()), auc, auc + Z * _error(auc, rejected[mine])))
    return sorted(found, key=lambda one: one.auc)


def _error(auc: float, labels: Floats) -> float:
    """The standard error of a ROC-AUC, after Hanley and McNeil."""
    yes, no = labels.sum(), (1 - labels).sum()
    better, worse = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (yes - 1) * (better - auc**2) + (no - 1) * (worse - auc**2)
    return float(np.sqrt(max(spread, 0.0) / (yes * no)))
