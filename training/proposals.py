"""The thresholds that evaluation proposes for the policy: the lowest that reach the precision that a hold or a rejection needs."""

from collections.abc import Mapping
from typing import Any

# A hold costs a moderator's look, a rejection costs a reader's comment.
HOLD_PRECISION = 0.80
REJECT_PRECISION = 0.95


def proposals(row: Mapping[str, Any], name: str) -> dict[str, Mapping[str, float] | None]:
    """The rows of the attribute's threshold table that `hold` and `reject` would use; None where no threshold is precise enough."""
    return {
        "hold": _first(row["thresholds"], HOLD_PRECISION),
        # Off-topic alone never rejects: it is too weak for that.
        "reject": None if name == "off_topic" else _first(row["thresholds"], REJECT_PRECISION),
    }


def printed_proposals(held: Mapping[str, Any]) -> str:
    """A Markdown table of the proposals for every attribute."""
    lines = ["| attribute | outcome | threshold | precision | recall | share of comments |", "|---|---|---|---|---|---|"]
    for name, row in held.items():
        for outcome, chosen in proposals(row, name).items():
            if chosen is None:
                lines.append(f"| {name} | {outcome} | none | - | - | - |")
            else:
                figures = f"{chosen['precision']:.1%} | {chosen['recall']:.1%} | {chosen['share']:.2%}"
                lines.append(f"| {name} | {outcome} | {chosen['threshold']} | {figures} |")
    return "\n".join(lines)


def _first(rows: list[Mapping[str, float]], precision: float) -> Mapping[str, float] | None:
    return next((row for row in rows if row["precision"] is not None and row["precision"] >= precision and row["share"] > 0), None)
