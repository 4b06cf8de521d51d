"""The figures that the shipped models promise, measured on the corpora where they are."""

import gzip
import json
import os
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
