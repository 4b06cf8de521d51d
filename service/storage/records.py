"""What is known of an article when a comment arrives under it: how the moderators judged the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from service.domain import ArticleRecord, Outcome
from service.storage.tables import articles, comments

MOST = 200  # judged comments of an article that are looked at, the newest ones: what it was like long ago says little
HOUR = timedelta(hours=1)


def find(db: Connection, site: str, article: str, without: int | None = None) -> ArticleRecord:
    """An article's record as it is now, without one comment's own part: two short reads of indexes, however many comments there are."""
    row = db.execute(_query(site, article, without)).one()
    hours = 0.0 if row.began is None else max((datetime.now(UTC) - row.began) / HOUR, 0.0)
    return ArticleRecord(judged=row.judged, rejected=row.rejected, hours=hours)


def _query(site: str, article: str, without: int | None) -> Select[Any]:
    mine = comments.c.article == select(articles.c.pk).where(articles.c.site == site, articles.c.id == article).scalar_subquery()
    judged = select(comments.c.outcome).where(mine, comments.c.verdict.is_not(None))
    if without is not None:
        judged = judged.where(comments.c.pk != without)
    newest = judged.order_by(comments.c.verdict.desc()).limit(MOST).subquery()
    began = select(func.min(comments.c.received_at)).where(mine).scalar_subquery()
    rejected = func.count().filter(newest.c.outcome == Outcome.REJECT)
    return select(func.count().label("judged"), rejected.label("rejected"), began.label("began")).select_from(newest)
