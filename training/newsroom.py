"""Fits a newsroom's estimator: the shipped model is where it starts, and what its moderators say moves it as far as they are many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.ensemble import ExtraTreesClassifier
from tqdm import tqdm

from service.arrays import Bools, Floats, Ints, Singles
from service.domain import LIKELY_TO_REJECT, ScoreInput
from service.features import Ngrams
from service.newsroom import Columns, Head, Newsroom, newsroom_text, tree_margins
from service.scoring import Model
from training.calibration import curve, soft
from training.lessons import Example

# Chosen by time-ordered validation inside the first 60 % of a moderators' log; the README says how.
SCALES = {"scores": 0.05, "facts": 0.1, "record": 0.15, "vector": 0.02, "ngrams": 0.6}
START = 1.0  # how far a toxic score is a reason to reject, before anybody said anything
AS_MUCH_AS = 400  # verdicts, what the shipped model is worth as an opinion of that
PENALTY = 1.0
SITE_PENALTY = 2.0
COLUMNS = 50_000
FOLDS = 4
MIN_OF_A_KIND = 20  # of both labels, before an attribute is corrected
MIN_OF_A_SITE = 300
MIN_FOR_TREES = 100
TREES = {"n_estimators": 200, "min_samples_leaf": 8, "max_features": 0.2, "max_leaf_nodes": 2_000, "random_state": 0}


@dataclass(frozen=True, slots=True)
class Material:
    """Examples, what the shipped model says of them (by attribute, each (examples,)), and how much each counts."""

    examples: Sequence[Example]
    before: Mapping[str, Floats]
    weights: Floats

    @property
    def inputs(self) -> list[ScoreInput]:
        return [one.input for one in self.examples]

    def labels(self, attribute: str) -> Floats:
        """NaN where nobody said."""
        return np.array([one.labels.get(attribute, np.nan) for one in self.examples])

    def of(self, chosen: Bools) -> "Material":
        return Material(
            [one for one, mine in zip(self.examples, chosen, strict=True) if mine],
            {name: scores[chosen] for name, scores in self.before.items()},
            self.weights[chosen],
        )


def fit_newsroom(shipped: Model, material: Material, *, order_alone: bool = False) -> Newsroom:
    """Heads for what there are enough labels of. The same material gives the same numbers. `order_alone`: likely_to_reject alone, not
    calibrated, which is enough to tell what is rejected before what."""
    newsroom = _features(shipped, material)
    columns = newsroom.columns(material.inputs, material.before)
    names = (LIKELY_TO_REJECT,) if order_alone else (LIKELY_TO_REJECT, *shipped.attributes)
    taught = [name for name in names if enough(material, name)]
    fits = tqdm(taught, desc="learning", unit="score", leave=False, disable=order_alone)
    newsroom.heads = {name: _head(newsroom, material, name, columns, curves=not order_alone) for name in fits}
    return newsroom


def enough(material: Material, attribute: str) -> bool:
    """Whether a head would be fitted for the attribute."""
    labels = material.labels(attribute)
    known = ~np.isnan(labels) & (material.weights > 0) & (attribute == LIKELY_TO_REJECT or _has_evidence(material, attribute))
    return rarer(labels[known]) >= MIN_OF_A_KIND


def rarer(labels: Floats) -> int:
    """How many labels there are of the kind that is rarer."""
    yes = int((labels >= 0.5).sum())
    return min(yes, len(labels) - yes)


def remembering(model: Model) -> Model:
    """The model, whose encoder from now on reads no comment twice: every fit asks for the same ones."""
    if model.encoder is not None:
        model.encoder.remember_rows()
    return model


def scores_of(newsroom: Newsroom, material: Material) -> Floats:
    """Its `likely_to_reject` of the material's examples, (examples,)."""
    return newsroom.rate_after(material.inputs, material.before)[:, newsroom.attributes.index(LIKELY_TO_REJECT)]


