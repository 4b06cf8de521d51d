"""The test files, each scored once: every table, plot and list of errors is made from these scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from service.arrays import Floats
from service.domain import ScoreInput
from service.scoring import Model
from training.dataset import newest, read_tests, text_key

# What says yes in each file.
FILES = {
    "test-jigsaw": "toxicity",
    "test-surge": "toxicity",
    "test-madlibs": "toxicity",
    "test-hatecheck": "hateful",
    "perspective-scores": "toxicity",
    "perspective-wiki": "toxicity",
}
OURS, SCALE, PERSPECTIVE, PROFANITY = "ours", "ours, on Perspective's scale", "Perspective", "alt-profanity-check"
# Jigsaw's test file is balanced: this restores how often its labels occur.
TEST_JIGSAW_NEGATIVES = 9.505
BATCH = 128


@dataclass(frozen=True, slots=True)
class Scored:
    """A test file beside what was said of it, each (rows,): `labels` 0 or 1, NaN where there is none; `attributes` the model's scores,
    NaN where it says nothing; `by` what each model has to tell the labels with, ours first."""

    name: str
    rows: Sequence[Mapping[str, Any]]
    labels: Floats
    attributes: Mapping[str, Floats]
    by: Mapping[str, Floats]

    @property
    def ours(self) -> Floats:
        return self.by[OURS]

    @property
    def weights(self) -> Floats:
        """To natural prevalence where it is known, else 1."""
        return np.where(self.labels > 0, 1.0, TEST_JIGSAW_NEGATIVES) if self.name == "test-jigsaw" else np.ones(len(self.rows))


def score_files(model: Model, folder: Path, trained_on: frozenset[str]) -> dict[str, Scored]:
    """The files that the folder has, by name; none where the model does not rate toxicity.

    Comments whose text_key is among `trained_on` are left out.
    """
    found = {}
    for name in FILES if "toxicity" in model.attributes else ():
        rows = [row for row in read_tests(folder, name) if text_key(row["text"]) not in trained_on]
        if rows:
            found[name] = scored(model, name, rows)
    return found


def scored(model: Model, name: str, rows: Sequence[Mapping[str, Any]]) -> Scored:
    texts = [row["text"] for row in rows]
    attributes = rate(model, [ScoreInput(text=text) for text in texts], name)
    labels = [row.get("labels", {}).get(FILES[name], np.nan) for row in rows]
    by = {OURS: attributes["toxicity"]}
    if name == "test-hatecheck" and "identity_attack" in attributes:
        by[OURS] = np.fmax(attributes["toxicity"], attributes["identity_attack"])
    if "perspective" in rows[0]:
        by |= _on_their_scale(model, texts, name)
        by[PERSPECTIVE] = np.array([row["perspective"][newest(row["perspective"], "TOXICITY")] for row in rows])
    by |= _profanity(texts)
    return Scored(name, rows, np.where(np.isnan(labels), np.nan, np.array(labels) >= 0.5), attributes, by)


def rate(model: Model, inputs: Sequence[ScoreInput], said: str) -> dict[str, Floats]:
    """As Model.rate, with a progress bar of that name."""
    parts = [model.rate(inputs[at : at + BATCH]) for at in _batches(len(inputs), said)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}


def _on_their_scale(model: Model, texts: Sequence[str], said: str) -> dict[str, Floats]:
    if "TOXICITY" not in model.scale:
        return {}
    found = [
        row["TOXICITY"]
        for at in _batches(len(texts), f"{said}, on Perspective's scale")
        for row in model.perspective(texts[at : at + BATCH])
    ]
    return {SCALE: np.array(found)}


def _profanity(texts: Sequence[str]) -> dict[str, Floats]:
    try:
        from profanity_check import predict_prob
    except ImportError:  # a tool of development
        return {}
    return {PROFANITY: np.asarray(predict_prob(list(texts)), dtype=float)}


def _batches(count: int, said: str) -> tqdm:
    return tqdm(range(0, count, BATCH), desc=said, unit="batch", mininterval=1)
