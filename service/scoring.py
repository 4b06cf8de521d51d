"""Loads, verifies and asks the models. What is inside them is theirs: each saved artefact brings its own estimator."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import joblib
import numpy as np

from service import encoder as encoders
from service import manifest as manifests
from service.alignment import Span
from service.arrays import Floats
from service.domain import Article, Parent, ScoreInput, Scores
from service.encoder import Encoder
from service.manifest import FEATURES_VERSION
from service.normalise import normalise

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
SCORER = ".joblib"  # a file of the manifest that is a scorer; the others are what scorers read with
PROBE_TOLERANCE = 1e-6
ENCODER_TOLERANCE = 0.02  # processors round an encoder in 8 bits differently
READINGS = 3  # of an input at most: its text with and without the names of groups, and its parent's
AT_ONCE = encoders.CACHED // READINGS  # inputs that are rated together: an encoder keeps their readings while one scorer after another asks

# What saved models depend on, as it was when the process began: an upgrade on disk changes nothing in it. Asked without importing any, as
# half of a command's time would be scikit-learn's.
LIBRARIES = {name: version(name) for name in ("scikit-learn", "numpy", "scipy", "joblib")}

_OTHERS = "put others in force, which `flask --app service model list` shows, or train them here with `python -m training`"
_RETRAIN = f"Put back the models that came with this version, {_OTHERS}"


class ModelError(Exception):
    """The models cannot be used: a sentence that says what is wrong and what to do."""


class Scorer(Protocol):
    """What a saved artefact is: it rates inputs on its attributes, NaN where it has no evidence."""

    @property
    def attributes(self) -> tuple[str, ...]: ...

    def rate(self, inputs: Sequence[ScoreInput]) -> Floats: ...


@runtime_checkable
class KnowsPerspective(Protocol):
    """A scorer with heads fitted to Perspective's published scores. `scale` has their names."""

    @property
    def scale(self) -> tuple[str, ...]: ...

    def rate_perspective(self, texts: Sequence[str]) -> Floats: ...


@runtime_checkable
class Reader(Protocol):
    """A scorer that reads comments through the models' encoder, and is given it when a Model is made of them."""

    def attach(self, encoder: Encoder) -> None: ...


@runtime_checkable
class Explainer(Protocol):
    """A scorer that can say which words did it: their begins and ends in the comment as it was sent."""

    def explain(self, one: ScoreInput, attribute: str) -> list[Span]: ...


