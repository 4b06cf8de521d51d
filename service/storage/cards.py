"""The queue as a moderator sees it: a page of waiting comments, with all that a card shows."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, literal, select, tuple_

from service.domain import Invalid, Moderator, Outcome
from service.storage.account_tables import moderators
from service.storage.columns import among
from service.storage.queue import MOST_COUNTED, free
from service.storage.tables import articles, comments, decisions, queue, queue_marks

EXCERPT = 280
FACET_SAMPLE = 400
MOST_OF_FACET = 30
MOST_RECORD = 100
CURSOR = r"^[0-9]{1,16}(\.[0-9]{1,1100})?_[0-9]{1,18}$"
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

ORDERS = {
    "urgent": (queue.c.urgent_at, False),
    "oldest": (queue.c.waiting_since, False),
    "newest": (queue.c.waiting_since, True),
    "score": (queue.c.risk, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which waiting comments, and in which order. What is None does not count."""

    site: str | None = None
    section: str | None = None
    article: int | None = None
    article_id: str | None = None
    reason: str | None = None
    attribute: str | None = None
    low: float | None = None
    high: float | None = None
    author: str | None = None
    language: str | None = None
    text: str | None = None
    audit: bool | None = None
    order: str = "urgent"


def page(db: Connection, moderator: Moderator, wanted: Filter, *, after: str | None, most: int) -> tuple[Sequence[Row[Any]], str | None]:
    """The next waiting comments that nobody else has claimed, from a cursor on, and the cursor of the next page, None on the last one.

    They are found first, so that what a card shows is looked up for them alone.
    """
    column, descending = ORDERS[wanted.order]
    query = select(queue.c.comment).where(*_conditions(moderator, wanted), free(moderator))
    if after is not None:
        start = tuple_(*_read_cursor(after, column))
        here = tuple_(column, queue.c.comment)
        query = query.where(here < start if descending else here > start)
    order = (column.desc(), queue.c.comment.desc()) if descending else (column, queue.c.comment)
    found = db.execute(query.order_by(*order).limit(most + 1)).scalars().all()
    rows = db.execute(_cards().where(queue.c.comment.in_(found[:most])).order_by(*order)).all()
    return rows, _cursor(rows[-1], column.name) if rows and len(found) > most else None


def one(db: Connection, comment: int) -> Row[Any] | None:
    """The card of any comment, waiting or not."""
    return db.execute(_cards(waiting=False).where(comments.c.pk == comment)).one_or_none()


def count(db: Connection, moderator: Moderator, wanted: Filter, *, taken: bool = False) -> int:
    """Counted to one above MOST_COUNTED; `taken` counts those alone that somebody else has claimed."""
    whose = [~free(moderator)] if taken else []
    found = select(queue.c.comment).where(*whose, *_conditions(moderator, wanted)).limit(MOST_COUNTED + 1)
    return int(db.execute(select(func.count()).select_from(found.subquery())).scalar_one())


def band(db: Connection, moderator: Moderator, wanted: Filter, *, most: int) -> dict[int, int]:
    """The filter's comments that nobody else has claimed, lowest risk first; each with its revision."""
    waited = (*_conditions(moderator, wanted), free(moderator))
    query = select(comments.c.pk, comments.c.revision).join(queue, queue.c.comment == comments.c.pk).where(*waited)
    return {row.pk: row.revision for row in db.execute(query.order_by(queue.c.risk, queue.c.comment).limit(most))}


def several(db: Connection, comment_pks: Sequence[int]) -> Sequence[Row[Any]]:
    return db.execute(_cards().where(queue.c.comment.in_(comment_pks)).order_by(queue.c.risk, queue.c.comment)).all()


def facets(db: Connection, moderator: Moderator) -> dict[str, list[Any]]:
    """What there is to filter by, in the most urgent part of the queue; the most frequent first."""
    columns = (queue.c.comment, queue.c.site, queue.c.section, queue.c.language, queue.c.article)
    sample = db.execute(select(*columns).where(*_conditions(moderator, Filter())).order_by(queue.c.urgent_at).limit(FACET_SAMPLE)).all()

    def frequent(name: str) -> list[Any]:
        return [value for value, _ in Counter(getattr(row, name) for row in sample).most_common(MOST_OF_FACET) if value is not None]

    by = {name: frequent(name) for name in ("site", "section", "language")}
    titled = select(articles.c.pk, articles.c.title, articles.c.id).where(articles.c.pk.in_(frequent("article")))
    marked = select(queue_marks.c.code).distinct().where(queue_marks.c.comment.in_([row.comment for row in sample]), queue_marks.c.reason)
    return by | {"article": list(db.execute(titled.order_by(articles.c.title))), "reason": sorted(db.execute(marked).scalars())}


