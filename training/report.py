"""One HTML file of an evaluation: the card's tables with plots, thresholds and the worst errors. It quotes the corpora: for no one else."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

import numpy as np

from service.arrays import Floats
from training import plots
from training.proposals import proposals
from training.scored import Scored
from training.tables import Table, held_out_tables, html_table, measured_tables

WORST, QUOTED = 12, 400
PLOTTED = "test-jigsaw"
WITH_ERRORS = ("test-jigsaw", "test-surge", "test-hatecheck")

_CODE = re.compile("`([^`]+)`")

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light"><title>{version}: evaluation</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:70em;margin:1.5em auto;padding:0 1em;color:#222;background:#fff}}
table{{border-collapse:collapse;margin:.6em 0;font-size:.9em;display:block;max-width:100%;overflow-x:auto}}
td,th{{border:1px solid #ccc;padding:.25em .6em;text-align:left;vertical-align:top}}th{{background:#f4f4f4}}
svg{{font:11px system-ui,sans-serif;max-width:100%;height:auto;vertical-align:top}}nav a{{display:inline-block;margin:.2em .8em .2em 0}}
summary{{cursor:pointer;padding:.4em 0}}td{{overflow-wrap:anywhere}}
.warn{{background:#fff4d6;padding:.5em 1em}}</style>
<h1>{version}: evaluation</h1>
<p class="warn">Quotes comments of the corpora, offensive ones among them. Not for publishing.</p>
<nav>{links}</nav>
{sections}</html>
"""


def page(manifest: Mapping[str, Any], files: Mapping[str, Scored]) -> str:
    """The report of what the manifest says and of the test files' scores; what was not measured has no section."""
    metrics = manifest["metrics"]
    sections = {"Curves": _curves(files)}
    for theme, tables in groupby(measured_tables(metrics["tests"]), lambda each: each.theme):
        sections[theme] = _tables(tables)
    sections["Held-out figures and thresholds"] = _held_out(metrics["held_out"])
    sections["Worst errors"] = "".join(_errors(files[name]) for name in WITH_ERRORS if name in files)
    shown = {title: body for title, body in sections.items() if body}
    return _PAGE.format(
        version=escape(manifest["version"]),
        links="".join(f'<a href="#{_anchor(title)}">{escape(title)}</a>' for title in shown),
        sections="\n".join(f'<h2 id="{_anchor(title)}">{escape(title)}</h2>{body}' for title, body in shown.items()),
    )


def worst_errors(one: Scored) -> tuple[list[int], list[int]]:
    """Rows that carry no label, highest score first, and rows that carry it, lowest score first; equal texts once."""
    order = np.argsort(one.ours, kind="stable")
    negatives = _distinct(one, [int(at) for at in order[::-1] if one.labels[at] < 0.5])
    return negatives, _distinct(one, [int(at) for at in order if one.labels[at] >= 0.5])


def _curves(files: Mapping[str, Scored]) -> str:
    """ROC for each file with labels; the rest for the one whose natural prevalence is known."""
    both = {name: one for name, one in files.items() if 0 < (one.labels >= 0.5).sum() < (~np.isnan(one.labels)).sum()}
    by_file = {name: _roc(one.labels, one.ours) for name, one in both.items()}
    figures = [plots.plot("ROC, by file", "harmless comments above", "harmful comments above", by_file, diagonal=True)] if both else []
    if PLOTTED in both:
        one = both[PLOTTED]
        labels, weights = one.labels, one.weights
        rivals = {name: plots.roc(labels, scores) for name, scores in one.by.items()}
        precision = {name: plots.precision_recall(labels, scores, weights) for name, scores in one.by.items()}
        calibration = {name: plots.calibration(labels, scores, weights) for name, scores in one.by.items()}
        figures += [
            plots.plot(f"ROC, {PLOTTED}", "harmless comments above", "harmful comments above", rivals, diagonal=True),
            plots.plot(f"Precision and recall, {PLOTTED}", "recall", "precision", precision),
            plots.plot(f"Calibration, {PLOTTED}", "score", "share that is toxic", calibration, diagonal=True),
            plots.plot(f"By threshold, {PLOTTED}", "threshold", "share", plots.by_threshold(labels, one.ours, weights)),
        ]
    return "".join(figures)


def _roc(labels: Floats, scores: Floats) -> plots.Line:
    known = ~np.isnan(labels)
    return plots.roc(labels[known], scores[known])


def _tables(tables: Iterable[Table]) -> str:
    return "".join(f"<p>{_note(each.note)}</p>{html_table(each.head, each.rows)}" for each in tables)


def _note(markdown: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(markdown))


def _held_out(held: Mapping[str, Any]) -> str:
    """The attributes, what thresholds are proposed, and each attribute's thresholds behind its name."""
    tables = held_out_tables(held)
    folded = {each.theme.strip("`"): each for each in tables if each.head[0] == "threshold"}
    proposed = [
        [name, outcome, "none" if row is None else str(row["threshold"])]
        for name, figures in held.items()
        for outcome, row in proposals(figures, name).items()
    ]
    return (
        "".join(f"<h3>{_note(each.theme)}</h3>{_tables([each])}" for each in tables if each.head[0] != "threshold")
        + "<h3>Proposed thresholds</h3><p>By their precision.</p>"
        + html_table(["attribute", "outcome", "threshold"], proposed)
        + "".join(f"<details><summary>{escape(name)}: thresholds</summary>{_tables([each])}</details>" for name, each in folded.items())
    )


def _errors(one: Scored) -> str:
    kinds = zip(("harmless, but scored high", "harmful, but scored low"), worst_errors(one), strict=True)
    return "".join(
        f"<details><summary>{escape(one.name)}: {said}</summary>{html_table(['score', 'comment'], _quoted(one, rows))}</details>"
        for said, rows in kinds
    )


def _quoted(one: Scored, rows: Sequence[int]) -> list[list[str]]:
    return [[f"{one.ours[at]:.3f}", one.rows[at]["text"][:QUOTED]] for at in rows]


def _distinct(one: Scored, rows: Sequence[int]) -> list[int]:
    first = {one.rows[at]["text"]: at for at in reversed(rows)}
    return [at for at in rows if first[one.rows[at]["text"]] == at][:WORST]


def _anchor(title: str) -> str:
    return escape(title.lower().replace(" ", "-"))