@runtime_checkable
class Corrector(Protocol):
    """A saved artefact that starts from what those before it say: it corrects their scores, and adds some of its own."""

    @property
    def attributes(self) -> tuple[str, ...]: ...

    def rate_after(self, inputs: Sequence[ScoreInput], before: Mapping[str, Floats]) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Model:
    """Loaded models. They never change, so any number of threads may ask them at once."""

    version: str
    scorers: tuple[Scorer | Corrector, ...]
    manifest: Mapping[str, Any]
    encoder: Encoder | None = None

    def __post_init__(self) -> None:
        for scorer in self.scorers:
            if self.encoder is not None and isinstance(scorer, Reader):
                scorer.attach(self.encoder)

    @property
    def attributes(self) -> tuple[str, ...]:
        """What `score` may rate, in a fixed order."""
        return tuple(dict.fromkeys(attribute for scorer in self.scorers for attribute in scorer.attributes))

    @property
    def reads_records(self) -> bool:
        """Whether it looks at what became of an article's other comments, which costs a query: what a newsroom taught may, shipped
        scorers never do."""
        return any(isinstance(scorer, Corrector) for scorer in self.scorers)

    @property
    def languages(self) -> tuple[str, ...]:
        """What it was trained to read, as two-letter codes."""
        return tuple(self.manifest.get("languages", ("en",)))

    def score(self, inputs: Sequence[ScoreInput]) -> list[Scores]:
        """A Scores an input, in their order; the same input gives the same numbers, alone or among others."""
        rated = self.rate(inputs)
        rows = zip(*(rated[name].tolist() for name in self.attributes), strict=True)
        found = [{name: p for name, p in zip(self.attributes, row, strict=True) if not np.isnan(p)} for row in rows]
        return [Scores(values, self.version, whole=self._reads_whole(one.text)) for values, one in zip(found, inputs, strict=True)]

    def _reads_whole(self, text: str) -> bool:
        return self.encoder is None or self.encoder.reads_whole(normalise(text))

    def rate(self, inputs: Sequence[ScoreInput]) -> dict[str, Floats]:
        """The scores by attribute, each (inputs,); NaN where there is no evidence. What comes later corrects what came before."""
        parts = [self._rate(inputs[at : at + AT_ONCE]) for at in range(0, len(inputs), AT_ONCE)]
        return {name: np.concatenate([np.empty(0), *(part[name] for part in parts)]) for name in self.attributes}

    def _rate(self, inputs: Sequence[ScoreInput]) -> dict[str, Floats]:
        rated: dict[str, Floats] = {}
        for scorer in self.scorers:
            found = scorer.rate_after(inputs, rated) if isinstance(scorer, Corrector) else scorer.rate(inputs)
            rated |= {name: found[:, at] for at, name in enumerate(scorer.attributes)}
        return rated

    @property
    def scale(self) -> tuple[str, ...]:
        """The names, Perspective's own, that `perspective` answers with."""
        return next((scorer.scale for scorer in self.scorers if isinstance(scorer, KnowsPerspective)), ())

    def perspective(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """For each text its scores on Perspective's scale, by Perspective's names; empty where no model was fitted to it."""
        for scorer in self.scorers:
            if isinstance(scorer, KnowsPerspective):
                return [dict(zip(scorer.scale, map(float, row), strict=True)) for row in scorer.rate_perspective(texts)]
        return [{} for _ in texts]

    def explain(self, one: ScoreInput, attribute: str = "toxicity") -> list[Span]:
        """The words that make the score what it is, as begins and ends in the text as it was sent, in order; empty where none can say."""
        able = (scorer for scorer in self.scorers if attribute in scorer.attributes and isinstance(scorer, Explainer))
        return next((scorer.explain(one, attribute) for scorer in able), [])

    def check_probes(self) -> None:
        """Scores the manifest's probe texts again; raises ModelError where they cannot be scored, or not as when the model was made.

        It predicts, so call it after the fork and never before.
        """
        probes, tolerance = self.manifest["probes"], PROBE_TOLERANCE if self.encoder is None else ENCODER_TOLERANCE
        try:
            found = self.score([probe_input(probe["input"]) for probe in probes])
        except Exception as error:
            raise ModelError(
                f"models {self.version}: the probe texts cannot be scored ({type(error).__name__}: {error}). {_RETRAIN}."
            ) from error
        for number, (probe, scores) in enumerate(zip(probes, found, strict=True), 1):
            expected = probe["scores"]
            if expected.keys() != scores.values.keys() or any(
                abs(scores.values[name] - value) > tolerance for name, value in expected.items()
            ):
                raise ModelError(
                    f"models {self.version}: probe text {number} does not get the scores that it got when the model was made. {_RETRAIN}."
                )


def load(folder: Path) -> Model:
    """The models of a folder, verified against its manifest before anything is unpickled. Predicts nothing. Raises ModelError."""
    try:
        return _load(folder)
    except OSError as error:
        raise ModelError(
            f"{error.filename or folder}: cannot be read ({error.strerror}). Let the user that the service runs as read it, "
            f"such as by `chmod -R a+rX {folder}`."
        ) from error


def _load(folder: Path) -> Model:
    manifest = _manifest(folder)
    _check_made_for_us(manifest, folder)
    contents = {entry["name"]: _checked(folder / entry["name"], entry["sha256"]) for entry in manifest["files"]}
    encoder = _open_encoder(folder, contents) if encoders.FILE in contents else None
    scorers = tuple(_open(folder / name, contents.pop(name)) for name in tuple(contents) if name.endswith(SCORER))
    return Model(manifest["version"], scorers, manifest, encoder)


def probe_input(written: Mapping[str, Any]) -> ScoreInput:
    """A manifest's probe as an input: `{"text", "article": {"title", "text"}, "parent": {"text"}}`, the last two optional."""
    article, parent = written.get("article"), written.get("parent")
    return ScoreInput(
        text=written["text"],
        article=Article(id="probe", title=article["title"], text=article["text"]) if article else None,
        parent=Parent(text=parent["text"]) if parent else None,
    )


def _manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise ModelError(
            f"{folder}: there is no such models folder. Set MODELS_DIR to the one that has {MANIFEST}, or make one: `python -m training`."
        )
    path = folder / MANIFEST
    if not path.is_file():
        raise ModelError(f"{path}: the manifest is missing. {_RETRAIN}.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path}: not valid JSON ({type(error).__name__}). {_RETRAIN}.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != MANIFEST_FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ModelError(f"{path}: manifest format {found!r} is not {MANIFEST_FORMAT}, the one that this version reads. {_RETRAIN}.")
    if flaw := manifests.flaw(manifest):
        raise ModelError(f"{path}: not as expected at {flaw}. {_RETRAIN}.")
    return manifest


def _check_made_for_us(manifest: Mapping[str, Any], folder: Path) -> None:
    made, here = manifest["libraries"], LIBRARIES
    if made.get("scikit-learn") != here["scikit-learn"]:
        raise ModelError(
            f"{folder}: made with {_said(made)}; installed is {_said(here)}. Install scikit-learn {made.get('scikit-learn')}, {_OTHERS}."
        )
    if manifest["features_version"] != FEATURES_VERSION:
        raise ModelError(
            f"{folder}: made for features version {manifest['features_version']}, this code has version {FEATURES_VERSION}. {_RETRAIN}."
        )


def _checked(path: Path, expected: str) -> bytes:
    """What is in a file, which is read once: what is opened is what was hashed, even if the file is replaced meanwhile."""
    if not path.is_file():
        raise ModelError(f"{path}: this model file is missing. {_RETRAIN}.")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ModelError(
            f"{path}: its SHA-256 is {found[:12]}..., the manifest says {expected[:12]}...: the file is damaged or was changed. {_RETRAIN}."
        )
    return content


def _open(path: Path, content: bytes) -> Scorer | Corrector:
    try:
        scorer: Scorer | Corrector = joblib.load(BytesIO(content))
    except Exception as error:
        raise ModelError(f"{path}: cannot be opened ({type(error).__name__}: {error}). {_RETRAIN}.") from error
    return scorer


def _open_encoder(folder: Path, contents: Mapping[str, bytes]) -> Encoder:
    if encoders.TOKENIZER not in contents:
        raise ModelError(f"{folder / MANIFEST}: incomplete, without {encoders.TOKENIZER} for {encoders.FILE}. {_RETRAIN}.")
    try:
        return Encoder(contents[encoders.FILE], contents[encoders.TOKENIZER])
    except Exception as error:
        raise ModelError(f"{folder / encoders.FILE}: cannot be opened ({type(error).__name__}: {error}). {_RETRAIN}.") from error


def _said(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
