"""The figures as tables, one for each theme: the card prints them as Markdown, the report as HTML."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from training.scored import SCALE

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """`theme` groups tables of one kind; `note` says what is to be known of the figures, and may be empty."""

    theme: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def held_out_tables(held: Figures) -> list[Table]:
    """An overview of the attributes, then for each its thresholds."""
    rows = [
        [name, f"{row['comments']:,}", f"{row['positives']:,}", number(row["auc"]), number(row["calibration_error"])]
        for name, row in held.items()
    ]
    overview = Table("Attributes", "", ["attribute", "comments", "that carry it", "ROC-AUC", "calibration error"], rows)
    sources = [[source, number(value)] for row in held.values() for source, value in row.get("auc_by_source", {}).items()]
    by_source = _some("`off_topic` by source", "On articles that neither it nor the encoder trained on.", ["source", "ROC-AUC"], sources)
    return [overview, *by_source, *(_thresholds(f"`{name}`", row["thresholds"], row["prevalence"]) for name, row in held.items())]


def measured_tables(tests: Figures) -> list[Table]:
    """A table or two for each theme that was measured; what was not is left out."""
    return [
        table
        for make in (_discrimination, _jigsaw, _hatecheck, _fairness, _perspective, _topicality, _words, _spam)
        for table in make(tests)
    ]


def markdown(tables: Iterable[Table], level: str) -> str:
    """Markdown, with a heading of that level (`###`) before each theme."""
    lines, theme = [], None
    for table in tables:
        if table.theme != theme:
            theme = table.theme
            lines += ["", f"{level} {theme}"]
        lines += ["", *([table.note, ""] if table.note else [])]
        lines += ["| " + " | ".join(table.head) + " |", "|" + "---|" * len(table.head)]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table.rows]
    return "\n".join(lines[1:])


def html_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """An HTML table; every cell is escaped."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return (
        f"<table><tr>{top}</tr>"
        + "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
        + "</table>"
    )


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _thresholds(what: str, rows: Sequence[Figures], prevalence: float) -> Table:
    said = [[str(each["threshold"]), percent(each["precision"]), percent(each["recall"]), f"{each['share']:.2%}"] for each in rows]
    return Table(what, f"At a natural prevalence of {prevalence:.1%}.", ["threshold", "precision", "recall", "share of comments"], said)


_WHAT = {
    "test-jigsaw": "Wikipedia comments",
    "test-surge": "social media posts",
    "test-madlibs": "templates with identity terms",
    "test-hatecheck": "functional tests, by the higher of `toxicity` and `identity_attack`",
}


def _discrimination(tests: Figures) -> list[Table]:
    rows = [
        [name, what, f"{tests[name]['rows']:,}", number(tests[name]["auc"]), number(tests[name].get("profanity_check_auc"))]
        for name, what in _WHAT.items()
        if name in tests
    ]
    note = "ROC-AUC of toxicity: how often a comment that carries it is scored above one that does not; 0.5 is chance."
    return _some("Discrimination", note, ["file", "what", "rows", "ours", "alt-profanity-check"], rows)


def _jigsaw(tests: Figures) -> list[Table]:
    if "test-jigsaw" not in tests:
        return []
    one = tests["test-jigsaw"]
    at = _thresholds("", one["thresholds"], 0.095)
    note = f"`toxicity` on `test-jigsaw`, weighted to a natural prevalence of 9.5%. Calibration error: {number(one['calibration_error'])}."
    return [Table("Calibration and thresholds", note, at.head, at.rows)]


def _hatecheck(tests: Figures) -> list[Table]:
    if "test-hatecheck" not in tests:
        return []
    one = tests["test-hatecheck"]
    note = (
        f"{one['rows']:,} sentences; ROC-AUC {number(one['auc'])}, balanced accuracy at 0.5 {number(one['balanced_accuracy_at_0.5'])}. "
        "Names are HateCheck's own: `_h` is hateful, `_nh` is not."
    )
    rows = [
        [name, "yes" if each["hateful"] else "no", str(each["rows"]), percent(each["accuracy"])]
        for name, each in one["functionalities"].items()
    ]
    return [Table("HateCheck", note, ["functionality", "hateful", "sentences", "accuracy at 0.5"], rows)]


_FAIR = "Fairness"
_AUCS = ("subgroup_auc", "bpsn_auc", "bnsp_auc")
_MOST = 40


def _fairness(tests: Figures) -> list[Table]:
    if "fairness" not in tests:
        return []
    measured = tests["fairness"]
    tables = [_identities(name, tests[name]["auc"], measured) for name in ("test-madlibs", "test-hatecheck") if name in measured]
    return [*tables, _alone(measured["alone"])]


