"""Versions of the models: what is whole may be put in force and taken back, what is not never is."""

import json
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import conftest
import fake_models
import pytest
from flask import Flask

from service import versions
from service.domain import ScoreInput
from service.scoring import ModelError
from service.served import Served


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The shipped models, and two versions beside them."""
    folder = fake_models.publish(tmp_path / "models")
    for name in ("one", "two"):
        fake_models.publish(folder / "versions" / name, version=name)
    return folder


def alter(models: Path, version: str) -> None:
    file = models / "versions" / version / "fake.joblib"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_without_a_pointer_the_shipped_models_are_in_force(models: Path) -> None:
    assert Served(models).active.version == fake_models.VERSION


def test_a_file_in_the_place_of_the_models_folder_is_no_folder(models: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no such models folder\. Set MODELS_DIR"):
        Served(models / "manifest.json")


def test_a_version_that_was_deleted_while_in_force_is_named_with_what_to_do(models: Path) -> None:
    versions.activate(models, "one")
    shutil.rmtree(models / "versions" / "one")
    with pytest.raises(ModelError, match=r"^There is no version 'one'\. The versions: .*, two\. .*model activate VERSION"):
        Served(models)
    versions.activate(models, "two")
    assert Served(models).active.version == "two"


@pytest.mark.parametrize("made", [{"features_version": 1}, {"libraries": {"scikit-learn": "0.1"}}], ids=["features", "scikit-learn"])
def test_a_version_in_force_that_an_older_release_made_is_refused_with_the_command_that_shows_the_others(
    models: Path, made: dict[str, object]
) -> None:
    versions.activate(models, "one")
    fake_models.publish(models / "versions" / "one", version="one", **made)
    with pytest.raises(ModelError, match="put others in force, which `flask --app service model list` shows"):
        Served(models)
    versions.activate(models, fake_models.VERSION)
    assert Served(models).active.version == fake_models.VERSION


def test_a_running_service_takes_what_is_activated_and_what_is_rolled_back(models: Path) -> None:
    served = Served(models)
    found = []
    for change in (lambda: versions.activate(models, "one"), lambda: versions.activate(models, "two"), lambda: versions.rollback(models)):
        change()
        served.refresh()
        found.append(served.active.version)
    versions.rollback(models)
    served.refresh()

    assert [*found, served.active.version] == ["one", "two", "one", fake_models.VERSION]


def test_the_shipped_models_can_be_activated_by_their_name(models: Path) -> None:
    versions.activate(models, "one")
    assert versions.activate(models, fake_models.VERSION).active is None


def test_an_altered_version_is_not_put_in_force(models: Path) -> None:
    alter(models, "one")
    with pytest.raises(ModelError, match="SHA-256"):
        versions.activate(models, "one")
    assert versions.pointer(models) == versions.Pointer()


def test_a_version_altered_after_it_was_put_in_force_is_not_loaded_and_the_earlier_one_stays(models: Path) -> None:
    served = Served(models)
    versions.activate(models, "one")
    alter(models, "one")
    served.refresh()

    assert served.active.version == fake_models.VERSION
    assert served.active.score([ScoreInput(text="A vile text.")])[0].values["toxicity"] == 0.99


def test_a_version_whose_probes_score_otherwise_is_not_put_in_force(models: Path) -> None:
    probes = [{"input": {"text": "A vile probe."}, "scores": {"toxicity": 0.5}}]
    fake_models.publish(models / "versions" / "liar", version="liar", probes=probes)
    with pytest.raises(ModelError, match="probe text 1"):
        versions.activate(models, "liar")


@pytest.mark.parametrize("left", ["fake.joblib", "manifest.json"])
def test_a_half_written_version_is_not_put_in_force(models: Path, left: str) -> None:
    for file in (models / "versions" / "one").iterdir():
        if file.name != left:
            file.unlink()
    with pytest.raises(ModelError, match="missing"):
        versions.activate(models, "one")


@pytest.mark.parametrize("name", ["../models", "..", "", "/etc", "a/b", "one\n"])
def test_a_version_is_no_path(models: Path, name: str) -> None:
    with pytest.raises(ModelError, match="letters, digits"):
        versions.activate(models, name)


@pytest.mark.parametrize("written", ["", "{", "[]", '{"active": 1}', '{"active": "../x", "shadow": null, "earlier": []}'])
def test_a_pointer_that_is_none_changes_nothing_in_a_running_service(models: Path, written: str) -> None:
    served = Served(models)
    (models / "versions" / "in-force.json").write_text(written)
    served.refresh()
    assert served.active.version == fake_models.VERSION
    with pytest.raises(ModelError):
        Served(models)
    versions.activate(models, "one")
    served.refresh()
    assert served.active.version == "one"


def test_a_shadow_that_comes_in_force_again_by_rollback_is_no_shadow_any_more(models: Path) -> None:
    for version in ("one", "two"):
        versions.activate(models, version)
    versions.run_beside(models, "one")
    assert versions.rollback(models) == versions.Pointer(active="one", shadow=None, earlier=(None,))


def test_a_watching_process_takes_another_version_within_seconds(models: Path) -> None:
    served = Served(models)
    stop = served.watch()
    versions.activate(models, "two")
    end = time.monotonic() + 10
    while served.active.version != "two" and time.monotonic() < end:
        time.sleep(0.05)
    stop.set()
    assert served.active.version == "two"


@pytest.mark.parametrize("fault", [ModelError("cannot be read"), PermissionError(13, "Permission denied"), RuntimeError("whatever")])
def test_a_new_process_keeps_the_model_that_was_loaded_before_it_whatever_fails(
    models: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: object) -> None:
        raise fault

    served = Served(models)
    versions.activate(models, "one")
    monkeypatch.setattr(versions, "verified", fail)
    served.watch().set()
    assert served.active.version == fake_models.VERSION


def test_a_version_runs_beside_until_it_is_activated_or_ended(models: Path) -> None:
    served = Served(models)
    versions.run_beside(models, "one")
    served.refresh()
    beside = served.shadow
    versions.activate(models, "one")
    served.refresh()

    assert beside is not None
    assert (beside.version, served.active.version, served.shadow) == ("one", "one", None)


@pytest.fixture
def run(new_app: Callable[..., Flask], models: Path) -> Callable[..., tuple[int, str]]:
    """A command of the operator."""
    app = new_app(MODELS_DIR=str(models))

    return partial(conftest.run, app, "model")


def test_the_commands_say_what_they_did_and_what_to_do_next(run: Callable[..., tuple[int, str]], models: Path) -> None:
    code, said = run("activate", "one")
    assert (code, "one is in force" in said, "rollback" in said) == (0, True, True)
    code, said = run("list")
    assert code == 0
    assert [line.split()[0] for line in said.splitlines() if "in force" in line and "To put" not in line] == ["one"]
    assert run("check")[0] == 0
    code, said = run("rollback")
    assert (code, f"{fake_models.VERSION} is in force again" in said) == (0, True)


def test_the_commands_refuse_with_a_sentence_and_a_status(run: Callable[..., tuple[int, str]], models: Path) -> None:
    alter(models, "two")
    for words, sentence in (
        (["rollback"], "no earlier"),
        (["activate", "none"], f"There is no version 'none'. The versions: {fake_models.VERSION}, one, two."),
        (["activate", "two"], "SHA-256"),
        (["unshadow"], "No"),
    ):
        code, said = run(*words)
        assert code != 0
        assert sentence in said
    assert not (models / "versions" / "in-force.json").exists()


def test_the_shadow_can_be_ended(run: Callable[..., tuple[int, str]], models: Path) -> None:
    versions.run_beside(models, "one")
    assert run("unshadow")[0] == 0
    assert json.loads((models / "versions" / "in-force.json").read_text())["shadow"] is None


@pytest.mark.parametrize("words", [("activate", "one"), ("rollback",), ("unshadow",)])
def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(
    run: Callable[..., tuple[int, str]], models: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def refuse(*_: object, **more: object) -> None:
        raise OSError(30, "Read-only file system", str(more["dir"]))

    versions.activate(models, "two")
    versions.run_beside(models, "one")
    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    code, said = run(*words)
    assert (code, "cannot be written (Read-only file system), and nothing was changed" in said) == (1, True)
    assert versions.pointer(models).active == "two"


def test_where_the_versions_would_lie_may_be_something_else(run: Callable[..., tuple[int, str]], tmp_path: Path, models: Path) -> None:
    (models / "versions").rename(tmp_path / "away")
    (models / "versions").touch()
    code, said = run("activate", "one")
    assert (code, "cannot be written" in said) == (1, True)


@pytest.mark.parametrize("written", ["{", "[]", ""])
def test_the_list_goes_on_after_a_version_whose_manifest_is_damaged(
    run: Callable[..., tuple[int, str]], models: Path, written: str
) -> None:
    (models / "versions" / "one" / "manifest.json").write_text(written)
    code, said = run("list")
    assert (code, "its manifest cannot be read" in said, "\ntwo " in said) == (0, True, True)


@pytest.mark.parametrize("words", [("list",), ("check",), ("rollback",), ("activate", "one")])
def test_without_a_models_folder_the_commands_say_so(new_app: Callable[..., Flask], tmp_path: Path, words: tuple[str, ...]) -> None:
    code, said = conftest.run(new_app(MODELS_DIR=str(tmp_path / "nothing")), "model", *words)
    assert (code, "Traceback" in said, "nothing" in said) == (1, False, True)
    assert not (tmp_path / "nothing").exists()
