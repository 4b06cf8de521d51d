"""What the sites' CMSs are still to be told, and the log of what they were told.

Within one comment and one endpoint the order is that of `pk`: whoever adds a row holds the comment's row until the commit.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, insert, select, update

from service.storage.account_tables import endpoints
from service.storage.columns import among, unindexed
from service.storage.endpoints import IS_THERE
from service.storage.tables import attempts, comments, deliveries

STATES = WAITING, DELIVERED, DEAD, WITHDRAWN = "waiting", "delivered", "dead", "withdrawn"


def add(db: Connection, endpoint: str, comment: int, event: str, body: str, *, due_at: datetime, verdict: int | None = None) -> None:
    """Puts one message to one endpoint into the outbox; its id stays the same over all attempts."""
    values = {"id": f"msg_{secrets.token_hex(16)}", "endpoint": endpoint, "comment": comment, "event": event, "body": body}
    values |= {"verdict": verdict, "state": WAITING, "attempts": 0, "due_at": due_at, "created_at": datetime.now(UTC)}
    db.execute(insert(deliveries).values(values))


def set_due(db: Connection, verdicts: Sequence[int], due_at: datetime) -> None:
    """Sets the time of what was never attempted of these verdicts."""
    db.execute(update(deliveries).where(deliveries.c.verdict.in_(verdicts), _untried()).values(due_at=due_at))


def withdraw(db: Connection, verdict: int) -> set[str]:
    """Takes back what was never attempted of a verdict; the endpoints that will never hear of it."""
    mine = (deliveries.c.verdict == verdict) & _untried()
    return set(db.execute(update(deliveries).where(mine).values(state=WITHDRAWN).returning(deliveries.c.endpoint)).scalars())


def withdraw_from(db: Connection, endpoint: str) -> int:
    """Takes back all that an endpoint was still to be told, and what was given up; how many."""
    unsent = (deliveries.c.endpoint == endpoint) & deliveries.c.state.in_((WAITING, DEAD))
    return db.execute(update(deliveries).where(unsent).values(state=WITHDRAWN)).rowcount


def is_due(db: Connection, endpoint: str, now: datetime) -> bool:
    return db.execute(_due(endpoint, now)).first() is not None


def take(db: Connection, endpoint: str, now: datetime, until: datetime) -> Row[Any] | None:
    """The endpoint's next message, counted as attempted; nobody else takes it before `until`. `attempts` is then its number."""
    pk = db.execute(_due(endpoint, now).with_for_update(skip_locked=True, of=deliveries)).scalar_one_or_none()
    if pk is None:
        return None
    taken = update(deliveries).where(deliveries.c.pk == pk).values(attempts=deliveries.c.attempts + 1, due_at=until)
    return db.execute(taken.returning(deliveries)).one()


def log(db: Connection, delivery: int, *, at: datetime, status: int | None, problem: str, milliseconds: int) -> None:
    db.execute(insert(attempts).values(delivery=delivery, at=at, status=status, problem=problem, milliseconds=milliseconds))


def close(db: Connection, taken: Row[Any]) -> None:
    """It arrived. What its comment's earlier messages tell is no longer so: those that were given up, or are being replayed, end."""
    db.execute(update(deliveries).where(deliveries.c.pk == taken.pk).values(state=DELIVERED))
    earlier = (deliveries.c.comment == taken.comment) & (deliveries.c.endpoint == taken.endpoint) & (deliveries.c.pk < taken.pk)
    db.execute(update(deliveries).where(earlier, deliveries.c.state.in_((WAITING, DEAD))).values(state=WITHDRAWN))


def postpone(db: Connection, taken: Row[Any], due_at: datetime | None) -> None:
    """Tries it again at a time, or never; unless somebody else took it since."""
    still_mine = (deliveries.c.pk == taken.pk) & (deliveries.c.attempts == taken.attempts) & (deliveries.c.state == WAITING)
    values = {"state": DEAD} if due_at is None else {"due_at": due_at}
    db.execute(update(deliveries).where(still_mine).values(values))


def hasten(db: Connection, endpoint: str, *, later_than: datetime) -> None:
    """Tries again now what failed and would wait longer; a verdict that may yet be undone stays where it is."""
    failed = (deliveries.c.endpoint == endpoint) & (deliveries.c.state == WAITING) & (deliveries.c.attempts > 0)
    db.execute(update(deliveries).where(failed, deliveries.c.due_at > later_than).values(due_at=datetime.now(UTC)))


