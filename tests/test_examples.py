"""The examples of docs/clients.md, and the commands of the documents, run as they stand there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Caller, run
from flask import Flask
from test_perspective_clients import address

from service import events, rules
from service.intake.payloads import DecisionOut
from service.intake.perspective.attributes import KNOWN, meant, ours
from service.review import demo
from service.scoring import load

__all__ = ["address"]

ROOT = Path(__file__).parent.parent
PLUGIN = "integrations/wordpress/comment-moderation/readme.txt"
DOCUMENT = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
RUNNERS = {
    "sh": ["sh"],
    "python": [sys.executable],
    "php": ["php"],
    "javascript": ["node", "--input-type=module"],
}
EXAMPLES = [
    (language, code) for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL) if language in RUNNERS
]


def test_every_language_has_an_example() -> None:
    assert {language for language, _ in EXAMPLES} == set(RUNNERS)


def test_every_event_and_what_a_decision_tells_are_in_the_document() -> None:
    told = dict(re.findall(r"^\| `(comment\.\w+)` \|[^|]*\| (.*?) \|$", DOCUMENT, re.MULTILINE))
    assert list(told) == list(events.EVENTS)
    assert re.findall("`([a-z_]+)`", told[events.DECIDED]) == [*DecisionOut.model_fields, "words"]


@pytest.mark.parametrize(("language", "code"), EXAMPLES, ids=[f"{language}-{number}" for number, (language, _) in enumerate(EXAMPLES)])
def test_an_example_runs_and_is_answered(language: str, code: str, address: str, gazette: Caller) -> None:
    runner = RUNNERS[language]
    if shutil.which(runner[0]) is None or (language == "sh" and shutil.which("curl") is None):
        pytest.skip(f"{runner[0]} or what it calls is not installed")
    environment = os.environ | {"KEY": gazette.key or ""}
    done = subprocess.run(
        runner, input=code.replace("http://127.0.0.1:8000", address), env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"hold|PROBABILITY", done.stdout), done.stdout


def test_what_the_shipped_models_do_not_know_of_perspectives_attributes_is_named() -> None:
    model = load(ROOT / "models")
    unknown = {name for name in KNOWN if meant(name) not in model.scale and ours(name) not in model.attributes}
    named = re.search(r"of those shipped (.*?), is refused", DOCUMENT, re.DOTALL)
    assert named is not None
    assert set(re.findall(r"`(\w+)`", named[1])) == unknown


@pytest.mark.parametrize("file", ["README.md", "docs/clients.md", "docs/alerts.yml", "policy.toml", "sources.toml", PLUGIN])
def test_a_command_that_is_named_exists_with_its_options(app: Flask, file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for name, rest in re.findall(r"flask --app service ([a-z ]+)([^`#>]*?)(?:[`#>]|\n\n)", text):
        code, explained = run(app, *name.split(), "--help")
        assert (code, [option for option in re.findall("--[a-z]+", rest) if option not in explained]) == (0, []), name + rest


def test_the_readmes_moderator_can_be_made_beside_the_demonstrations(app: Flask) -> None:
    demo.fill(app.extensions["parts"], "example", count=1)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for said in re.findall(r"^\.venv/bin/flask --app service (moderator [^#]*?) +#", readme, re.MULTILINE):
        assert run(app, *shlex.split(said), input="correct horse\ncorrect horse\n")[0] == 0, said


def test_the_readmes_answer_is_of_the_shipped_model_and_rules() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = re.findall(r'"(?:model|policy)_version": "(.*?)"', readme)
    assert said == [load(ROOT / "models").version, rules.load(ROOT / "policy.toml").version]
