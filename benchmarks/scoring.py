"""What the models cost and what they are worth, beside alt-profanity-check in the same run."""

import gzip
import json
import time
from pathlib import Path

import numpy as np
from profanity_check import predict_prob
from sklearn.metrics import roc_auc_score

from benchmarks.measure import milliseconds, table, text, times
from service import scoring
from service.domain import Article, ScoreInput

ARTICLE = Article(id="a", title="Council votes to close the old station", text=text(4_000, 1))
LENGTHS = (50, 300, 2_000)


def main(data: Path) -> None:
    model = scoring.load(Path("models"))
    rows = []
    for length in LENGTHS:
        ours = times(lambda i, n=length: model.score([ScoreInput(text=text(n, i), article=ARTICLE)]), 1_000, f"{length} characters")
        theirs = times(lambda i, n=length: predict_prob([text(n, i)]), 1_000, f"{length} characters, alt-profanity-check")
        rows.append([f"{length} characters", *(milliseconds(s, p) for s in (ours, theirs) for p in (50, 99))])
    table(
        "One comment, all attributes and topicality with a known article, one core",
        ["comment", "p50", "p99", "alt-profanity-check p50", "p99"],
        rows,
    )
    table("In bulk, one core", ["", "comments a second"], [["ours", _bulk(model)], ["alt-profanity-check", _bulk_theirs()]])
    _accuracy(model, data / "test-jigsaw.jsonl.gz")


def _bulk(model: scoring.Model, count: int = 5_000) -> str:
    inputs = [ScoreInput(text=text(300, i), article=ARTICLE) for i in range(count)]
    started = time.perf_counter()
    model.score(inputs)
    return f"{count / (time.perf_counter() - started):,.0f}"


def _bulk_theirs(count: int = 5_000) -> str:
    texts = [text(300, i) for i in range(count)]
    started = time.perf_counter()
    predict_prob(texts)
    return f"{count / (time.perf_counter() - started):,.0f}"


def _accuracy(model: scoring.Model, path: Path) -> None:
    if not path.exists():
        print(f"\nNo accuracy: {path} is missing; name its folder with --data.")
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    labels = np.array([row["labels"]["toxicity"] for row in rows]) >= 0.5
    texts = [row["text"] for row in rows]
    ours = [scores.values["toxicity"] for scores in model.score([ScoreInput(text=t) for t in texts])]
    table(
        f"Toxicity on `test-jigsaw` ({len(rows):,} comments)",
        ["", "ROC-AUC"],
        [["ours", f"{roc_auc_score(labels, ours):.3f}"], ["alt-profanity-check", f"{roc_auc_score(labels, predict_prob(texts)):.3f}"]],
    )
