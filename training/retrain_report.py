"""One HTML file of a run, kept beside the version that it made. It quotes comments, so it is for the newsroom alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from service.arrays import Floats
from service.domain import LIKELY_TO_REJECT
from service.newsroom import Newsroom, newsroom_text
from service.normalise import normalise
from training import plots, trial
from training.gate import Judged
from training.regression_set import Checked
from training.rehearsal import Bench
from training.tables import html_table, number
from training.trial import Tried

WORDS = 25
FEWEST_COMMENTS = 5

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{version}: retraining</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222;background:#fff}}
table{{border-collapse:collapse;margin:1em 0}}td,th{{border:1px solid #ccc;padding:.25em .6em;text-align:left;vertical-align:top}}
td{{overflow:clip}}td:last-child{{overflow-wrap:anywhere}}
svg{{font:11px system-ui,sans-serif;margin:.5em;vertical-align:top}}.warn{{background:#fff4d6;padding:.5em 1em}}</style>
<h1>{version}</h1>
<p class="warn">Quotes readers' comments. For the newsroom alone.</p>
{sections}</html>
"""


def page(bench: Bench, judged: Judged, tried: Tried, newsroom: Newsroom, version: str) -> str:
    """The report of a version, by its name."""
    tested = bool(tried.scores) and 0 < tried.rejected.sum() < len(tried.rejected)
    sections = [
        ("What was decided", _checks(judged)),
        ("What it learnt from", _counts(bench.lessons.counts)),
        ("On verdicts that it had not seen", _figures(judged, tried) if tested else "<p>There were too few to test on.</p>"),
        ("Words that gained and lost weight", _words(bench, newsroom)),
        ("How well everybody else's verdicts predict each moderator's", _agreements(bench)),
        ("Verdicts that moderators disagree on", _disagreed(bench)),
        ("Words for people: by how much each moves the score", _bias(judged.regression)),
    ]
    return _PAGE.format(version=version, sections="\n".join(f"<h2>{escape(title)}</h2>{body}" for title, body in sections))


def _checks(judged: Judged) -> str:
    said = "Better than the model in force, and worse nowhere that is checked." if judged.passed else "Refused: it stays a candidate."
    return f"<p>{said}</p>" + html_table(
        ["check", "", "figures"], [[one.name, "passed" if one.passed else "failed", one.said] for one in judged.checks]
    )


def _counts(counts: Mapping[str, Any]) -> str:
    plain = [[name, value] for name, value in counts.items() if not isinstance(value, Mapping)]
    grouped = [
        [f"{name}: {each}", number] for name, value in counts.items() if isinstance(value, Mapping) for each, number in value.items()
    ]
    return html_table(["", "number"], [*plain, *grouped])


def _figures(judged: Judged, tried: Tried) -> str:
    names = list(tried.scores)
    under = judged.figures.get("under the rules in force", {})
    rows = [
        ["ROC-AUC for 'rejected'", *(f"{trial.auc(tried, name):.3f}" for name in names)],
        ["calibration error of likely_to_reject", *(number(trial.calibration(tried, name)) for name in names)],
        *([measure, *(_share(under[name][measure]) for name in names)] for measure in under.get("candidate", ())),
    ]
    drawn = {name: trial.best_score(scores) for name, scores in tried.scores.items()}
    labels, weights = tried.rejected, tried.weights
    own = tried.scores["candidate"][LIKELY_TO_REJECT]
    figures = [
        plots.plot(
            "ROC", "approved comments above", "rejected comments above", {n: plots.roc(labels, s) for n, s in drawn.items()}, diagonal=True
        ),
        plots.plot(
            "Calibration", "likely_to_reject", "share rejected", {"candidate": plots.calibration(labels, own, weights)}, diagonal=True
        ),
        plots.plot("By threshold", "threshold", "share", plots.by_threshold(labels, own, weights)),
    ]
    said = f"{len(labels):,} later verdicts, by authors and on articles that it did not learn from"
    return f"<p>{said}; worth {tried.effective:,.0f} of equal weight.</p>" + html_table(["", *names], rows) + "".join(figures)


def _words(bench: Bench, newsroom: Newsroom) -> str:
    """Each common word's own part in the log-odds of a rejection, against the model in force."""
    counted = Counter(word for one in bench.lessons.verdicts for word in set(normalise(one.input.text).split()))
    words = [word for word, number in counted.items() if number >= FEWEST_COMMENTS and any(letter.isalpha() for letter in word)]
    if LIKELY_TO_REJECT not in newsroom.heads or not words:
        return "<p>Too few words are common enough.</p>"
    before = next((scorer for scorer in bench.in_force.scorers if isinstance(scorer, Newsroom)), None)
    moved = word_weights(newsroom, words) - (0.0 if before is None else word_weights(before, words))
    order = np.argsort(moved)
    rows = [
        [words[up], f"{moved[up]:+.2f}", words[down], f"{moved[down]:+.2f}"]
        for up, down in zip(order[::-1][:WORDS], order[:WORDS], strict=True)
    ]
    return html_table(["towards rejection", "log-odds", "towards approval", "log-odds"], rows)


def word_weights(newsroom: Newsroom, words: Sequence[str]) -> Floats:
    """What a word by itself adds to the log-odds of a rejection, by its n-grams."""
    grams = newsroom.ngrams.of_plain([newsroom_text(word) for word in words])
    found: Floats = grams @ newsroom.heads[LIKELY_TO_REJECT].weights[-grams.shape[1] :] * newsroom.scales["ngrams"]
    return found


def _agreements(bench: Bench) -> str:
    if not bench.agreements:
        return "<p>There are not two moderators with enough verdicts each.</p>"
    rows = [
        [
            one.says,
            one.verdicts,
            f"{one.auc:.2f}",
            ("left out" if one.says in bench.without else "trusted all the same") if one.alarming else "",
        ]
        for one in bench.agreements
    ]
    return "<p>1 is always, 0.5 is chance, less contradicts the others.</p>" + html_table(["who", "verdicts", "agreement", ""], rows)


def _disagreed(bench: Bench) -> str:
    rows = [
        [f"{row.at:%Y-%m-%d}", f"{row.first}: {row.said}", f"{row.second}: {row.outcome}", row.text[:300]]
        for row in bench.lessons.disagreed
    ]
    return html_table(["day", "first", "then", "comment"], rows) if rows else "<p>None was corrected to the opposite.</p>"


def _bias(regression: Mapping[str, Checked]) -> str:
    rows = [[word, *(f"{one.bias[word]:+.3f}" for one in regression.values())] for word in regression["candidate"].bias]
    return "<p>In harmless sentences of our own, against plain words in the same place.</p>" + html_table(["word", *regression], rows)


def _share(counts: Sequence[int]) -> str:
    return f"{counts[0] / counts[1]:.1%} of {counts[1]:,}" if counts[1] else "-"
