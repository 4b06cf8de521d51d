"""The figures that the shipped models promise, measured on the corpora where they are."""

import gzip
import json
import os
import re
import tomllib
from pathlib import Path

import pytest
from sklearn.metrics import roc_auc_score

from service.domain import ScoreInput
from service.scoring import load

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("DATA_DIR", ROOT.parent / "shared" / "data"))


def rows(name):
    path = DATA / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not in the data folder: set DATA_DIR to the one that has the corpora")
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_toxicity_on_comments_never_trained_on():
    tested = rows("test-jigsaw")
    scores = load(ROOT / "models").score([ScoreInput(text=row["text"]) for row in tested])

    auc = roc_auc_score([row["labels"]["toxicity"] >= 0.5 for row in tested], [each.values["toxicity"] for each in scores])

    assert auc >= 0.962


def test_the_readme_says_of_the_default_thresholds_what_was_measured():
    measured = json.loads((ROOT / "models" / "manifest.json").read_text(encoding="utf-8"))["metrics"]["held_out"]
    rules = tomllib.loads((ROOT / "policy.toml").read_text(encoding="utf-8"))
    said = re.findall(
        r"^\| `(\w+)` \| (hold|reject) at ([\d.]+) \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \|$",
        (ROOT / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )

    assert [(name, outcome, float(threshold)) for name, outcome, threshold, *_ in said] == [
        (name, outcome, rules[outcome][name]) for name in measured for outcome in ("hold", "reject") if name in rules[outcome]
    ]
    for name, _, threshold, precision, recall, share in said:
        row = next(row for row in measured[name]["thresholds"] if row["threshold"] == float(threshold))
        assert [float(precision), float(recall)] == pytest.approx([100 * row["precision"], 100 * row["recall"]], abs=0.51)
        assert float(share) == pytest.approx(100 * row["share"], abs=0.06)
