"""The estimators of the attributes: what a comment reads like, its n-grams and counts to a calibrated score for each.

Saved models carry them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator

from service.alignment import Span, aligned, words
from service.arrays import Floats, Singles
from service.domain import ScoreInput
from service.encoder import Encoder, Reading, starts, vector, window_vector
from service.features import Ngrams, lexical, without_innocents
from service.groups import GROUP, blind
from service.lexicon import FUNCTION_WORDS
from service.normalise import normalise

# What the encoder's marks explain: they were learnt from the words that people marked as toxic.
MARKED = ("toxicity", "severe_toxicity", "insult")
MARK_FROM = -0.5  # log-odds, chosen on one half of the comments kept aside and measured on the other
NEAR_WORST = 4.0  # log-odds; the encoder also marks words of windows that are less toxic than the worst by more, which did nothing
RUN, RUN_STEP = 12, 6  # words that are read by themselves, to find the worst of a text


class Heads(BaseEstimator):  # type: ignore[misc]
    """One linear head a name over shared features, each followed by a monotone calibration.

    `weights`: (n-gram columns, names); `lexical_weights`: (counts, names); `reading_weights`: (columns of an encoder's `vector`, names),
    None where no encoder is read; `intercepts`: (names,). `curves`: for each name the log-odds at which its calibration is known and the
    probabilities there, both ascending. `blinded`: whether names of groups of people are all read as one word.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        ngrams: Ngrams,
        weights: Singles,
        lexical_weights: Singles,
        reading_weights: Singles | None,
        intercepts: Floats,
        curves: Sequence[tuple[Floats, Floats]],
        blinded: bool = True,
    ) -> None:
        self.names = names
        self.ngrams = ngrams
        self.weights = weights
        self.lexical_weights = lexical_weights
        self.reading_weights = reading_weights
        self.intercepts = intercepts
        self.curves = curves
        self.blinded = blinded

    def predict(self, texts: Sequence[str], encoder: Encoder | None) -> Floats:
        """Probabilities, (texts, names): of the comments that get 0.8, about 80 % carry the label. Every text gets every score."""
        margins = self.margins(texts, encoder)
        return np.column_stack([calibrated(margins[:, at], *curve) for at, curve in enumerate(self.curves)])

    def margins(self, texts: Sequence[str], encoder: Encoder | None) -> Floats:
        """The heads' log-odds before calibration, (texts, names)."""
        return self.margins_of_plain([heads_text(text, blinded=self.blinded) for text in texts], encoder)

    def margins_of_plain(self, plain: Sequence[str], encoder: Encoder | None) -> Floats:
        """`margins` of texts that were normalised as the heads read them: a long one is as bad as its worst window,
        less what so many windows have of a chance (log of their number)."""
        if self.reading_weights is None or encoder is None:
            return self._margins(plain)
        readings = [encoder.read(each) for each in plain]
        margins = self._margins(plain, [vector(reading) for reading in readings])
        windows = [(at, number) for at, reading in enumerate(readings) for number in _several(reading)]
        if windows:
            texts = [plain[at][slice(*readings[at].windows[number])] for at, number in windows]
            own = self._margins(texts, [window_vector(readings[at], number) for at, number in windows])
            for (at, _), found in zip(windows, own, strict=True):
                margins[at] = np.maximum(margins[at], found - np.log(len(readings[at].windows)))
        return margins

    def worst_windows(self, plain: str, encoder: Encoder | None, column: int, near: float = 0.0) -> list[Span]:
        """The begin and end of what the encoder reads at once, where a read text has the highest log-odds for a name or less by `near` at
        most; without an encoder the whole text."""
        if self.reading_weights is None or encoder is None:
            return [(0, len(plain))]
        reading = encoder.read(plain)
        texts = [plain[begin:end] for begin, end in reading.windows]
        margins = self._margins(texts, [window_vector(reading, at) for at in range(len(texts))])[:, column]
        return [reading.windows[at] for at in np.flatnonzero(margins >= margins.max() - near)]

    def _margins(self, plain: Sequence[str], rows: Sequence[Floats] = ()) -> Floats:
        # Sums of products, not `@` of dense ones: the same row gives the same bytes alone and in a batch.
        margins: Floats = np.asarray(self.ngrams.of_plain(plain) @ self.weights, dtype=np.float64) + self.intercepts
        margins += _products(lexical(plain).astype(np.float64), self.lexical_weights)
        if self.reading_weights is not None and len(rows):
            margins += _products(np.array(rows), self.reading_weights)
        return margins