def _identities(name: str, overall: float | None, measured: Figures) -> Table:
    ordered = sorted(measured[name].items(), key=lambda item: 1 if item[1]["subgroup_auc"] is None else item[1]["subgroup_auc"])
    rows = [
        [identity, str(each["rows"]), *(number(each[kind]) for kind in _AUCS), percent(each["false_positive_rate"])]
        for identity, each in ordered
    ]
    note = (
        f"`{name}`, worst first; its overall ROC-AUC is {number(overall)}. Subgroup: among comments that name the identity. BPSN: harmful "
        "ones that do not name it against harmless ones that do. BNSP: the reverse (Borkan et al. 2019). False positives: harmless ones "
        f"that name it and are scored at {measured['threshold']:.2f} or above."
    )
    return Table(_FAIR, note, ["identity", "rows", "subgroup AUC", "BPSN AUC", "BNSP AUC", "false positives"], rows)


def _alone(one: Figures) -> Table:
    """The sentences that would be held or, where none would, the identities with the highest scores."""
    said = (
        f"Of {one['sentences']:,} sentences that name an identity and say nothing of it ('I am a gay woman', 'my Muslim neighbour'), "
        f"{one['sentences_held']:,} would be held."
    )
    if one["held"]:
        worst = sorted(one["held"], key=lambda each: -each["score"])[:_MOST]
        rows = [[each["text"], each["attribute"], number(each["score"]), f"{each['hold']:.2f}"] for each in worst]
        return Table(_FAIR, f"{said} The highest, by attribute:", ["sentence", "attribute", "score", "held from"], rows)
    highest = sorted(one["toxicity"].items(), key=lambda item: -item[1])[:10]
    return Table(_FAIR, f"{said} The highest scores:", ["identity", "toxicity"], [[term, number(score)] for term, score in highest])


def _perspective(tests: Figures) -> list[Table]:
    tables = []
    if "perspective-scores" in tests:
        one = tests["perspective-scores"]
        note = f"Against the TOXICITY that Perspective published for {one['rows']:,} Wikipedia comments in 2018."
        rows = [
            [name, number(each["spearman"]), number(each["mean_distance"]), percent(each["same_side_of_0.8"])]
            for name, each in one["TOXICITY"].items()
        ]
        tables.append(Table(_BESIDE, note, ["", "Spearman", "mean distance", "same side of 0.8"], rows))
        rows = [[name, number(value)] for name, value in one["spearman of our attributes"].items()]
        tables.append(Table(_BESIDE, "Each of our own scores with Perspective's of that name, there.", ["attribute", "Spearman"], rows))
    if "perspective-wiki" in tests:
        one = tests["perspective-wiki"]
        note = f"Against one person's label on each of {one['rows']:,} Wikipedia comments."
        if SCALE in one["auc"]:
            note += " Heads on Perspective's scale were fitted to Perspective's scores of these very comments, though not to the labels."
        tables.append(Table(_BESIDE, note, ["", "ROC-AUC"], [[name, number(value)] for name, value in one["auc"].items()]))
    return tables


_BESIDE = "Beside Perspective"


def _topicality(tests: Figures) -> list[Table]:
    found, shares = tests.get("topicality", {}), ("drawn at 0.5", "own at 0.5")
    rows = [
        [
            source,
            number(each["auc"]),
            *(f"{each[name]:.1%}" for name in shares),
            each["with evidence"],
            number(each.get("spearman with people")),
        ]
        for source, each in found.items()
    ]
    note = (
        "Each comment beside an article drawn by chance against the same beside its own, and the share of each that scores 0.5 or more. "
        "Nothing was trained on these sources."
    )
    return _some("Topicality", note, ["source", "ROC-AUC", *shares, "comments with evidence", "Spearman with people"], rows)


def _words(tests: Figures) -> list[Table]:
    if "toxic-spans" not in tests:
        return []
    one = tests["toxic-spans"]
    note = (
        f"The words named as the reason against those that people marked, on {one['rows']:,} comments of SemEval-2021 task 5 whose marks "
        "were not learnt from."
    )
    return [Table("Words that did it", note, ["figure", "value"], [["mean character F1", number(one["character_f1"])]])]


def _spam(tests: Figures) -> list[Table]:
    rows = [[name, percent(value)] for name, value in tests.get("reader comments, presumed no spam", {}).items()]
    return _some("Spam", "Reader comments under news articles, presumed no spam.", ["scored", "share"], rows)


def _some(theme: str, note: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Table]:
    return [Table(theme, note, head, rows)] if rows else []
