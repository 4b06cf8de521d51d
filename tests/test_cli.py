"""The operator's commands, and what they say where something is wrong."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import fake_models
import pytest
from conftest import fresh_database, run
from flask import Flask

from service.cli import Sentences

FLASK = [sys.executable, "-m", "flask", "--app", "service"]


def test_every_command_says_its_faults_in_a_sentence(app: Flask) -> None:
    assert [name for name, command in app.cli.commands.items() if not isinstance(command, Sentences)] == []


def test_a_policy_is_checked_and_summed_up(app: Flask) -> None:
    code, said = run(app, "policy", "check")
    assert code == 0
    assert "0.6" in said


def test_a_bad_policy_is_named_with_its_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[hold]\ntoxicity = 0.9\n[reject]\ntoxicity = 0.5\n")
    code, said = run(app, "policy", "check", str(file))
    assert code == 1
    assert re.search(r"\b[24]\b", said)


def test_a_policy_that_is_not_there_is_a_sentence(app: Flask, tmp_path: Path) -> None:
    code, said = run(app, "policy", "check", str(tmp_path / "nothing.toml"))
    assert code == 1
    assert "nothing.toml" in said


def test_whole_models_pass_their_check(app: Flask) -> None:
    assert run(app, "model", "check") == (0, "The model fake-1 is whole and scores its probes as it did when it was published.\n")


def test_models_that_score_their_probes_differently_are_a_sentence(new_app: Callable[..., Flask], tmp_path: Path) -> None:
    folder = fake_models.publish(tmp_path / "other", probes=[{"input": {"text": "A kind probe."}, "scores": {"toxicity": 0.99}}])
    code, said = run(new_app(MODELS_DIR=str(folder)), "model", "check")
    assert code == 1
    assert "python -m training" in said


def test_migrating_twice_does_nothing(app: Flask) -> None:
    assert [run(app, "migrate")[0] for _ in range(2)] == [0, 0]


READERS = [("key", "list"), ("moderator", "list"), ("endpoint", "list"), ("delivery", "list")]


@pytest.mark.parametrize(
    "words",
    [*READERS, ("key", "create", "--site", "gazette"), ("key", "revoke", "x"), ("moderator", "create", "Ada", "--generate")],
)
def test_a_database_without_tables_is_a_sentence(new_app: Callable[..., Flask], tmp_path: Path, words: tuple[str, ...]) -> None:
    code, said = run(new_app(DATABASE_URL=f"sqlite:///{tmp_path}/empty.db"), *words)
    assert code == 1
    assert "flask --app service migrate" in said


@pytest.mark.parametrize("words", [*READERS, ("migrate",), ("quickstart",), ("demo",)])
@pytest.mark.parametrize("url", ["postgresql://ada:hunter2@127.0.0.1:1/none", "sqlite:////proc/none/comments.db"])
def test_a_database_that_does_not_answer_is_a_sentence(new_app: Callable[..., Flask], words: tuple[str, ...], url: str) -> None:
    code, said = run(new_app(DATABASE_URL=url), *words)
    assert code == 1
    assert "DATABASE_URL" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("site", ["", " ", "gazette ", "\tgazette", "gaz\nette", "\u200bgazette", "g" * 101])
def test_a_site_that_only_looks_like_another_gets_no_key(app: Flask, site: str) -> None:
    code, said = run(app, "key", "create", "--site", site)
    assert (code, "without blanks at either end" in said) == (2, True)
    assert "There is no key yet" in run(app, "key", "list")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("key", "create", "--site", "gazette", "--name", "B\udcfcro"),  # as a terminal that speaks Latin-1 sends it
        ("key", "revoke", "B\udcfcro"),
        ("moderator", "create", "J\udcfcrgen", "--generate"),
        ("moderator", "token", "J\udcfcrgen"),
        ("coral", "secret", "--site", "gazette", "--secret", "geheim\udcfc"),
    ],
)
def test_what_is_not_typed_in_utf_8_is_a_sentence_and_changes_nothing(app: Flask, words: tuple[str, ...]) -> None:
    assert run(app, *words) == (1, "Error: What was typed is not UTF-8 text. Nothing was changed.\n")
    assert "There is no moderator yet" in run(app, "moderator", "list")[1]
    assert "There is no key yet" in run(app, "key", "list")[1]


def test_a_bad_environment_is_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run([*FLASK, "key", "list"], env=os.environ | {"PORT": "eight"}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "PORT is 'eight'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_machines_may_migrate_at_once(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path) as url:
        environ = os.environ | {"DATABASE_URL": url}
        machines = [subprocess.Popen([*FLASK, "migrate"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
        said = [machine.communicate()[1].decode() for machine in machines]
        assert [machine.returncode for machine in machines] == [0, 0], said


def test_quickstart_makes_a_secret_that_others_cannot_read(
    new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("service.cli.SECRET_KEY_FILE", tmp_path / "var" / "secret_key")
    assert run(new_app(SECRET_KEY=""), "quickstart")[0] == 0
    made = tmp_path / "var" / "secret_key"
    assert made.stat().st_mode & 0o777 == 0o600
    assert new_app(SECRET_KEY="").extensions["parts"].config.secret_key == made.read_text().strip()


def test_quickstart_says_where_it_cannot_keep_a_secret(
    new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setattr("service.cli.SECRET_KEY_FILE", tmp_path / "taken" / "secret_key")
    code, said = run(new_app(SECRET_KEY=""), "quickstart")
    assert (code, "or set SECRET_KEY" in said) == (1, True)


def test_quickstart_prints_an_address_and_a_request(new_app: Callable[..., Flask]) -> None:
    code, said = run(new_app(PORT="8123"), "quickstart")
    assert code == 0
    assert "http://127.0.0.1:8123\n" in said
    assert re.search(r"^curl -s http://127.0.0.1:8123/v1/comments ", said, re.MULTILINE)


def test_a_command_in_a_sentence_works_as_it_is_printed() -> None:
    """`flask key create` finds no such command where the application is not named."""
    root = Path(__file__).parent.parent
    files = [root / "README.md", *(root / "docs").glob("*.md"), *(root / "service").rglob("*.py")]
    sentences = {path.name: re.findall(r"`flask (?!--app )[a-z ]+", path.read_text(encoding="utf-8")) for path in files}
    assert {name: said for name, said in sentences.items() if said and name != "delivery_commands.py"} == {}
