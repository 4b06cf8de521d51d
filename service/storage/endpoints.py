"""Where a site's CMS wants to be told, and which of the events."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from service.storage.account_tables import endpoints

IS_THERE = endpoints.c.deleted_at.is_(None)


def add(db: Connection, *, site: str, url: str, events: Sequence[str]) -> Row[Any]:
    values = {"id": secrets.token_hex(6), "site": site, "url": url, "events": list(events), "rotation": 0, "failures": 0}
    return db.execute(insert(endpoints).values(values | {"created_at": datetime.now(UTC)}).returning(endpoints)).one()


def find(db: Connection, id: str) -> Row[Any] | None:
    return db.execute(select(endpoints).where(endpoints.c.id == id)).one_or_none()


def every(db: Connection) -> Sequence[Row[Any]]:
    return db.execute(select(endpoints).where(IS_THERE).order_by(endpoints.c.site, endpoints.c.created_at)).all()


def listening(db: Connection, site: str, event: str) -> list[str]:
    """Those of a site that want this event. A disabled one too: what happens meanwhile waits until it is enabled."""
    rows = db.execute(select(endpoints.c.id, endpoints.c.events).where(endpoints.c.site == site, IS_THERE).order_by(endpoints.c.id))
    return [row.id for row in rows if event in row.events]


def awake(db: Connection, now: datetime) -> list[str]:
    """Those that may be called now."""
    rested = or_(endpoints.c.rests_until.is_(None), endpoints.c.rests_until <= now)
    return list(db.execute(select(endpoints.c.id).where(IS_THERE, endpoints.c.disabled_at.is_(None), rested)).scalars())


def rotate(db: Connection, id: str) -> Row[Any] | None:
    """Begins a new secret; the one before it signs too for a while."""
    new = {"rotation": endpoints.c.rotation + 1, "rotated_at": datetime.now(UTC)}
    return db.execute(update(endpoints).where(endpoints.c.id == id, IS_THERE).values(new).returning(endpoints)).one_or_none()


def disable(db: Connection, id: str, because: str) -> bool:
    """Whether there was such an endpoint in force."""
    in_force = (endpoints.c.id == id) & IS_THERE & endpoints.c.disabled_at.is_(None)
    return db.execute(update(endpoints).where(in_force).values(disabled_at=datetime.now(UTC), disabled_because=because)).rowcount == 1


def enable(db: Connection, id: str) -> bool:
    """Whether there is such an endpoint."""
    fresh = {"disabled_at": None, "disabled_because": None, "failures": 0, "rests_until": None}
    return db.execute(update(endpoints).where(endpoints.c.id == id, IS_THERE).values(fresh)).rowcount == 1


def delete(db: Connection, id: str) -> bool:
    """Whether there was such an endpoint, deleted before or not."""
    return db.execute(update(endpoints).where(endpoints.c.id == id).values(deleted_at=datetime.now(UTC))).rowcount == 1


def rest(db: Connection, id: str, until: datetime) -> None:
    """One more failure that is the endpoint's own, not an event's: nothing is sent to it for a while."""
    db.execute(update(endpoints).where(endpoints.c.id == id).values(failures=endpoints.c.failures + 1, rests_until=until))


def recover(db: Connection, id: str) -> None:
    db.execute(update(endpoints).where(endpoints.c.id == id, endpoints.c.failures > 0).values(failures=0, rests_until=None))
