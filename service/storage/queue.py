"""What waits for a person: put in, claimed, taken out. Every query here is bounded by the queue, not by the comments."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, or_, select, update

from service import urgency
from service.domain import Decision, Moderator, Outcome
from service.storage.account_tables import moderators
from service.storage.columns import among
from service.storage.engine import inserted
from service.storage.tables import queue, queue_lengths, queue_marks

CLAIM = timedelta(minutes=4)
MOST_COUNTED = 1_000


def put(db: Connection, comment: Row[Any], decision: Decision, *, since: datetime | None = None) -> None:
    """Has a comment wait, from now or as long as it did, where its decision asks for a person: it is held, or chosen for an audit. Else
    it waits no more."""
    take_out(db, comment.pk)
    audit = decision.outcome is not Outcome.HOLD
    if audit and all(reason.code != "audit" for reason in decision.reasons):
        return
    _remember_length(db, comment.site)
    since = since or datetime.now(UTC)
    risk = urgency.risk(decision.scores)
    values = {name: getattr(comment, name) for name in ("site", "section", "article", "author_id", "language")}
    values |= {"comment": comment.pk, "audit": audit, "risk": risk, "waiting_since": since}
    db.execute(insert(queue).values(values | {"urgent_at": urgency.urgent_at(since, risk, audit=audit)}))
    if marks := _marks(comment.pk, decision):
        db.execute(insert(queue_marks), marks)


def take_out(db: Connection, comment: int) -> None:
    site = db.execute(select(queue.c.site).where(queue.c.comment == comment)).scalar_one_or_none()
    if site is not None:
        _remember_length(db, site)
        db.execute(delete(queue).where(queue.c.comment == comment))


def find(db: Connection, comment: int) -> Row[Any] | None:
    """The place in the queue of a comment that waits, with the name of whoever claimed it last."""
    return db.execute(_places().where(queue.c.comment == comment)).one_or_none()


def claim(db: Connection, comment: int, moderator: Moderator) -> bool:
    """Takes the comment for four minutes, or for four more; False where somebody else has it or it does not wait."""
    mine = {"claimed_by": moderator.pk, "claimed_until": datetime.now(UTC) + CLAIM}
    return db.execute(update(queue).where(queue.c.comment == comment, free(moderator)).values(mine)).rowcount == 1


def free(moderator: Moderator) -> ColumnElement[bool]:
    """Whether nobody else has claimed a place in the queue."""
    return or_(queue.c.claimed_until.is_(None), queue.c.claimed_until <= datetime.now(UTC), queue.c.claimed_by == moderator.pk)


def release(db: Connection, comment: int, moderator: Moderator) -> None:
    mine = (queue.c.comment == comment) & (queue.c.claimed_by == moderator.pk)
    db.execute(update(queue).where(mine).values(claimed_by=None, claimed_until=None))


def states(db: Connection, moderator: Moderator, comment_pks: Sequence[int]) -> Sequence[Row[Any]]:
    """Of these comments, those that still wait on the moderator's sites, with who has each claimed."""
    return db.execute(_places().where(queue.c.comment.in_(comment_pks), among(queue.c.site, moderator.sites))).all()


def held(db: Connection) -> Sequence[Row[Any]]:
    """For each site with held comments: how many wait, and since when the oldest does."""
    counted = select(queue.c.site, func.count().label("held"), func.min(queue.c.waiting_since).label("oldest"))
    return db.execute(counted.where(~queue.c.audit).group_by(queue.c.site)).all()


def lengths(db: Connection, sites: Sequence[str], since: datetime) -> Sequence[Row[Any]]:
    """The queue's length and its oldest comment by site and hour."""
    query = select(queue_lengths).where(queue_lengths.c.hour >= since, among(queue_lengths.c.site, sites))
    return db.execute(query.order_by(queue_lengths.c.hour)).all()


def current_length(db: Connection, sites: Sequence[str]) -> Row[Any]:
    """How many wait, counted to one above MOST_COUNTED, and since when the oldest does."""
    mine = among(queue.c.site, sites)
    counted = select(queue.c.comment).where(mine).limit(MOST_COUNTED + 1).subquery()
    oldest = select(func.min(queue.c.waiting_since)).where(mine).scalar_subquery()
    return db.execute(select(func.count().label("waiting"), oldest.label("oldest_at")).select_from(counted)).one()


def _places() -> Select[Any]:
    return select(queue, moderators.c.name.label("claimant")).outerjoin(moderators, moderators.c.pk == queue.c.claimed_by)


def _remember_length(db: Connection, site: str) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    known = select(queue_lengths.c.hour).where(queue_lengths.c.site == site, queue_lengths.c.hour == hour)
    if db.execute(known).first() is not None:
        return
    length = select(func.count().label("waiting"), func.min(queue.c.waiting_since).label("oldest_at")).where(queue.c.site == site)
    inserted(db, insert(queue_lengths).values(site=site, hour=hour, **db.execute(length).one()._mapping))


def _marks(comment: int, decision: Decision) -> list[dict[str, Any]]:
    scores, reasons = decision.scores, {reason.code for reason in decision.reasons}
    return [{"comment": comment, "code": code, "reason": code in reasons, "score": scores.get(code)} for code in scores.keys() | reasons]
