"""What a CMS is told: the events, written to the outbox in the transaction of what they tell.

A comment's text is not repeated in them, and what is told is where the comment stands then.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from service.domain import Decision, Reason
from service.storage import endpoints, outbox

EVENTS = DECIDED, VERDICT, CORRECTED = "comment.decided", "comment.verdict", "comment.corrected"
UNDO_WINDOW = timedelta(seconds=10)  # a verdict is told after it, so that a slip of the finger is not
BULK_WINDOW = timedelta(minutes=5)  # the same for one of many, until all are given


def decided(db: Connection, comment: Row[Any], decision: Decision) -> None:
    """Tells of the service's decision on a comment's newest text."""
    told = {
        "decision": decision.outcome,
        "reasons": [_reason(reason) for reason in decision.reasons],
        "scores": dict(decision.scores),
        "model_version": decision.model_version,
        "policy_version": decision.policy_version,
        "shadow_decision": decision.shadow,
    }
    now = datetime.now(UTC)
    _add(db, endpoints.listening(db, comment.site, DECIDED), DECIDED, comment, comment.outcome, told, at=now, due_at=now)


def judged(db: Connection, comment: Row[Any], given: Row[Any]) -> None:
    """Tells of a moderator's verdict or correction, a little later."""
    event, window = _of(given), UNDO_WINDOW if given.batch is None else BULK_WINDOW
    _tell(db, endpoints.listening(db, comment.site, event), event, comment, given, due_at=datetime.now(UTC) + window)


def many_judged(db: Connection, verdicts: Sequence[int]) -> None:
    """Tells of all of them a little after the last one, so that until then they can be undone together."""
    outbox.set_due(db, verdicts, datetime.now(UTC) + UNDO_WINDOW)


def taken_back(db: Connection, comment: Row[Any], undone: Row[Any], undo: Row[Any]) -> None:
    """Withdraws what nobody was sent yet; tells of the undo whom the verdict may have reached."""
    event, unaware = _of(undone), outbox.withdraw(db, undone.pk)
    listening = [endpoint for endpoint in endpoints.listening(db, comment.site, event) if endpoint not in unaware]
    _tell(db, listening, event, comment, undo, due_at=datetime.now(UTC))


def _of(given: Row[Any]) -> str:
    return CORRECTED if given.action == "correction" else VERDICT


def _tell(db: Connection, listening: Iterable[str], event: str, comment: Row[Any], given: Row[Any], *, due_at: datetime) -> None:
    said = {
        "action": given.action,
        "verdict": given.outcome,
        "reason_code": given.reason_code,
        "explanation": given.explanation,
        "moderator": given.moderator,
        "at": _time(given.at),
    }
    _add(db, listening, event, comment, given.outcome, {"verdict": said}, at=given.at, due_at=due_at, verdict=given.pk)


def _add(
    db: Connection,
    listening: Iterable[str],
    event: str,
    comment: Row[Any],
    state: str,
    told: dict[str, Any],
    *,
    at: datetime,
    due_at: datetime,
    verdict: int | None = None,
) -> None:
    about = {"id": comment.id, "site": comment.site, "revision": comment.revision, "state": state}
    body = json.dumps({"type": event, "timestamp": _time(at), "data": {"comment": about} | told}, separators=(",", ":"))
    for endpoint in listening:
        outbox.add(db, endpoint, comment.pk, event, body, due_at=due_at, verdict=verdict)


def _reason(reason: Reason) -> dict[str, Any]:
    """Without the words that did it: they are the reader's."""
    return {name: value for name, value in asdict(reason).items() if name not in ("words", "outcome")} | {"decision": reason.outcome}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
