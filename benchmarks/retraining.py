"""What retraining brings: a real log of moderators, replayed through the service as comments and verdicts, and learnt from."""

import gzip
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.measure import table
from service import moderation, signin, verdicts
from service.arrays import Bools
from service.config import Config
from service.domain import LIKELY_TO_REJECT, Article, Comment, Moderator, Outcome, Rejection, Role, Verdict
from service.parts import Parts
from service.scoring import Model
from service.storage import demo, moderators
from service.storage.engine import migrate, reading, writing
from training import lessons
from training.newsroom import Material, fit_newsroom, remembering, scores_of
from training.rehearsal import prepare
from training.scored import rate
from training.thresholds import both

SIZES = (200, 500, 1_000, 2_157)
PEOPLE = 5
POLICY = "[length]\nmin_characters = 20000\n"  # holds every comment, so that each gets its verdict
LOG = "moderator-log.jsonl.gz"
# The log says when a comment was judged and not when it came, which says how much of its article was known by then.
WAITED = {"each judged as it comes": timedelta(0), "each an hour after it came": timedelta(hours=1)}


def main(data: Path) -> None:
    """Prints the learning curve, and what one moderator who always says the contrary can do."""
    with gzip.open(data / LOG, "rt", encoding="utf-8") as lines_of_log:
        rows = [json.loads(line) for line in lines_of_log]
    with tempfile.TemporaryDirectory() as folder:
        parts = _parts(Path(folder))
        keys = replay(parts, rows)
        shipped = remembering(parts.model)
        for told, waited in WAITED.items():
            learnt = as_if(parts, rows, keys, waited)
            whole = Material(learnt.verdicts, rate(shipped, [one.input for one in learnt.verdicts], "scoring"), np.ones(len(rows)))
            _curve(rows, whole, shipped, told)
    _poisoned(whole, shipped, learnt)


