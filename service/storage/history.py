"""What moderators said of comments: verdicts and notes, only ever added."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, exists, func, insert, select, update

from service.domain import Outcome, Verdict
from service.storage.columns import among, unindexed
from service.storage.tables import articles, comments, notes, verdicts


def find_comment(db: Connection, comment: int) -> Row[Any] | None:
    return db.execute(select(comments).where(comments.c.pk == comment)).one_or_none()


def lock(db: Connection, comment: int) -> Row[Any] | None:
    """The comment, which nobody else judges until this transaction ends."""
    return db.execute(select(comments).where(comments.c.pk == comment).with_for_update()).one_or_none()


def add(
    db: Connection, comment: Row[Any], verdict: Verdict, action: str, *, about: int | None = None, batch: str | None = None
) -> Row[Any]:
    """One more row of the comment's history."""
    values = {
        "revision": comment.revision,
        "action": action,
        "about": about,
        "outcome": verdict.outcome,
        "reason_code": verdict.reason_code,
        "moderator": verdict.moderator,
        "explanation": verdict.explanation,
        "batch": batch,
    }
    return _add(db, comment.pk, verdict.at, values)


def add_undo(db: Connection, undone: Row[Any], back_to: Outcome, moderator: str) -> Row[Any]:
    values = {"revision": undone.revision, "action": "undo", "about": undone.pk, "explanation": ""}
    return _add(db, undone.comment, datetime.now(UTC), values | {"outcome": back_to, "moderator": moderator})


def put_in_force(db: Connection, comment: int, outcome: Outcome, verdict: int | None) -> None:
    """Where the comment stands from now on, and by which verdict."""
    db.execute(update(comments).where(comments.c.pk == comment).values(outcome=outcome, verdict=verdict))


def set_told(db: Connection, verdict: int) -> None:
    """Remembers that the CMS was told of this verdict, in force or not: from now on it cannot be undone, only corrected."""
    db.execute(update(verdicts).where(verdicts.c.pk == verdict, verdicts.c.told_at.is_(None)).values(told_at=datetime.now(UTC)))


def is_untold(db: Connection, comment: Row[Any]) -> bool:
    verdict = find(db, comment.verdict)
    return verdict is not None and verdict.told_at is None


def find(db: Connection, verdict: int | None) -> Row[Any] | None:
    return None if verdict is None else db.execute(select(verdicts).where(verdicts.c.pk == verdict)).one_or_none()


def verdicts_of(db: Connection, comment: int) -> Sequence[Row[Any]]:
    """Newest first."""
    return db.execute(select(verdicts).where(verdicts.c.comment == comment).order_by(verdicts.c.pk.desc())).all()


def agreements(db: Connection, verdict: int) -> Sequence[Row[Any]]:
    """By which colleagues agreed with the verdict."""
    return db.execute(select(verdicts).where(verdicts.c.about == verdict, verdicts.c.action == "agree")).all()


def undone(given: FromClause) -> ColumnElement[bool]:
    """Whether a verdict was taken back."""
    undo = verdicts.alias()
    return exists().where(undo.c.about == given.c.pk, undo.c.action == "undo")


def to_undo(db: Connection, moderator: str, batch: str | None) -> Sequence[Row[Any]]:
    """The verdicts that the moderator gave in a bulk or, where none is named, the newest, with the others of its bulk."""
    mine = select(verdicts).where(verdicts.c.moderator == moderator, verdicts.c.action.in_(("verdict", "correction")), ~undone(verdicts))
    if batch is None:
        newest = db.execute(mine.order_by(verdicts.c.pk.desc()).limit(1)).one_or_none()
        if newest is None or newest.batch is None:
            return [] if newest is None else [newest]
        batch = newest.batch
    return db.execute(mine.where(verdicts.c.batch == batch).order_by(verdicts.c.pk)).all()


def recent(db: Connection, *, moderator: str | None, sites: Sequence[str], before: int | None, most: int) -> Sequence[Row[Any]]:
    """What was said lately, newest first, with the comments: by one moderator or, on some sites, by all."""
    told = select(
        verdicts,
        comments.c.text,
        comments.c.verdict.label("in_force"),
        articles.c.title.label("article_title"),
    )
    query = told.join(comments, comments.c.pk == verdicts.c.comment).outerjoin(articles, articles.c.pk == comments.c.article)
    query = query.where(among(unindexed(db, comments.c.site), sites))
    if moderator is not None:
        query = query.where(verdicts.c.moderator == moderator)
    if before is not None:
        query = query.where(verdicts.c.pk < before)
    return db.execute(query.order_by(verdicts.c.pk.desc()).limit(most)).all()


def add_note(db: Connection, comment: int, moderator: str, text: str) -> Row[Any]:
    values = {"comment": comment, "moderator": moderator, "text": text, "at": datetime.now(UTC)}
    return db.execute(insert(notes).values(values).returning(notes)).one()


def notes_of(db: Connection, comment_pks: Iterable[int]) -> dict[int, list[Row[Any]]]:
    """By comment, oldest first; without those that have none."""
    found: dict[int, list[Row[Any]]] = {}
    for note in db.execute(select(notes).where(notes.c.comment.in_(list(comment_pks))).order_by(notes.c.pk)):
        found.setdefault(note.comment, []).append(note)
    return found


def _add(db: Connection, comment: int, at: datetime, values: dict[str, Any]) -> Row[Any]:
    """Not before the others, by a clock that may be behind the one that an earlier row's time is from."""
    newest = db.execute(select(func.max(verdicts.c.at)).where(verdicts.c.comment == comment)).scalar_one()
    added = values | {"comment": comment, "at": at if newest is None else max(at, newest)}
    return db.execute(insert(verdicts).values(added).returning(verdicts)).one()
