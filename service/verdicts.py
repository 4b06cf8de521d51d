"""The story of what moderators do: claim a comment, judge it, take that back, correct it, note something, judge many at once.

Nothing that was said is ever changed: an undo and a correction are further rows. A comment is locked while it is judged, so
that of two moderators at the same moment one decides and the other is told who did.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row

from service import events
from service.domain import MAX_NOTE, Invalid, Moderator, Outcome, Role, Verdict
from service.parts import Parts
from service.storage import comments, history, overview, queue
from service.storage.engine import reading, writing

SAID = {Outcome.APPROVE: "approved", Outcome.REJECT: "rejected", Outcome.HOLD: "held"}


class Unknown(LookupError):
    """No such comment on the moderator's sites."""


class Conflict(Exception):
    """The comment is not as the moderator saw it: a sentence that says who changed it and when. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """What became of many: the comments judged, and for each of the others why not."""

    batch: str
    given: tuple[int, ...]
    refused: tuple[tuple[int, str], ...]


def claim(parts: Parts, moderator: Moderator, comment: int) -> Row[Any] | None:
    """The place in the queue, the moderator's for four minutes; None for a comment that waits no more. Raises Conflict."""
    with writing(parts.engine) as db:
        _visible(moderator, history.lock(db, comment))
        claimed = queue.claim(db, comment, moderator)
        place = queue.find(db, comment)
    if place is not None and not claimed:
        raise Conflict(_claimed(place))
    return place


def release(parts: Parts, moderator: Moderator, comment: int) -> None:
    """Others may have it again."""
    with writing(parts.engine) as db:
        history.lock(db, comment)  # else who is just being told that it is taken would not be told by whom
        queue.release(db, comment, moderator)


def give(
    parts: Parts, moderator: Moderator, comment: int, verdict: Verdict, *, revision: int | None = None, batch: str | None = None
) -> Row[Any]:
    """Judges a waiting comment, as the revision that the moderator read. Raises Conflict."""
    with writing(parts.engine) as db:
        stored = _visible(moderator, history.lock(db, comment))
        place = queue.find(db, comment)
        if place is None:
            raise Conflict(_decided(db, stored))
        _check_claim(place, moderator)
        _check_revision(stored, revision)
        disagrees = stored.outcome not in (Outcome.HOLD, verdict.outcome)  # an audited decision stood meanwhile
        return _judge(db, stored, verdict, "correction" if disagrees else "verdict", batch=batch)


def correct(parts: Parts, moderator: Moderator, comment: int, verdict: Verdict, *, revision: int | None = None) -> Row[Any]:
    """Judges anew what was decided, by the service or by a person. Raises Conflict where that says nothing new."""
    with writing(parts.engine) as db:
        stored = _visible(moderator, history.lock(db, comment))
        if stored.outcome == Outcome.HOLD:
            raise Conflict("This comment still waits for its first verdict.")
        if (place := queue.find(db, comment)) is not None:  # to be audited
            _check_claim(place, moderator)
        _check_revision(stored, revision)
        standing = history.find(db, stored.verdict)
        if stored.outcome == verdict.outcome and (standing is None or standing.reason_code == verdict.reason_code):
            raise Conflict(f"{_decided(db, stored)} Your correction says the same.")
        return _judge(db, stored, verdict, "correction", about=stored.verdict)


def settle(db: Connection, comment: int, verdict: Verdict) -> None:
    """A moderator's word from the CMS's own pages, which so knows it; nothing where the comment stands so already."""
    stored = history.lock(db, comment)
    if stored is not None and stored.outcome != verdict.outcome:
        given = _judge(db, stored, verdict, "verdict" if stored.outcome == Outcome.HOLD else "correction", about=stored.verdict)
        history.set_told(db, given.pk)


def agree(parts: Parts, moderator: Moderator, comment: int) -> Row[Any]:
    """A second opinion that a colleague's verdict is right. Raises Conflict."""
    with writing(parts.engine) as db:
        stored = _visible(moderator, history.lock(db, comment))
        standing = history.find(db, stored.verdict)
        if standing is None or moderator.name in (standing.moderator, *(one.moderator for one in history.agreements(db, standing.pk))):
            raise Conflict("There is no colleague's verdict to agree with, or you did already.")
        opinion = Verdict(
            outcome=Outcome(standing.outcome), moderator=moderator.name, at=datetime.now(UTC), reason_code=standing.reason_code
        )
        return history.add(db, stored, opinion, "agree", about=standing.pk)


def undo(parts: Parts, moderator: Moderator, verdict: int) -> Row[Any]:
    """Puts the comment back to where it stood before a verdict of one's own, until the CMS was told. Raises Conflict."""
    with writing(parts.engine) as db:
        given = history.find(db, verdict)
        stored = _visible(moderator, history.lock(db, given.comment) if given else None)
        given = history.find(db, verdict)  # as it is now that nobody else can tell the CMS of it
        if given is None or given.pk != stored.verdict:
            raise Conflict(f"This verdict is not in force any more. {_decided(db, stored)}")
        if given.moderator != moderator.name and moderator.role is not Role.ADMIN:
            raise Conflict(f"This is {given.moderator}'s verdict. Make a correction instead.")
        if given.told_at is not None:
            raise Conflict(f"The CMS was told at {given.told_at:%H:%M} UTC. Make a correction instead.")
        return _take_back(db, stored, given, moderator)


