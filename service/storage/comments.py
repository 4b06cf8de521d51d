"""Comments and what was decided of them. A comment holds its newest text; each decision holds the text that it judged."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, and_, case, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from service.domain import Article, Author, Comment, Decision, History, Outcome, Parent, Reason
from service.storage import articles
from service.storage.engine import inserted
from service.storage.tables import articles as articles_table
from service.storage.tables import comments, decisions, policies

MOST_EARLIER = 1_000  # of an author's comments, for a rule


def find(db: Connection, site: str, id: str) -> Row[Any] | None:
    """The comment with its article's id, or None."""
    query = (
        select(comments, articles_table.c.id.label("article_id"))
        .outerjoin(articles_table, articles_table.c.pk == comments.c.article)
        .where(comments.c.site == site, comments.c.id == id)
    )
    return db.execute(query).one_or_none()


def history(db: Connection, comment: Comment, before: Row[Any] | None, *, flood_window: timedelta, repeat_window: timedelta) -> History:
    """What the author did before, this comment apart; `before` is what is stored of it, where this is an edit. Counted to MOST_EARLIER.

    A comment counts when it was written, where the CMS tells that and it had come by then: an archive is no flood. One that was edited
    also repeats a text when it comes to say it."""
    if comment.author is None:
        return History()
    now = datetime.now(UTC)
    at = now if before is not None else min(comment.created_at or now, now)
    written = case((comments.c.created_at < comments.c.received_at, comments.c.created_at), else_=comments.c.received_at)
    by_author = (comments.c.site == comment.site) & (comments.c.author_id == comment.author.id) & (comments.c.id != comment.id)
    same_text = comments.c.text_digest == comment.text_digest
    newest = (decisions.c.comment == comments.c.pk) & (decisions.c.revision == comments.c.revision)
    reworded = (comments.c.revision > 1) & exists().where(newest, decisions.c.at > at - repeat_window, decisions.c.at <= at)

    def count(*conditions: Any) -> ScalarSelect[int]:
        return select(func.count()).select_from(select(1).where(by_author, *conditions).limit(MOST_EARLIER).subquery()).scalar_subquery()

    def within(window: timedelta) -> ColumnElement[bool]:
        return and_(comments.c.received_at > at - window, written > at - window, written <= at)  # the first has an index

    counted = select(
        count(within(flood_window)).label("author_recent"),
        count(comments.c.outcome == Outcome.APPROVE).label("author_approved"),
        count(same_text, or_(within(repeat_window), reworded)).label("same_text"),
    )
    return History(**db.execute(counted).one()._mapping)


def keep(db: Connection, comment: Comment, decision: Decision, stored: Row[Any] | None) -> Row[Any] | None:
    """Stores a comment, or the new text of one that is stored, with its decision; None where somebody else did meanwhile."""
    revision = 1 if stored is None else stored.revision + 1
    values = _values(db, comment, decision) | {"revision": revision}
    if stored is None:
        try:
            with db.begin_nested():
                values |= {"site": comment.site, "id": comment.id, "received_at": datetime.now(UTC)}
                pk = db.execute(insert(comments).values(values).returning(comments.c.pk)).scalar_one()
        except IntegrityError:
            return None
    else:
        pk = stored.pk
        unchanged = (comments.c.pk == pk) & (comments.c.revision == stored.revision)
        if not db.execute(update(comments).where(unchanged).values(values)).rowcount:
            return None
    _add_decision(db, pk, revision, comment, decision)
    return find(db, comment.site, comment.id)


def from_row(row: Row[Any]) -> Comment:
    """The stored comment; its article by its id alone."""
    return Comment(
        site=row.site,
        id=row.id,
        text=row.text,
        article=None if row.article_id is None else Article(id=row.article_id),
        parent=Parent(id=row.parent_id, text=row.parent_text) if row.parent_id or row.parent_text else None,
        author=None if row.author_id is None else _author(row),
        section=row.section,
        language=row.language,
        created_at=row.created_at,
    )


def newest_decision(db: Connection, comment: Row[Any]) -> Row[Any]:
    mine = (decisions.c.comment == comment.pk) & (decisions.c.revision == comment.revision)
    return db.execute(select(decisions).where(mine)).one()


def decisions_of(db: Connection, comment_pk: int) -> Sequence[Row[Any]]:
    """Newest first."""
    return db.execute(select(decisions).where(decisions.c.comment == comment_pk).order_by(decisions.c.revision.desc())).all()


def decision_from_row(row: Row[Any]) -> Decision:
    reasons = (Reason(**(r | {"outcome": Outcome(r["outcome"]), "words": tuple(r["words"])})) for r in row.reasons)
    return Decision(
        outcome=Outcome(row.outcome),
        reasons=tuple(reasons),
        scores=row.scores,
        model_version=row.model_version,
        policy_version=row.policy_version,
        shadow=None if row.shadow is None else Outcome(row.shadow),
    )


def remember_policy(db: Connection, version: str, text: str) -> None:
    """Keeps the text of a policy, so that a decision can be explained years later."""
    if not db.execute(select(policies.c.version).where(policies.c.version == version)).first():
        inserted(db, insert(policies).values(version=version, text=text, first_used_at=datetime.now(UTC)))


def _values(db: Connection, comment: Comment, decision: Decision) -> dict[str, Any]:
    author = comment.author
    return {
        "text": comment.text,
        "text_digest": comment.text_digest,
        "outcome": decision.outcome,
        "verdict": None,  # a verdict was on the earlier text
        "article": comment.article and articles.keep(db, comment.site, comment.article),
        "parent_id": comment.parent and comment.parent.id,
        "parent_text": comment.parent.text if comment.parent else "",
        "author_id": author and author.id,
        "author_name": author and author.name,
        "author_created_at": author and author.created_at,
        "author_role": author and author.role,
        "section": comment.section,
        "language": comment.language,
        "created_at": comment.created_at,
    }


def _author(row: Row[Any]) -> Author:
    return Author(id=row.author_id, name=row.author_name, created_at=row.author_created_at, role=row.author_role)


def _add_decision(db: Connection, comment_pk: int, revision: int, comment: Comment, decision: Decision) -> None:
    values = asdict(decision) | {"comment": comment_pk, "revision": revision, "text": comment.text, "at": datetime.now(UTC)}
    db.execute(insert(decisions).values(values | {"reasons": [asdict(r) for r in decision.reasons], "scores": dict(decision.scores)}))
