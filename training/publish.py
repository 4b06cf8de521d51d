"""Writes the models folder: artefacts, manifest.json and CARD.md, each file whole or not at all."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib

from service.encoder import FILE, TOKENIZER, Encoder
from service.manifest import FEATURES_VERSION
from service.scoring import LIBRARIES, MANIFEST, MANIFEST_FORMAT, SCORER, Model, Scorer, probe_input
from training.card import card
from training.dataset import DataFile

RELEASE = "2026.11"

# Our own sentences: what every attribute should say of them is plain, and no corpus is quoted.
PROBES: tuple[dict[str, Any], ...] = (
    {"text": "Thank you for this careful report on the new tram line."},
    {"text": "You are a stupid idiot and nobody wants to hear from you."},
    {"text": "What a f.u.c.k.i.n.g waste of m0ney, you m0r0ns."},
    {"text": "I will find out where you live and kill you."},
    {"text": "Check out my channel and win free money at http://example.com/win !!!"},
    {"text": "Well said!", "article": {"title": "City council votes on the budget", "text": "The council met on Monday."}},
    {
        "text": "The council should have raised the parking fees long ago.",
        "article": {"title": "City council raises parking fees", "text": "Parking in the centre will cost three euros an hour from May."},
    },
    {
        "text": "My favourite football team lost again because of a lazy goalkeeper.",
        "article": {"title": "City council raises parking fees", "text": "Parking in the centre will cost three euros an hour from May."},
    },
    {
        "text": "Then take the bus, it stops right in front of the town hall.",
        "article": {"title": "City council raises parking fees", "text": "Parking in the centre will cost three euros an hour from May."},
        "parent": {"text": "I work at the town hall and cannot afford to park there any more."},
    },
)


def publish(
    folder: Path, scorers: Mapping[str, Scorer], files: Sequence[DataFile], metrics: Mapping[str, Any], encoder: Encoder | None = None
) -> None:
    """Saves each scorer under its name, then a manifest that vouches for them and for the encoder's files there, then the card. The
    manifest comes after its files, so a reader in between finds the old manifest and a refused hash, never a mixture that loads."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [entry(name, (folder / name).read_bytes(), ()) for name in (FILE, TOKENIZER) if encoder is not None]
    entries += [_saved(folder / f"{name}{SCORER}", scorer) for name, scorer in scorers.items()]
    version = f"{RELEASE}-{hashlib.sha256(''.join(each['sha256'] for each in entries).encode()).hexdigest()[:8]}"
    model = Model(version, tuple(scorers.values()), {}, encoder)
    manifest = {
        "format": MANIFEST_FORMAT,
        "version": version,
        "features_version": FEATURES_VERSION,
        "attributes": list(model.attributes),
        "files": entries,
        "libraries": LIBRARIES,
        "data": [asdict(file) for file in files],
        "metrics": dict(metrics),
        "probes": probed(model),
    }
    write_manifest(folder, manifest)


def entry(name: str, content: bytes, attributes: Sequence[str]) -> dict[str, Any]:
    """What a manifest says of a file, by which loading knows it."""
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "attributes": list(attributes)}


def probed(model: Model) -> list[dict[str, Any]]:
    """What a manifest says of PROBES, by which loading knows that the model scores as it did."""
    scored = model.score([probe_input(probe) for probe in PROBES])
    return [{"input": probe, "scores": dict(scores.values)} for probe, scores in zip(PROBES, scored, strict=True)]


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """The manifest, and the card that says the same in words; half an emoji, as a corpus may have it in a name, as a question mark."""
    written = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    _write(folder / MANIFEST, written.encode(errors="replace"))
    _write(folder / "CARD.md", card(manifest).encode(errors="replace"))


def _saved(path: Path, scorer: Scorer) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        fresh = Path(scratch) / path.name
        joblib.dump(scorer, fresh, compress=("zlib", 9))
        content = fresh.read_bytes()
    _write(path, content)
    return entry(path.name, content, scorer.attributes)


def _write(path: Path, content: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:  # its own: another run may write the same file
        fresh = Path(scratch) / path.name
        fresh.write_bytes(content)
        os.replace(fresh, path)