def fit_linear(columns: sparse.csr_matrix, labels: Floats, weights: Floats, start: Floats, penalty: float) -> tuple[Floats, float]:
    """Weights and an intercept that correct the log-odds `start`: logistic regression with an offset, which scikit-learn's has not.
    Labels may be soft. The penalty pulls towards no correction at all."""

    def loss(at: Floats) -> tuple[float, Floats]:
        margins = start + columns @ at[:-1] + at[-1]
        lost = (weights * (np.logaddexp(0, margins) - labels * margins)).sum() + penalty / 2 * (at[:-1] ** 2).sum()
        pull = weights * (expit(margins) - labels)
        return float(lost), np.r_[columns.T @ pull + penalty * at[:-1], pull.sum()]

    found = minimize(loss, np.zeros(columns.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return found.x[:-1], float(found.x[-1])


def _features(shipped: Model, material: Material) -> Newsroom:
    ngrams = Ngrams(min_df=2, most=COLUMNS)
    ngrams.fit_plain([newsroom_text(each.text) for each in material.inputs])
    newsroom = Newsroom(shipped.attributes, ngrams, SCALES, {}, reads=shipped.encoder is not None)
    if shipped.encoder is not None:
        newsroom.attach(shipped.encoder)
    newsroom.fit_dense(material.inputs, material.before)
    return newsroom


def _has_evidence(material: Material, attribute: str) -> Bools:
    return ~np.isnan(material.before[attribute]) if attribute in material.before else np.ones(len(material.examples), dtype=bool)


@dataclass(frozen=True, slots=True)
class _Some:
    """The rows that one head learns from; `start` are the log-odds that it starts from."""

    start: Floats
    columns: Columns
    labels: Floats
    weights: Floats
    sites: npt.NDArray[np.str_]

    def __getitem__(self, rows: Bools | Ints) -> "_Some":
        return _Some(self.start[rows], self.columns[rows], self.labels[rows], _mean_one(self.weights[rows]), self.sites[rows])


def _head(newsroom: Newsroom, material: Material, attribute: str, columns: Columns, *, curves: bool) -> Head:
    labels = material.labels(attribute)
    known = np.flatnonzero(~np.isnan(labels) & (material.weights > 0) & _has_evidence(material, attribute))
    start = np.array([_start(attribute, name, len(known)) for name in newsroom.prior])
    sites = np.array([one.site for one in material.examples], dtype=str)
    some = _Some(columns.levels @ start, columns, labels, material.weights, sites)[known]
    weights, intercept, trees = _learnt(some, with_trees=attribute == LIKELY_TO_REJECT)
    if not curves:
        return Head(start, weights, intercept, trees=trees)
    unseen = crossed(some.labels, lambda inside: _margins(some[inside], _learnt(some[~inside], with_trees=trees is not None)))
    own = {}
    for site in _told_apart(some):
        mine = some.sites == site
        own[site] = _of_site(some[mine], unseen[mine])
        unseen[mine] += _unseen_of_site(some[mine], unseen[mine])
    return Head(start, weights, intercept, curve(unseen, some.labels, some.weights), trees, own)


def _learnt(some: _Some, *, with_trees: bool) -> tuple[Singles, float, Any]:
    """A correction of the log-odds and, where there are enough labels, trees for what no sum can say, such as 'short without a link'."""
    weights, intercept = fit_linear(some.columns.wide, some.labels, some.weights, some.start, PENALTY)
    rows, hard, share = soft(some.labels)
    if not with_trees or len(some.labels) < MIN_FOR_TREES or len(np.unique(hard)) < 2:
        return weights.astype(np.float32), intercept, None
    trees = ExtraTreesClassifier(**TREES).fit(some.columns.dense[rows], hard, sample_weight=share * some.weights[rows])
    return weights.astype(np.float32), intercept, trees


def _margins(some: _Some, learnt: tuple[Singles, float, Any]) -> Floats:
    weights, intercept, trees = learnt
    margins: Floats = some.start + some.columns.wide @ weights + intercept
    return margins if trees is None else margins + tree_margins(trees, some.columns.dense)


def _start(attribute: str, prior: str, verdicts: int) -> float:
    """A corrected attribute starts as it is; what has no score of its own starts from toxicity, the less so the more is known."""
    if attribute == LIKELY_TO_REJECT:
        return START * AS_MUCH_AS / (AS_MUCH_AS + verdicts) if prior == "toxicity" else 0.0
    return float(prior == attribute)


def _told_apart(some: _Some) -> list[str]:
    """The sites that have enough to tell, where there are several; of a kind that next to nobody there said, nothing can be told."""
    names, counts = np.unique(some.sites, return_counts=True)
    many = [str(name) for name, count in zip(names, counts, strict=True) if len(names) > 1 and count >= MIN_OF_A_SITE and name]
    return [name for name in many if rarer(some.labels[some.sites == name]) >= FOLDS]


def _of_site(some: _Some, general: Floats) -> tuple[Singles, float]:
    """What is different on one site, on top of what is said of its comments by a head that did not see them."""
    weights, shift = fit_linear(some.columns.wide, some.labels, some.weights, general, SITE_PENALTY)
    return weights.astype(np.float32), shift


def _unseen_of_site(some: _Some, general: Floats) -> Floats:
    """What that adds to comments that it was not fitted on."""

    def added(inside: Bools) -> Floats:
        weights, shift = _of_site(some[~inside], general[~inside])
        return np.asarray(some.columns.wide[inside] @ weights + shift)

    return crossed(some.labels, added)


def crossed(labels: Floats, predict: Callable[[Bools], Floats]) -> Floats:
    """`predict(inside)` of each fold, learnt from the others."""
    fold = _folds(labels)
    found = np.zeros(len(labels))
    for number in range(FOLDS):
        found[fold == number] = predict(fold == number)
    return found


def _folds(labels: Floats) -> Ints:
    """Neighbours in time, who are alike, so that none is judged by its neighbours; neighbours of each kind where one fold would have most
    of a kind, such as a wave of spam: the others would say next to nothing of it."""
    fold = np.arange(len(labels)) * FOLDS // len(labels)
    kinds = [labels >= 0.5, labels < 0.5]
    if any(np.bincount(fold[kind]).max() > kind.sum() / 2 for kind in kinds):
        for kind in kinds:
            fold[kind] = np.arange(kind.sum()) * FOLDS // kind.sum()
    return fold


def _mean_one(weights: Floats) -> Floats:
    return np.asarray(weights / weights.mean())