def _cards(*, waiting: bool = True) -> Select[Any]:
    base = (
        queue.join(comments, comments.c.pk == queue.c.comment) if waiting else comments.outerjoin(queue, comments.c.pk == queue.c.comment)
    )
    joined = (
        base.join(decisions, (decisions.c.comment == comments.c.pk) & (decisions.c.revision == comments.c.revision))
        .outerjoin(articles, articles.c.pk == comments.c.article)
        .outerjoin(moderators, moderators.c.pk == queue.c.claimed_by)
    )
    shown = (
        "pk",
        "site",
        "id",
        "text",
        "revision",
        "parent_text",
        "author_id",
        "author_name",
        "section",
        "language",
        "received_at",
        "verdict",
    )
    return select(
        *(comments.c[name] for name in shown),
        comments.c.outcome.label("state"),
        *(queue.c[name] for name in ("comment", "audit", "risk", "urgent_at", "waiting_since", "claimed_by", "claimed_until")),
        *(decisions.c[name] for name in ("outcome", "shadow", "reasons", "scores", "model_version", "policy_version")),
        articles.c.pk.label("article"),
        articles.c.id.label("article_id"),
        articles.c.url.label("article_url"),
        articles.c.title.label("article_title"),
        func.substr(articles.c.text, 1, EXCERPT).label("article_text"),
        moderators.c.name.label("claimant"),
        _record(Outcome.APPROVE).label("author_approved"),
        _record(Outcome.REJECT).label("author_rejected"),
    ).select_from(joined)


def _record(outcome: Outcome) -> Any:
    """How many of the author's comments stand so, counted to MOST_RECORD."""
    theirs = comments.alias()
    mine = (theirs.c.site == comments.c.site) & (theirs.c.author_id == comments.c.author_id) & (theirs.c.outcome == outcome)
    counted = select(literal(1)).where(mine).limit(MOST_RECORD).correlate(comments).subquery()
    return select(func.count()).select_from(counted).scalar_subquery()


def _conditions(moderator: Moderator, wanted: Filter) -> list[ColumnElement[bool]]:
    found = [among(queue.c.site, moderator.sites)]
    for column in (queue.c.site, queue.c.section, queue.c.article, queue.c.language, queue.c.audit):
        if (value := getattr(wanted, column.name)) is not None:
            found.append(column == value)
    if wanted.article_id is not None:
        named = select(articles.c.id).where(articles.c.pk == queue.c.article).scalar_subquery()
        found.append(named == wanted.article_id)
    if wanted.author is not None:
        found.append(queue.c.author_id == wanted.author)
    if wanted.reason is not None:
        found.append(exists().where(queue_marks.c.comment == queue.c.comment, queue_marks.c.code == wanted.reason, queue_marks.c.reason))
    if (wanted.attribute, wanted.low, wanted.high) != (None, None, None):
        found.append(_in_band(wanted))
    if wanted.text is not None:
        said = comments.alias()
        # A value and no join: a planner would turn a join round, and read every comment that was ever stored for those that wait.
        text = select(said.c.text).where(said.c.pk == queue.c.comment).scalar_subquery()
        found.append(text.icontains(wanted.text, autoescape=True))
    return found


def _in_band(wanted: Filter) -> ColumnElement[bool]:
    low, high = wanted.low if wanted.low is not None else 0.0, wanted.high if wanted.high is not None else 1.0
    if wanted.attribute is None:
        return queue.c.risk.between(low, high)
    scored = (queue_marks.c.comment == queue.c.comment) & (queue_marks.c.code == wanted.attribute)
    return exists().where(scored, queue_marks.c.score.between(low, high))


def _cursor(row: Row[Any], column: str) -> str:
    """What continues after this card: where it stands in the order, and its key."""
    value = getattr(row, column)
    place = str((value - EPOCH) // MICROSECOND) if isinstance(value, datetime) else f"{Decimal(value):f}"
    return f"{place}_{row.comment}"


def _read_cursor(text: str, column: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if not re.fullmatch(CURSOR, text):
        raise Invalid("after", "the cursor that the previous page gave")
    place, _, comment = text.partition("_")
    value = float(place) if column is queue.c.risk else EPOCH + int(place.partition(".")[0]) * MICROSECOND
    return literal(value, column.type), literal(int(comment), queue.c.comment.type)