def replay(db: Connection, *, id: str | None = None, endpoint: str | None = None) -> int:
    """Sends one message again or, where none is named, all to an endpoint that were given up: under their old ids, from the start of the
    schedule; how many. None that a later one about its comment has replaced: the CMS would go back to where the comment stood."""
    wanted = deliveries.c.id == id if id is not None else (deliveries.c.endpoint == endpoint) & (deliveries.c.state == DEAD)
    receivable = (deliveries.c.state != WITHDRAWN) & deliveries.c.endpoint.in_(select(endpoints.c.id).where(IS_THERE))
    fresh = {"state": WAITING, "attempts": 0, "due_at": datetime.now(UTC)}
    return db.execute(update(deliveries).where(wanted, receivable, ~_replaced()).values(fresh)).rowcount


def listing(
    db: Connection,
    *,
    sites: Sequence[str] = (),
    id: str | None = None,
    endpoint: str | None = None,
    state: str | None = None,
    comment: int | None = None,
    before: int | None = None,
    most: int = 50,
) -> Sequence[Row[Any]]:
    """Messages with their last attempt, newest first: of some sites, where any are named, else of all."""
    last = select(func.max(attempts.c.pk)).where(attempts.c.delivery == deliveries.c.pk).correlate(deliveries).scalar_subquery()
    query = (
        select(
            deliveries,
            comments.c.id.label("comment_id"),
            endpoints.c.site,
            endpoints.c.url,
            endpoints.c.deleted_at,
            attempts.c.at.label("tried_at"),
            attempts.c.status,
            attempts.c.problem,
            _replaced().label("replaced"),
        )
        .join(comments, comments.c.pk == deliveries.c.comment)
        .join(endpoints, endpoints.c.id == deliveries.c.endpoint)
        .outerjoin(attempts, attempts.c.pk == last)
    )
    wanted = ((deliveries.c.id, id), (deliveries.c.endpoint, endpoint), (deliveries.c.state, state), (deliveries.c.comment, comment))
    theirs = among(unindexed(db, endpoints.c.site), sites)
    query = query.where(theirs, *(column == value for column, value in wanted if value is not None))
    if before is not None:
        query = query.where(deliveries.c.pk < before)
    return db.execute(query.order_by(deliveries.c.pk.desc()).limit(most)).all()


def last_attempts(db: Connection) -> dict[str, Row[Any]]:
    """What came of the newest attempt at each endpoint that was tried."""
    newest = select(func.max(attempts.c.pk)).join(deliveries).group_by(deliveries.c.endpoint)
    query = select(deliveries.c.endpoint, attempts.c.status, attempts.c.problem).join(deliveries).where(attempts.c.pk.in_(newest))
    rows: Sequence[Any] = db.execute(query).all()
    return {row.endpoint: row for row in rows}


def unsent(db: Connection) -> Sequence[Row[Any]]:
    """For each site and state that is not final, how many messages there are, and since when there is the oldest."""
    counted = (func.count().label("messages"), func.min(deliveries.c.created_at).label("oldest"))
    there = deliveries.c.endpoint.in_(select(endpoints.c.id).where(IS_THERE))  # so that SQLite takes the index that has the state too
    query = select(endpoints.c.site, deliveries.c.state, *counted).join(endpoints).where(there, deliveries.c.state.in_((WAITING, DEAD)))
    return db.execute(query.group_by(endpoints.c.site, deliveries.c.state)).all()


def _untried() -> ColumnElement[bool]:
    """Whether a message was never attempted, nor before a replay."""
    tried = exists().where(attempts.c.delivery == deliveries.c.pk)
    return (deliveries.c.state == WAITING) & (deliveries.c.attempts == 0) & ~tried


def _replaced() -> ColumnElement[bool]:
    """Whether a later message about the same comment has arrived."""
    later = deliveries.alias()
    about_the_same = (later.c.comment == deliveries.c.comment) & (later.c.endpoint == deliveries.c.endpoint)
    return exists().where(about_the_same, later.c.pk > deliveries.c.pk, later.c.state == DELIVERED)


def _due(endpoint: str, now: datetime) -> Any:
    """The next message of an endpoint; one of a comment waits for those before it, unless they were given up.

    Written so that PostgreSQL, which takes the waiting ones for few, finds it at once in a long backlog too: those before it by their
    comment, which no index has with a state that it is not in; and the first by `due_at` alone, as the index has them."""
    earlier = deliveries.alias()
    blocked = exists().where(
        earlier.c.comment == deliveries.c.comment,
        earlier.c.endpoint == deliveries.c.endpoint,
        earlier.c.pk < deliveries.c.pk,
        earlier.c.state.not_in((DELIVERED, DEAD, WITHDRAWN)),
    )
    waiting = (deliveries.c.endpoint == endpoint) & (deliveries.c.state == WAITING) & (deliveries.c.due_at <= now)
    return select(deliveries.c.pk).where(waiting, ~blocked).order_by(deliveries.c.due_at).limit(1)
