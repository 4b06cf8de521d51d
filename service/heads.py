"""The estimator of the attributes: n-grams and counts of a comment to a calibrated score for each. Saved models carry it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.base import BaseEstimator

from service.domain import ScoreInput
from service.features import Lexical, Ngrams
from service.normalise import normalise

Floats = npt.NDArray[np.float64]


class AttributeHeads(BaseEstimator):  # type: ignore[misc]
    """One linear head an attribute over shared features, each followed by a monotone calibration.

    `weights`: (n-gram columns, attributes); `lexical_weights`: (counts, attributes); `intercepts`: (attributes,). `curves`: for each
    attribute the log-odds at which its calibration is known and the probabilities there, both ascending.
    """

    def __init__(
        self,
        attributes: tuple[str, ...],
        ngrams: Ngrams,
        weights: npt.NDArray[np.float32],
        lexical_weights: npt.NDArray[np.float32],
        intercepts: Floats,
        curves: Sequence[tuple[Floats, Floats]],
    ) -> None:
        self.attributes = attributes
        self.ngrams = ngrams
        self.weights = weights
        self.lexical_weights = lexical_weights
        self.intercepts = intercepts
        self.curves = curves

    def rate(self, inputs: Sequence[ScoreInput]) -> Floats:
        """Probabilities, (inputs, attributes): of the comments that get 0.8, about 80 % carry the label. Every text gets every score."""
        return self.predict([each.text for each in inputs])

    def predict(self, texts: Sequence[str]) -> Floats:
        margins = self.margins(texts)
        return np.column_stack([calibrated(margins[:, at], *curve) for at, curve in enumerate(self.curves)])

    def margins(self, texts: Sequence[str]) -> Floats:
        """The heads' log-odds before calibration, (texts, attributes)."""
        plain = [normalise(text) for text in texts]
        words = np.asarray(self.ngrams.of_plain(plain) @ self.weights, dtype=np.float64)
        counts = Lexical().of_plain(plain).astype(np.float64)
        # A sum of products, not `@`: the same row gives the same bytes alone and in a batch.
        margins: Floats = words + (counts[:, :, None] * self.lexical_weights[None]).sum(axis=1) + self.intercepts
        return margins


def calibrated(margins: Floats, at: Floats, known: Floats) -> Floats:
    """Probabilities for log-odds, along straight lines (in log-odds) between the known points, and parallel to the diagonal beyond them."""
    level = np.log(known / (1 - known))
    inside = np.interp(margins, at, level)
    beyond = np.where(margins < at[0], margins - at[0], np.where(margins > at[-1], margins - at[-1], 0.0))
    return np.asarray(expit(inside + beyond), dtype=np.float64)
