"""Coral's names for stored comments, and the secrets that its requests are signed with.

Coral asks about a comment before it has an id. So a comment is stored under a name of ours, and bound to Coral's once that is told.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select

from service.domain import Outcome
from service.storage.account_tables import coral_secrets
from service.storage.engine import inserted
from service.storage.tables import comments, coral_comments

NAME = "coral-"  # how the id of a comment that Coral asked about begins
SECRETS_IN_FORCE = 2


def names_under(story: str) -> str:
    """How the ids of the comments on a story begin."""
    return f"{NAME}{sha256(story.encode()).hexdigest()[:16]}-"


def find(db: Connection, site: str, coral_id: str) -> Row[Any] | None:
    """The comment that Coral calls so, also where a CMS stored it under that very id; or None."""
    bound = select(coral_comments.c.comment).where(coral_comments.c.site == site, coral_comments.c.id == coral_id)
    meant = or_(comments.c.pk == bound.scalar_subquery(), comments.c.id == coral_id)
    found: Row[Any] | None = db.execute(select(comments).where(comments.c.site == site, meant).limit(1)).one_or_none()
    return found


def find_by_text(db: Connection, site: str, digest: str) -> int | None:
    """The one comment of this text that Coral has not named yet; None where several could be meant."""
    return _only(db, site, comments.c.text_digest == digest)


def find_newest(db: Connection, site: str, story: str, within: timedelta) -> int | None:
    """The one comment on a story that came so recently and that Coral has not named yet; None where several did."""
    since = comments.c.received_at > datetime.now(UTC) - within
    every = comments.c.outcome.in_(list(Outcome))  # so that the index by site, outcome and time serves
    return _only(db, site, every, since, comments.c.id.startswith(names_under(story)))


def find_edited(db: Connection, site: str, author: str, story: str, parent: str | None, within: timedelta) -> str | None:
    """The id of the author's one recent comment there, which is the one that an edit is of; None where several could be meant."""
    since = comments.c.received_at > datetime.now(UTC) - within
    query = select(comments.c.id).where(comments.c.site == site, comments.c.author_id == author, since)
    found = query.where(comments.c.id.startswith(names_under(story)), comments.c.parent_id.is_not_distinct_from(parent)).limit(2)
    ids = db.execute(found).scalars().all()
    return ids[0] if len(ids) == 1 else None


def bind(db: Connection, site: str, coral_id: str, comment: int) -> None:
    """Remembers Coral's id of a comment; the first word on it stands."""
    # Nothing reads `queued`, but without the column a service of an earlier version would bind nothing any more.
    inserted(db, insert(coral_comments).values(site=site, id=coral_id, comment=comment, queued=False))


def add_secret(db: Connection, site: str, use: str, sealed: str) -> None:
    """The newest two are in force, so that the older one still serves while Coral changes over."""
    db.execute(insert(coral_secrets).values(site=site, use=use, sealed=sealed, created_at=datetime.now(UTC)))
    in_force = select(coral_secrets.c.pk).where(coral_secrets.c.site == site, coral_secrets.c.use == use)
    kept = db.execute(in_force.order_by(coral_secrets.c.pk.desc()).limit(SECRETS_IN_FORCE)).scalars().all()
    db.execute(delete(coral_secrets).where(coral_secrets.c.site == site, coral_secrets.c.use == use, coral_secrets.c.pk.not_in(kept)))


def drop_secrets(db: Connection, site: str, use: str) -> None:
    db.execute(delete(coral_secrets).where(coral_secrets.c.site == site, coral_secrets.c.use == use))


def sealed_secrets(db: Connection, site: str, use: str) -> Sequence[str]:
    """Those in force."""
    return db.execute(select(coral_secrets.c.sealed).where(coral_secrets.c.site == site, coral_secrets.c.use == use)).scalars().all()


def _only(db: Connection, site: str, *meant: ColumnElement[bool]) -> int | None:
    query = (
        select(comments.c.pk)
        .outerjoin(coral_comments, coral_comments.c.comment == comments.c.pk)
        .where(comments.c.site == site, comments.c.id.startswith(NAME), coral_comments.c.id.is_(None), *meant)
    )
    found = db.execute(query.limit(2)).scalars().all()
    return found[0] if len(found) == 1 else None
