"""Which version of the models is in force: a folder for each version, and one small file that names one, swapped whole."""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from service.scoring import MANIFEST, Model, ModelError, load

VERSIONS = "versions"
POINTER = "in-force.json"
REPORT = "report.html"
MOST_REMEMBERED = 20

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Pointer:
    """`active` is the version in force, None for the models that came with the service; `shadow` runs beside it and decides
    nothing; `earlier` were in force before, newest last."""

    active: str | None = None
    shadow: str | None = None
    earlier: tuple[str | None, ...] = ()


class Overtaken(Exception):
    """Another version is in force than the one whose place was to be taken: a sentence that names it. Nothing was changed."""


def shipped_version(models: Path) -> str:
    """The version of the models that lie in the folder itself, which came with the service. Raises ModelError."""
    path = models / MANIFEST
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: cannot be read ({type(error).__name__}). MODELS_DIR names the folder of the models.") from None


def pointer(models: Path) -> Pointer:
    """What the pointer says; the shipped models where there is none. Raises ModelError."""
    path = models / VERSIONS / POINTER
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        found = Pointer(written["active"], written["shadow"], tuple(written["earlier"]))
    except (FileNotFoundError, NotADirectoryError):
        return Pointer()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: cannot be read ({type(error).__name__}). `flask --app service model activate VERSION` writes it anew."
        ) from None
    for name in (found.active, found.shadow):
        _checked(name)
    return found


def stamp(models: Path) -> tuple[int, int] | None:
    """Another one whenever the pointer was swapped; cheap enough to ask each second."""
    try:
        status = (models / VERSIONS / POINTER).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def folder(models: Path, version: str | None) -> Path:
    """Where a version lies; None is the shipped one, which may also be called by its name. Raises ModelError where there is none."""
    checked = _checked(version)
    if checked is None or (os.path.isfile(models / MANIFEST) and checked == shipped_version(models)):
        return models
    found = models / VERSIONS / checked
    if not os.path.isdir(found):
        raise ModelError(
            f"There is no version '{checked}'. The versions: {', '.join([shipped_version(models), *every(models)])}. "
            "To put one in force: `flask --app service model activate VERSION`."
        )
    return found


def every(models: Path) -> list[str]:
    """The versions that were published or kept as candidates, oldest first."""
    # os.path: one folder that may not be looked into hides no other
    found = [path for path in (models / VERSIONS).glob("*") if _NAME.fullmatch(path.name) and os.path.isfile(path / MANIFEST)]
    return [path.name for path in sorted(found, key=lambda path: ((path / MANIFEST).stat().st_mtime_ns, path.name))]


def about(folder: Path) -> dict[str, Any]:
    """What a version's manifest says of the run that made it; nothing where it is a shipped one. Raises OSError, ValueError or
    AttributeError where it cannot be read."""
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("newsroom", {})
    return found


def verified(models: Path, version: str | None) -> Model:
    """The version, loaded: its hashes right before anything is unpickled, and its probes scored as they were. Raises ModelError."""
    model = load(folder(models, version))
    model.check_probes()
    return model


def activate(models: Path, version: str, *, instead_of: str | None = None) -> Pointer:
    """Puts a version in force, once it is verified; only in the place of another, where that is named. Raises ModelError or
    Overtaken, and changes nothing then."""
    with _swapping(models) as before:
        if instead_of is not None and (standing := shipped_version(folder(models, before.active))) != instead_of:
            raise Overtaken(f"{standing} came in force meanwhile")
        wanted = None if folder(models, version) == models else version
        verified(models, wanted)
        earlier = before.earlier if wanted == before.active else (*before.earlier, before.active)
        return _write(models, Pointer(wanted, _beside(before, wanted), earlier[-MOST_REMEMBERED:]))


def rollback(models: Path) -> Pointer:
    """Puts the version in force that was before the present one. Raises ModelError, and changes nothing then."""
    with _swapping(models) as before:
        if not before.earlier:
            raise ModelError("There is no earlier version to go back to. `flask --app service model list` shows what there is.")
        wanted = before.earlier[-1]
        verified(models, wanted)
        return _write(models, Pointer(wanted, _beside(before, wanted), before.earlier[:-1]))


def run_beside(models: Path, version: str | None) -> Pointer:
    """Has a version score beside the one in force and decide nothing; None ends that. Raises ModelError."""
    with _swapping(models) as before:
        if version is not None:
            if version == before.active:
                raise ModelError(f"{version} is in force already, so it cannot run beside the one in force.")
            verified(models, version)
        return _write(models, replace(before, shadow=version))


def _beside(before: Pointer, wanted: str | None) -> str | None:
    """The shadow, unless it is the version that comes in force."""
    return None if before.shadow == wanted else before.shadow


def make_home(models: Path) -> Path:
    """The folder of the versions, made where there is none; the service may read it, whoever made it. Raises ModelError."""
    if not models.is_dir():
        raise ModelError(f"{models}: there is no such models folder. MODELS_DIR names it.")
    home = models / VERSIONS
    if not home.is_dir():
        home.mkdir(exist_ok=True)
        home.chmod(0o755)
    return home


@contextmanager
def _swapping(models: Path) -> Iterator[Pointer]:
    """One at a time, so that of two commands neither's change is lost. Raises ModelError where the folder cannot be written."""
    try:
        with (make_home(models) / ".lock").open("w") as lock:
            flock(lock, LOCK_EX)
            try:
                before = pointer(models)
            except ModelError:
                before = Pointer()  # unreadable, so it is written anew
            yield before
    except OSError as error:
        raise ModelError(
            f"{error.filename or models / VERSIONS}: cannot be written ({error.strerror}), and nothing was changed. "
            f"Run this as a user who may write to {models / VERSIONS}."
        ) from None


def _write(models: Path, value: Pointer) -> Pointer:
    home = models / VERSIONS
    with tempfile.NamedTemporaryFile("w", dir=home, prefix=".pointer-", delete=False, encoding="utf-8") as fresh:
        fresh.write(json.dumps(asdict(value)) + "\n")
        fresh.flush()
        os.fsync(fresh.fileno())
    os.chmod(fresh.name, 0o644)
    os.replace(fresh.name, home / POINTER)
    return value


def _checked(name: object) -> str | None:
    if name is None or (isinstance(name, str) and _NAME.fullmatch(name)):
        return name
    raise ModelError(
        "A version's name has only letters, digits, dots, hyphens and underscores. `flask --app service model list` shows the versions."
    )
