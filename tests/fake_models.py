"""A scorer with a word for each thing that a scorer can do, in a folder that `service.scoring` loads as it loads the real ones."""

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import joblib
import numpy as np
import numpy.typing as npt

from service import scoring
from service.domain import ScoreInput
from service.manifest import FEATURES_VERSION

VERSION = "fake-1"
SLOW = "a slow text is being rated"  # logged, for the tests of a service that must be at work when they go on
TOXICITY = {"vile": 0.99, "rude": 0.70}
asked: list[ScoreInput] = []  # what the scorer of this process was asked, for the tests that look


class FakeScorer:
    """Judges by words: 'vile' is rejected and 'rude' is held; 'unscorable' raises, 'slow' takes two seconds."""

    attributes = ("toxicity", "off_topic")

    def rate(self, inputs: Sequence[ScoreInput]) -> npt.NDArray[np.float64]:
        asked.extend(inputs)
        return np.array([_rate(one) for one in inputs])


class StricterScorer(FakeScorer):
    """Rejects what the other holds; 'shadowbreaking' raises."""

    def rate(self, inputs: Sequence[ScoreInput]) -> npt.NDArray[np.float64]:
        if any("shadowbreaking" in one.text for one in inputs):
            raise ValueError("this scorer is broken")
        return np.array([(0.99 if "rude" in one.text else _rate(one)[0], _rate(one)[1]) for one in inputs])


class SpamScorer(FakeScorer):
    """Says of spam what the other says of toxicity, and nothing of toxicity."""

    attributes = ("spam", "off_topic")


def _rate(one: ScoreInput) -> tuple[float, float]:
    if "unscorable" in one.text:
        raise ValueError(f"cannot score {one.text!r}")
    if "slow" in one.text:
        logging.getLogger(__name__).warning(SLOW)
        time.sleep(2)
    toxicity = max((score for word, score in TOXICITY.items() if word in one.text), default=0.01)
    article = one.article
    off_topic = float("nan") if article is None or not article.text else 0.9 if "elsewhere" in one.text else 0.1
    return toxicity, off_topic


def publish_stricter(folder: Path, version: str) -> Path:
    """Writes a models folder whose scorer is the stricter one."""
    return _publish(folder, StricterScorer(), {"version": version})


def publish_for_spam(folder: Path) -> Path:
    """Writes a models folder whose scorer rates spam and not toxicity."""
    return _publish(folder, SpamScorer(), {"probes": [{"input": {"text": "A vile probe."}, "scores": {"spam": 0.99}}]})


def publish(folder: Path, **changes: object) -> Path:
    """Writes a models folder, its manifest with these changes."""
    return _publish(folder, FakeScorer(), changes)


def _publish(folder: Path, scorer: FakeScorer, changes: Mapping[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "fake.joblib"
    joblib.dump(scorer, file)
    manifest: dict[str, object] = {
        "format": scoring.MANIFEST_FORMAT,
        "version": VERSION,
        "files": [{"name": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}],
        "libraries": scoring.LIBRARIES,
        "features_version": FEATURES_VERSION,
        "probes": [{"input": {"text": "A vile probe."}, "scores": {"toxicity": 0.99}}],
    }
    (folder / scoring.MANIFEST).write_text(json.dumps(manifest | dict(changes)))
    return folder
