"""API keys, stored as hashes, and the signed requests that were seen."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from service.storage.account_tables import keys, signatures
from service.storage.engine import inserted

SIGNATURES_KEPT = timedelta(hours=1)


def add(db: Connection, *, id: str, site: str, name: str, hash: str, signed: bool) -> None:
    db.execute(insert(keys).values(id=id, site=site, name=name, hash=hash, signed=signed, created_at=datetime.now(UTC)))


def exists(db: Connection, id: str) -> bool:
    """Whether there is or was such a key."""
    return db.execute(select(keys.c.id).where(keys.c.id == id)).first() is not None


def find(db: Connection, id: str) -> Row[Any] | None:
    """The key, where it is in force."""
    return db.execute(select(keys).where(keys.c.id == id, keys.c.revoked_at.is_(None))).one_or_none()


def every(db: Connection) -> Sequence[Row[Any]]:
    return db.execute(select(keys).order_by(keys.c.site, keys.c.created_at)).all()


def sites(db: Connection) -> Sequence[str]:
    """Those that somebody may ask for."""
    return db.execute(select(keys.c.site).where(keys.c.revoked_at.is_(None)).distinct()).scalars().all()


def revoke(db: Connection, id: str) -> bool:
    """Whether there was such a key in force."""
    return db.execute(update(keys).where(keys.c.id == id, keys.c.revoked_at.is_(None)).values(revoked_at=datetime.now(UTC))).rowcount == 1


def is_replay(db: Connection, digest: str) -> bool:
    """Whether this signed request was seen before; remembers it where it was not."""
    now = datetime.now(UTC)
    db.execute(delete(signatures).where(signatures.c.seen_at < now - SIGNATURES_KEPT))
    return not inserted(db, insert(signatures).values(digest=digest, seen_at=now))
