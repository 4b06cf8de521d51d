"""What moderators said, for training: verdicts in force with what was known when they were given."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from service.storage.history import undone
from service.storage.tables import articles, comments, decisions, policies, verdicts


def judged(db: Connection, since: datetime | None = None) -> Sequence[Any]:
    """Each comment with a verdict in force, by the verdict's time: its text and decision at that revision, and where it stood."""
    query = (
        select(
            *(verdicts.c[name] for name in ("pk", "outcome", "reason_code", "moderator")),
            *(comments.c[name] for name in ("site", "section", "parent_id", "parent_text", "author_id")),
            comments.c.pk.label("comment"),
            comments.c.article.label("article_pk"),
            decisions.c.at.label("scored_at"),
            decisions.c.outcome.label("decided"),
            *(decisions.c[name] for name in ("text", "reasons", "policy_version")),
        )
        .join(comments, comments.c.verdict == verdicts.c.pk)
        .join(decisions, (decisions.c.comment == comments.c.pk) & (decisions.c.revision == verdicts.c.revision))
        .order_by(verdicts.c.at, verdicts.c.pk)
    )
    return db.execute(query if since is None else query.where(verdicts.c.at >= since)).all()


def read_under(db: Connection) -> Sequence[Row[Any]]:
    """The articles whose comments have a verdict in force; each once, since its text is longer than all of theirs."""
    return db.execute(select(articles).where(articles.c.pk.in_(select(comments.c.article).where(comments.c.verdict.is_not(None))))).all()


def of_articles(db: Connection) -> Sequence[Any]:
    """Each verdict in force on an article's comment, by its time: the comment, the article, the outcome and the time."""
    told = (verdicts.c.comment, comments.c.article, verdicts.c.outcome, verdicts.c.at)
    query = select(*told).join(comments, comments.c.verdict == verdicts.c.pk).where(comments.c.article.is_not(None))
    return db.execute(query.order_by(verdicts.c.at, verdicts.c.pk)).all()


def began(db: Connection) -> dict[int, datetime]:
    """When the first comment came, by article."""
    first = select(comments.c.article, func.min(comments.c.received_at).label("at")).where(comments.c.article.is_not(None))
    return {row.article: row.at for row in db.execute(first.group_by(comments.c.article))}


def disagreed(db: Connection, most: int) -> Sequence[Any]:
    """Verdicts that another moderator corrected to the opposite, and did not take that back, newest first."""
    first, then = verdicts, verdicts.alias()
    columns = (first.c.moderator.label("first"), first.c.outcome.label("said"), then.c.moderator.label("second"), then.c.outcome, then.c.at)
    query = (
        select(*columns, decisions.c.text)
        .join(then, then.c.about == first.c.pk)
        .join(decisions, (decisions.c.comment == first.c.comment) & (decisions.c.revision == first.c.revision))
        .where(then.c.action == "correction", ~undone(then), first.c.moderator != then.c.moderator, first.c.outcome != then.c.outcome)
    )
    return db.execute(query.order_by(then.c.pk.desc()).limit(most)).all()


def policy_texts(db: Connection) -> dict[str, str]:
    """The house rules by version, as they were in force."""
    return {row.version: row.text for row in db.execute(select(policies.c.version, policies.c.text))}


def decided(db: Connection) -> dict[str, int]:
    """How many comments stand where, and how many wait."""
    return {
        row.outcome: row.number for row in db.execute(select(comments.c.outcome, func.count().label("number")).group_by(comments.c.outcome))
    }
