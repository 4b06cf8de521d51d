"""The shipped model sees through disguises, and leaves innocent words alone. `make_evasions.py` writes evasions.tsv."""

import json
import tomllib
from collections import Counter
from pathlib import Path

import make_evasions
import pytest

from service.domain import ScoreInput
from service.scoring import load

HERE = Path(__file__).parent
MODELS = HERE.parent / "models"
NEAR = 0.15
HOLD = tomllib.loads((HERE.parent / "policy.toml").read_text(encoding="utf-8"))["hold"]["toxicity"]


@pytest.fixture(scope="module")
def model():
    return load(MODELS)


def toxicity(model, texts):
    return [scores.values["toxicity"] for scores in model.score([ScoreInput(text=text) for text in texts])]


def variants():
    return [line.split("\t") for line in (HERE / "evasions.tsv").read_text(encoding="utf-8").splitlines()]


def test_the_list_has_300_variants_and_is_what_its_script_writes():
    assert len(variants()) == 300
    assert [tuple(row) for row in variants()] == make_evasions.variants()


def test_nine_of_ten_disguises_score_like_the_plain_comment(model):
    kinds, plain, disguised = zip(*variants(), strict=True)
    far = [
        kind for kind, one, other in zip(kinds, toxicity(model, plain), toxicity(model, disguised), strict=True) if abs(one - other) > NEAR
    ]

    assert len(far) <= 30, Counter(far)


def test_more_than_a_hundred_innocents_stay_under_the_hold_threshold(model):
    innocents = (HERE / "innocents.txt").read_text(encoding="utf-8").splitlines()
    held = {text: round(score, 2) for text, score in zip(innocents, toxicity(model, innocents), strict=True) if score >= HOLD}

    assert len(innocents) >= 104
    assert held == {}


def test_the_manifest_names_every_file_and_models_are_small():
    manifest = json.loads((MODELS / "manifest.json").read_text(encoding="utf-8"))

    assert {file["name"] for file in manifest["files"]} | {"manifest.json", "CARD.md"} == {path.name for path in MODELS.iterdir()}
    assert sum(path.stat().st_size for path in MODELS.iterdir()) < 60_000_000
