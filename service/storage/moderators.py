"""The people who judge comments: their names, hashes, failed sign-ins and sessions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from service.domain import Moderator, Role
from service.storage.account_tables import moderators, sessions


def add(db: Connection, *, name: str, role: Role, sites: Sequence[str], password_hash: str | None, oidc_subject: str | None) -> int:
    """Raises IntegrityError where the name or the subject is taken."""
    values = {"name": name, "role": role, "sites": list(sites), "password_hash": password_hash, "oidc_subject": oidc_subject}
    fresh = {"active": True, "failures": 0, "created_at": datetime.now(UTC)}
    return int(db.execute(insert(moderators).values(values | fresh).returning(moderators.c.pk)).scalar_one())


def named(db: Connection, name: str) -> Row[Any] | None:
    return db.execute(select(moderators).where(moderators.c.name == name, moderators.c.active)).one_or_none()


def by_pk(db: Connection, pk: int) -> Row[Any] | None:
    return db.execute(select(moderators).where(moderators.c.pk == pk, moderators.c.active)).one_or_none()


def every(db: Connection) -> Sequence[Row[Any]]:
    return db.execute(select(moderators).order_by(moderators.c.name)).all()


def hold(db: Connection, pk: int) -> Row[Any] | None:
    """An active moderator, whom nobody else changes until the commit."""
    return db.execute(select(moderators).where(moderators.c.pk == pk, moderators.c.active).with_for_update()).one_or_none()


def hold_by_subject(db: Connection, subject: str) -> Row[Any] | None:
    """The same, by an identity provider's name for them."""
    named = (moderators.c.oidc_subject == subject) & moderators.c.active
    return db.execute(select(moderators).where(named).with_for_update()).one_or_none()


def forget_failures(db: Connection, pk: int, *, locked_until: datetime | None) -> None:
    db.execute(update(moderators).where(moderators.c.pk == pk).values(failures=0, locked_until=locked_until))


def count_failure(db: Connection, pk: int, *, most: int, locked_until: datetime) -> None:
    """One more failed sign-in; each time that it makes `most`, the name is locked and the count begins anew."""
    counted = update(moderators).where(moderators.c.pk == pk).values(failures=moderators.c.failures + 1)
    if db.execute(counted.returning(moderators.c.failures)).scalar_one() >= most:
        forget_failures(db, pk, locked_until=locked_until)


def set_values(db: Connection, name: str, **values: Any) -> bool:
    """Whether there is a moderator of this name."""
    return db.execute(update(moderators).where(moderators.c.name == name).values(**values)).rowcount == 1


def begin_session(db: Connection, pk: int, id: str, *, at: datetime, none_before: datetime) -> None:
    """Forgets those that have grown too old as well."""
    db.execute(delete(sessions).where(sessions.c.began_at < none_before))
    db.execute(insert(sessions).values(id=id, moderator=pk, began_at=at))


def in_session(db: Connection, id: str, *, none_before: datetime) -> Row[Any] | None:
    going_on = (sessions.c.id == id) & (sessions.c.began_at >= none_before) & moderators.c.active
    return db.execute(select(moderators).join(sessions).where(going_on)).one_or_none()


def end_session(db: Connection, id: str) -> None:
    db.execute(delete(sessions).where(sessions.c.id == id))


def end_sessions(db: Connection, name: str) -> None:
    """All of a moderator's."""
    db.execute(delete(sessions).where(sessions.c.moderator.in_(select(moderators.c.pk).where(moderators.c.name == name))))


def from_row(row: Row[Any]) -> Moderator:
    return Moderator(pk=row.pk, name=row.name, role=Role(row.role), sites=tuple(row.sites))