class Attached(BaseEstimator):  # type: ignore[misc]
    """An estimator that a Model gives its encoder to, and that is saved without it."""

    _encoder: Encoder | None = None

    def attach(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_encoder"}


class _OfHeads(Attached):
    def __init__(self, heads: Heads) -> None:
        self.heads = heads


class AttributeHeads(_OfHeads):
    """The scorer of all attributes that need nothing but the comment."""

    @property
    def attributes(self) -> tuple[str, ...]:
        return self.heads.names

    def rate(self, inputs: Sequence[ScoreInput]) -> Floats:
        """Probabilities, (inputs, attributes)."""
        return self.heads.predict([each.text for each in inputs], self._encoder)

    def explain(self, one: ScoreInput, attribute: str) -> list[Span]:
        """The words that make the score what it is, in the text as it was sent: those that the encoder learnt to mark, or else those
        without which the score of its worst part falls most."""
        plain = heads_text(one.text)
        column = self.attributes.index(attribute)
        told = self._marked(plain, self._encoder, column) if self._encoder and attribute in MARKED else self._missed(plain, column)
        return joined([theirs for ours, theirs in aligned(one.text, plain) if ours in told], one.text)

    def _marked(self, plain: str, encoder: Encoder, column: int) -> set[Span]:
        """Spans of the words of a read text that are among what makes it toxic; where none is beyond doubt, the likeliest."""
        windows = self.heads.worst_windows(plain, encoder, column, NEAR_WORST)
        within = [(b, e) for b, e in words(plain) if any(first <= b and e <= last for first, last in windows)]
        marks = encoder.read(plain).marks
        begins, ends = [begin for begin, _, _ in marks], [end for _, end, _ in marks]
        odds = {
            word: max((odds for *_, odds in marks[bisect_right(ends, word[0]) : bisect_left(begins, word[1])]), default=-np.inf)
            for word in _telling(plain, within)
        }
        least = min(MARK_FROM, max(odds.values(), default=MARK_FROM))
        return {word for word, found in odds.items() if found >= least}

    def _missed(self, plain: str, column: int) -> set[Span]:
        """Spans of the words without which the worst few words of a read text, by themselves, are less so; or else of all these."""
        first, last = self.heads.worst_windows(plain, self._encoder, column)[0]
        within = [(b, e) for b, e in words(plain) if first <= b and e <= last]
        spans = _telling(plain, within)
        runs = [spans[at : at + RUN] for at in starts(len(spans), RUN, RUN_STEP)]
        texts = [plain[run[0][0] : run[-1][1]] for run in runs if run]
        if not texts:
            return set()
        worst = int(self._margins(texts, column).argmax())
        run, text, begin = runs[worst], texts[worst], runs[worst][0][0]
        whole, *margins = self._margins([text, *(text[: b - begin] + text[e - begin :] for b, e in run)], column)
        falls = [whole - margin for margin in margins]
        return {span for span, fall in zip(run, falls, strict=True) if fall >= max(falls) / 2} if max(falls) > 0 else set(run)

    def _margins(self, plain: Sequence[str], column: int) -> Floats:
        found: Floats = self.heads.margins_of_plain(plain, self._encoder)[:, column]
        return found


class PerspectiveHeads(_OfHeads):
    """Scores on Perspective's scale, by Perspective's names. It rates no attribute of ours."""

    attributes = ()

    @property
    def scale(self) -> tuple[str, ...]:
        return self.heads.names

    def rate(self, inputs: Sequence[ScoreInput]) -> Floats:
        return np.zeros((len(inputs), 0))

    def rate_perspective(self, texts: Sequence[str]) -> Floats:
        """(texts, names of `scale`)."""
        return self.heads.predict(texts, self._encoder)


def _telling(plain: str, spans: Sequence[Span]) -> Sequence[Span]:
    """Those of words that say something, if any does; a group's name does not, for what is said of the group is why."""
    return [(b, e) for b, e in spans if plain[b:e] != GROUP and plain[b:e] not in FUNCTION_WORDS] or spans


def joined(spans: Sequence[Span], text: str) -> list[Span]:
    """Spans in order, those of neighbouring words made one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and (begin <= found[-1][1] or text[found[-1][1] : begin].isspace()):
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def heads_text(text: str, *, blinded: bool = True) -> str:
    """A text as the heads' n-grams and encoder read it."""
    return heads_text_of_plain(normalise(text), blinded=blinded)


def heads_text_of_plain(plain: str, *, blinded: bool = True) -> str:
    """`heads_text` of a text that is normalised already."""
    return blind(without_innocents(plain)) if blinded else without_innocents(plain)


def calibrated(margins: Floats, at: Floats, known: Floats) -> Floats:
    """Probabilities for log-odds, along straight lines (in log-odds) between the known points, and parallel to the diagonal beyond them."""
    inside = np.interp(margins, at, np.log(known / (1 - known)))
    beyond = margins - np.minimum(np.maximum(margins, at[0]), at[-1])
    return np.asarray(expit(inside + beyond), dtype=np.float64)


def _several(reading: Reading) -> range:
    """Its windows, where it has more than one."""
    return range(len(reading.windows) if len(reading.windows) > 1 else 0)


def _products(rows: Floats, weights: Singles) -> Floats:
    return np.asarray((rows[:, :, None] * weights[None].astype(np.float64)).sum(axis=1))
