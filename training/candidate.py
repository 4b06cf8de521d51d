"""Writes a version's folder, whole or not at all: the shipped files, what was learnt on top of them, a manifest that vouches for both."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib

from service.newsroom import Newsroom
from service.scoring import MANIFEST, Model, ModelError
from service.versions import REPORT, make_home, pointer
from training.publish import entry, probed

EVIDENCE = "evidence.json"
FILE = "newsroom.joblib"
UNFINISHED = ".new-"  # begins the name of a folder in which a version is written


def as_model(shipped: Model, newsroom: Newsroom, version: str = "candidate") -> Model:
    """The shipped scorers with the newsroom's after them."""
    return Model(version, (*shipped.scorers, newsroom), shipped.manifest, shipped.encoder)


def write(
    models: Path,
    shipped: Model,
    newsroom: Newsroom,
    about: Mapping[str, Any],
    evidence: Sequence[Sequence[Any]],
    page: Callable[[str], str],
) -> str:
    """The version's name; `page` makes the report of a version of that name. What is there is complete from the first moment that it has
    that name. The same lessons give the same version on the same day; one in force stays as it was tested."""
    home = make_home(models)
    with tempfile.TemporaryDirectory(dir=home, prefix=UNFINISHED) as scratch:
        fresh = Path(scratch) / "version"
        fresh.mkdir()
        manifest = _manifest(models, shipped, newsroom, about, fresh)
        (fresh / EVIDENCE).write_text(json.dumps(evidence), encoding="utf-8")
        (fresh / REPORT).write_text(page(manifest["version"]), encoding="utf-8")
        (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        fresh.chmod(0o755)  # the service runs as another user than this command, maybe
        for file in fresh.iterdir():
            file.chmod(0o640 if file.name == REPORT else 0o644)  # of the readers whom a report quotes not every account is to read
            with file.open("rb") as written:
                os.fsync(written.fileno())  # or a power cut leaves empty files under a name that is in force
        final = home / manifest["version"]
        if not final.exists():
            os.rename(fresh, final)
        elif final.name != pointer(models).active:
            for file in sorted(fresh.iterdir(), key=lambda file: file.name == MANIFEST):  # the models are the same, so it loads throughout
                os.replace(file, final / file.name)
    return str(manifest["version"])


def evidence(folder: Path) -> list[list[Any]]:
    """[rejected, likely_to_reject, weight, site, comment] of each verdict that the version was tested on; by a fit that had not seen it.
    Raises ModelError where that cannot be read."""
    path = folder / EVIDENCE
    try:
        found: list[list[Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: cannot be read ({type(error).__name__}). The next version that `python -m training retrain` publishes has its own."
        ) from None
    return found


def _manifest(models: Path, shipped: Model, newsroom: Newsroom, about: Mapping[str, Any], fresh: Path) -> dict[str, Any]:
    for file in shipped.manifest["files"]:
        shutil.copyfile(models / file["name"], fresh / file["name"])
    joblib.dump(newsroom, fresh / FILE, compress=("zlib", 6))
    own = entry(FILE, (fresh / FILE).read_bytes(), newsroom.attributes)
    digest = hashlib.sha256(f"{shipped.version}{own['sha256']}".encode()).hexdigest()
    version = f"{datetime.now(UTC):%Y-%m-%d}-{digest[:8]}"
    model = as_model(shipped, newsroom, version)
    return dict(shipped.manifest) | {
        "version": version,
        "attributes": list(model.attributes),
        "files": [*shipped.manifest["files"], own],
        "probes": probed(model),
        "newsroom": {"shipped": shipped.version, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), **about},
    }