def undo_of(parts: Parts, moderator: Moderator, comment: int) -> Row[Any]:
    """Undoes the verdict in force on a comment. Raises Conflict."""
    with reading(parts.engine) as db:
        stored = _visible(moderator, history.find_comment(db, comment))
        if stored.verdict is None:
            raise Conflict(f"There is no verdict to undo. {_decided(db, stored)}")
    return undo(parts, moderator, stored.verdict)


def undo_move(parts: Parts, moderator: Moderator, batch: str | None = None) -> list[Row[Any]]:
    """Undoes what can be of all that the moderator said in one move: a bulk or, where none is named, the newest. Raises Conflict."""
    with reading(parts.engine) as db:
        newest = history.to_undo(db, moderator.name, batch)
    if not newest:
        raise Conflict("There is no verdict of yours to undo.")
    undone, refused = [], []
    for given in newest:
        try:
            undone.append(undo(parts, moderator, given.pk))
        except Conflict as conflict:
            refused.append(conflict)
    if not undone:
        raise refused[0]
    return undone


def note(parts: Parts, moderator: Moderator, comment: int, text: str) -> Row[Any]:
    """Adds what colleagues should know."""
    if not text.strip() or len(text) > MAX_NOTE or "\x00" in text:
        raise Invalid("text", f"a text of 1 to {MAX_NOTE:,} characters")
    with writing(parts.engine) as db:
        _visible(moderator, history.lock(db, comment))
        return history.add_note(db, comment, moderator.name, text.strip())


def bulk(parts: Parts, moderator: Moderator, chosen: Mapping[int, int], verdict: Verdict) -> Bulk:
    """The same verdict for many, each by itself and as the revision that was read: what changed meanwhile stays as it is."""
    batch = secrets.token_hex(16)
    given, refused = [], []
    for comment, revision in chosen.items():
        try:
            given.append(give(parts, moderator, comment, verdict, revision=revision, batch=batch))
        except (Conflict, Unknown) as problem:
            refused.append((comment, str(problem)))
    with writing(parts.engine) as db:
        events.many_judged(db, [one.pk for one in given])
    return Bulk(batch, tuple(one.comment for one in given), tuple(refused))


def tell(parts: Parts, comment: Row[Any]) -> Row[Any]:
    """The comment as the CMS is about to learn it. The one place where an answer makes a verdict known."""
    with reading(parts.engine) as db:
        if not history.is_untold(db, comment):
            return comment
    with writing(parts.engine) as db:
        locked = history.lock(db, comment.pk)
        if locked is not None and locked.verdict is not None:
            history.set_told(db, locked.verdict)
        return comments.find(db, comment.site, comment.id) or comment


def _judge(
    db: Connection, stored: Row[Any], verdict: Verdict, action: str, *, about: int | None = None, batch: str | None = None
) -> Row[Any]:
    given = history.add(db, stored, verdict, action, about=about, batch=batch)
    history.put_in_force(db, stored.pk, verdict.outcome, given.pk)
    queue.take_out(db, stored.pk)
    if earlier := history.find(db, about):
        overview.forget(db, earlier.at)
    events.judged(db, stored, given)
    return given


def _take_back(db: Connection, stored: Row[Any], given: Row[Any], moderator: Moderator) -> Row[Any]:
    before = history.find(db, given.about)
    given_on = comments.newest_decision(db, stored)
    decision = comments.decision_from_row(given_on)
    outcome = decision.outcome if before is None else Outcome(before.outcome)
    history.put_in_force(db, stored.pk, outcome, None if before is None else before.pk)
    if before is None:
        queue.put(db, stored, decision, since=given_on.at)
        queue.claim(db, stored.pk, moderator)
    for counted in (given, before, *history.agreements(db, given.pk)):
        if counted is not None:
            overview.forget(db, counted.at)
    undo = history.add_undo(db, given, outcome, moderator.name)
    events.taken_back(db, stored, given, undo)
    return undo


def _visible(moderator: Moderator, stored: Row[Any] | None) -> Row[Any]:
    if stored is None or not moderator.sees(stored.site):
        raise Unknown("There is no such comment on your sites.")
    return stored


def _check_claim(place: Row[Any], moderator: Moderator) -> None:
    if place.claimed_by != moderator.pk and place.claimed_until is not None and place.claimed_until > datetime.now(UTC):
        raise Conflict(_claimed(place))


def _check_revision(stored: Row[Any], revision: int | None) -> None:
    if revision is not None and revision != stored.revision:
        raise Conflict("The author edited this comment while you read it. Read it again.")


def _decided(db: Connection, stored: Row[Any]) -> str:
    standing = history.find(db, stored.verdict)
    if standing is None:
        return f"The comment is {SAID[Outcome(stored.outcome)]} by the service."
    reason = f" ({standing.reason_code.replace('_', ' ')})" if standing.reason_code else ""
    return f"{standing.moderator} {SAID[Outcome(standing.outcome)]} this{reason} at {standing.at:%H:%M} UTC on {standing.at:%-d %B}."


def _claimed(place: Row[Any]) -> str:
    return f"{place.claimant} is reading this, until {place.claimed_until:%H:%M} UTC."
