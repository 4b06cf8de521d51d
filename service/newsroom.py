"""The estimator of one newsroom: what its moderators do, learnt as a difference to the shipped scores. Saved models carry it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import expit, logit

from service.arrays import Floats, Singles
from service.domain import ArticleRecord, ScoreInput
from service.features import Ngrams, lexical
from service.heads import Attached, calibrated, heads_text
from service.normalise import normalise

NEVER_SURER = 1e-4  # beyond that a shipped score says no more than that it is sure
TREES_SURER = 0.01
LEAST_SPREAD = 0.1  # a column that hardly varies is no more telling for it
LENGTHS = (2, 8, 20, 60, 150, 400, 1_000)  # characters at which a house rule may begin to mind

_LINK = re.compile(r"(?:https?://|www\.)([^\s<>\"'/?#)\]]+)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Of some inputs: the shipped scores' log-odds, the dense columns of even spread, and `wide`, the scaled dense ones and the n-grams."""

    levels: Floats
    dense: Floats
    wide: sparse.csr_matrix

    def __getitem__(self, rows: Any) -> "Columns":
        return Columns(self.levels[rows], self.dense[rows], self.wide[rows])


@dataclass(frozen=True, slots=True)
class Head:
    """One score: the log-odds that it starts from (`start`, weights over the shipped scores' log-odds), what was learnt on top of them
    over all columns, for everybody and by site, and the calibration. `trees`, where there are enough verdicts for them, is a second
    opinion over the dense columns, whose log-odds are added."""

    start: Floats
    weights: Singles
    intercept: float
    curve: tuple[Floats, Floats] | None = None
    trees: Any = None
    sites: Mapping[str, tuple[Singles, float]] = field(default_factory=dict)


class Newsroom(Attached):
    """Corrects the scores of the models before it, and adds what they have none for.

    `prior`: the attributes that it reads of those models. `ngrams`: fitted on the newsroom's comments. `heads`: a Head an attribute.
    `scales`: what each block of columns is multiplied with, which says how freely it may be learnt. `reads`: whether an encoder's
    vector is among the columns; `attach` gives it the encoder. `centre` and `spread`, of the dense columns, come from `fit_dense`.
    """

    def __init__(
        self,
        prior: tuple[str, ...],
        ngrams: Ngrams,
        scales: Mapping[str, float],
        heads: Mapping[str, Head],
        reads: bool = False,
    ) -> None:
        self.prior = prior
        self.ngrams = ngrams
        self.scales = scales
        self.heads = heads
        self.reads = reads

    @property
    def attributes(self) -> tuple[str, ...]:
        return tuple(self.heads)

    def fit_dense(self, inputs: Sequence[ScoreInput], before: Mapping[str, Floats]) -> None:
        """Learns how the dense columns are spread, so that one penalty suits them all."""
        dense = np.hstack(list(self._blocks(inputs, before).values()))
        known = np.maximum((~np.isnan(dense)).sum(axis=0), 1)
        self.centre = np.nansum(dense, axis=0) / known
        self.spread = np.sqrt(np.nansum((dense - self.centre) ** 2, axis=0) / known) + LEAST_SPREAD

    def rate_after(self, inputs: Sequence[ScoreInput], before: Mapping[str, Floats]) -> Floats:
        """Probabilities, (inputs, attributes). A corrected attribute stays NaN where the model before it had no evidence."""
        columns = self.columns(inputs, before)
        rated = [self._rated(head, inputs, columns, before.get(name)) for name, head in self.heads.items()]
        return np.column_stack(rated)

    def columns(self, inputs: Sequence[ScoreInput], before: Mapping[str, Floats]) -> Columns:
        """All that may be learnt from."""
        blocks = self._blocks(inputs, before)
        dense = np.nan_to_num((np.hstack(list(blocks.values())) - self.centre) / self.spread)  # what is not known is as usual
        scales = np.concatenate([np.full(block.shape[1], self.scales[name]) for name, block in blocks.items()])
        grams = self.ngrams.of_plain([newsroom_text(each.text) for each in inputs])
        wide: sparse.csr_matrix = sparse.hstack(
            [sparse.csr_matrix(dense * scales), grams * self.scales["ngrams"]], format="csr", dtype=np.float64
        )
        return Columns(self.levels(before), dense, wide)

    def levels(self, before: Mapping[str, Floats]) -> Floats:
        """The log-odds of the scores before, (inputs, prior); 0 where there is no evidence."""
        scores = np.column_stack([before[name] for name in self.prior])
        return np.asarray(np.nan_to_num(logit(np.clip(scores, NEVER_SURER, 1 - NEVER_SURER)), nan=0.0))

    def margins(self, head: Head, inputs: Sequence[ScoreInput], columns: Columns) -> Floats:
        """A head's log-odds before calibration, with what is known of each input's site."""
        found: Floats = columns.levels @ head.start + columns.wide @ head.weights + head.intercept
        if head.trees is not None:
            found += tree_margins(head.trees, columns.dense)
        for site, (weights, intercept) in head.sites.items():
            mine = np.array([each.site == site for each in inputs])
            if mine.any():
                found[mine] += columns.wide[mine] @ weights + intercept
        return found

    def _blocks(self, inputs: Sequence[ScoreInput], before: Mapping[str, Floats]) -> dict[str, Floats]:
        plain = [newsroom_text(each.text) for each in inputs]
        missing = np.isnan(np.column_stack([before[name] for name in self.prior])).astype(np.float64)
        blocks = {
            "scores": np.hstack([self.levels(before), missing]),
            "facts": np.hstack([facts(inputs), lexical(plain)]),
            "record": records(inputs),
        }
        if self.reads and self._encoder is not None:
            blocks["vector"] = np.array([self._encoder.row(heads_text(each.text)) for each in inputs])
        return blocks

    def _rated(self, head: Head, inputs: Sequence[ScoreInput], columns: Columns, before: Floats | None) -> Floats:
        margins = self.margins(head, inputs, columns)
        rated = calibrated(margins, *head.curve) if head.curve else np.asarray(expit(margins))
        return rated if before is None else np.where(np.isnan(before), np.nan, rated)