def replay(parts: Parts, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Each decision of the log as a comment that is held and a verdict on it, given by one of five moderators; the comments' keys."""
    migrate(parts.engine)
    people = [_person(parts, f"moderator-{number}") for number in range(PEOPLE)]
    keys = []
    for at in range(0, len(rows), 200):
        some = rows[at : at + 200]
        done = moderation.moderate(parts, [_comment(number, row) for number, row in enumerate(some, at)])
        for number, (row, moderated) in enumerate(zip(some, done, strict=True), at):
            person = people[number % PEOPLE]
            verdicts.give(parts, person, moderated.comment.pk, _verdict(row, person))
            keys.append(moderated.comment.pk)
        print(f"replayed {at + len(some):,} of {len(rows):,}", file=sys.stderr)
    return keys


def as_if(parts: Parts, rows: Sequence[dict[str, Any]], keys: Sequence[int], waited: timedelta) -> lessons.Lessons:
    """The lessons as if each comment had come so long before its verdict."""
    with writing(parts.engine) as db:
        for row, key in zip(rows, keys, strict=True):
            demo.backdate(db, key, datetime.fromtimestamp(row["time"], UTC) - waited, waited)
    return lessons.read(parts.engine)


def _curve(rows: Sequence[dict[str, Any]], whole: Material, shipped: Model, told: str) -> None:
    late = _late(whole)
    labels = whole.of(late).labels(LIKELY_TO_REJECT)
    lines = [_line("shipped model: toxicity", "-", labels, whole.before["toxicity"][late])]
    lines.append(_line("plain TF-IDF logistic regression", f"{SIZES[-1]:,}", labels, _plain(rows)))
    for size in SIZES:
        newsroom = fit_newsroom(shipped, whole.of(np.arange(len(rows)) < size))
        lines.append(_line("retrained", f"{size:,}", labels, scores_of(newsroom, whole.of(late))))
    head = ["model", "verdicts", "ROC-AUC for 'rejected'", "decided alone, 80 % right", "decided alone, 75 % right"]
    table(f"Retraining: the last {late.sum():,} decisions of a moderators' log, learnt from the first; {told}", head, lines)


def _late(whole: Material) -> Bools:
    return np.arange(len(whole.examples)) >= SIZES[-1]


def _parts(folder: Path) -> Parts:
    (folder / "policy.toml").write_text(POLICY)
    told = {"DATABASE_URL": f"sqlite:///{folder}/log.db", "POLICY_FILE": str(folder / "policy.toml"), "SECRET_KEY": "b" * 32}
    return Parts(Config.from_environ(dict(os.environ) | told))


def _person(parts: Parts, name: str) -> Moderator:
    signin.create(parts, name=name, role=Role.MODERATOR, sites=[], password=None)
    with reading(parts.engine) as db:
        found = moderators.named(db, name)
    assert found is not None
    return moderators.from_row(found)


def _comment(number: int, row: dict[str, Any]) -> Comment:
    return Comment(site="log", id=str(number), text=row["text"], article=Article(id=row["thread"]))


def _verdict(row: dict[str, Any], person: Moderator) -> Verdict:
    rejects = row["verdict"] == "reject"
    at = datetime.fromtimestamp(row["time"], UTC)
    reason = Rejection.OTHER if rejects else None
    return Verdict(outcome=Outcome(row["verdict"]), moderator=person.name, at=at, reason_code=reason)


def _line(name: str, size: str, labels: Any, scores: Any) -> list[str]:
    return [name, size, f"{roc_auc_score(labels, scores):.3f}", *(f"{_alone(labels, scores, precision):.1%}" for precision in (0.8, 0.75))]


def _alone(labels: Any, scores: Any, precision: float) -> float:
    """The share that could be decided without a person at that precision, by the best two thresholds in hindsight."""
    ranks = np.argsort(np.argsort(scores)) / len(scores)
    return sum(one.share for one in both(labels, ranks, np.ones(len(labels)), precision, precision))


def _plain(rows: Sequence[dict[str, Any]]) -> Any:
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    learnt = words.fit_transform([row["text"] for row in rows[: SIZES[-1]]])
    model = LogisticRegression(max_iter=1000).fit(learnt, [row["verdict"] == "reject" for row in rows[: SIZES[-1]]])
    return model.predict_proba(words.transform([row["text"] for row in rows[SIZES[-1] :]]))[:, 1]


def _poisoned(whole: Material, shipped: Model, learnt: lessons.Lessons) -> None:
    """Three in ten verdicts are by one moderator, and all of them wrong."""
    late = _late(whole)
    labels = whole.of(late).labels(LIKELY_TO_REJECT)
    honest, corrupted = _said(learnt, late, wrong=False), _said(learnt, late, wrong=True)
    lines = []
    for name, told, careful in (("honest", honest, True), ("corrupted, no care", corrupted, False), ("corrupted", corrupted, True)):
        bench = prepare(Path("."), shipped, shipped, told)
        weights = bench.material.weights if careful else np.ones(len(told.verdicts))
        newsroom = fit_newsroom(shipped, Material(told.verdicts, bench.material.before, weights), order_alone=True)
        auc = roc_auc_score(labels, scores_of(newsroom, whole.of(late)))
        lines.append([name, ", ".join(one.says for one in bench.alarms) or "none", f"{auc:.3f}"])
    table("One moderator of 30 % of the verdicts, all wrong", ["verdicts", "alarm", "ROC-AUC for 'rejected'"], lines)


def _said(learnt: lessons.Lessons, late: Bools, *, wrong: bool) -> lessons.Lessons:
    chance = np.random.default_rng(0).random(len(late))
    told = []
    for one, luck in zip(learnt.verdicts[: int((~late).sum())], chance, strict=False):
        mallory = luck < 0.3
        label = float(one.rejected or 0)
        says = "moderator mallory" if mallory else f"moderator {int(luck * 100) % 4}"
        told.append(replace(one, says=says, labels={LIKELY_TO_REJECT: 1 - label if mallory and wrong else label}))
    return replace(learnt, verdicts=tuple(told), others=())
