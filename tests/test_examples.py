"""The examples of docs/clients.md run as they stand there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Caller
from test_perspective_clients import address

from service import events
from service.intake.payloads import DecisionOut
from service.intake.perspective.attributes import KNOWN, meant, ours
from service.scoring import load

__all__ = ["address"]

ROOT = Path(__file__).parent.parent
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