def tree_margins(trees: Any, dense: Floats) -> Floats:
    """Their log-odds, never surer than a forest of a hundred can be."""
    return np.asarray(logit(np.clip(trees.predict_proba(dense)[:, 1], TREES_SURER, 1 - TREES_SURER)))


def newsroom_text(text: str) -> str:
    """The normalised text, with where its links lead, which house rules mind and a shipped model must not."""
    hosts = (" ".join(_WORD.findall(host.lower().removeprefix("www."))) for host in _LINK.findall(text)[:20])
    return " ".join([normalise(text), *(f"linkto {host}" for host in hosts)])


def facts(inputs: Sequence[ScoreInput]) -> Floats:
    """What a house rule can ask of a comment without reading it, (inputs, facts)."""
    return np.array([_facts(each) for each in inputs], dtype=np.float64).reshape(len(inputs), -1)


def records(inputs: Sequence[ScoreInput]) -> Floats:
    """What became of the other comments of each one's article, (inputs, 3); NaN where that is not known."""
    return np.array([_record(each.record) for each in inputs], dtype=np.float64).reshape(len(inputs), -1)


def _record(record: ArticleRecord | None) -> list[float]:
    if record is None:
        return [np.nan] * 3
    return [float(np.log1p(count)) for count in (record.rejected, record.judged - record.rejected, record.hours)]


def _facts(each: ScoreInput) -> list[float]:
    text, words = each.text.strip(), _WORD.findall(each.text)
    letters = [character for character in text if character.isalpha()]
    lines = [line for line in text.splitlines() if line.strip()]
    links, reply = len(_LINK.findall(text)), each.parent is not None
    no_link = float(links == 0)
    long = [float(len(text) > length) for length in LENGTHS]
    return [
        *long,
        no_link,
        *(no_link * one for one in long),
        float(np.log1p(links)),
        float(reply),
        float(reply) * no_link,
        float(len(words) == 1),
        float(np.log1p(len(words))),
        float(np.log1p(len(lines))),
        sum(line.lstrip().startswith(">") for line in lines) / max(len(lines), 1),
        sum(letter.isupper() for letter in letters) / max(len(letters), 1),
        float(text[:1].islower()),
        float(text[-1:] in ".!?"),
        float("?" in text),
    ]
