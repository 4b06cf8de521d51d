"""What a model that runs beside the one in force would have decided. It is recorded with the decision, and changes nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from service.domain import Decision
from service.storage.columns import among
from service.storage.tables import articles, comments, decisions, shadow_decisions, verdicts

shadow = shadow_decisions.c


def keep(db: Connection, comment: Row[Any], would: Decision, decision: Decision) -> None:
    """Records what the shadow would have said beside what was said. A policy that only watches is taken at what it would have done."""
    values = {"comment": comment.pk, "revision": comment.revision, "model_version": would.model_version, "scores": dict(would.scores)}
    said = {"outcome": would.shadow or would.outcome, "decided": decision.shadow or decision.outcome, "at": datetime.now(UTC)}
    db.execute(insert(shadow_decisions).values(values | said))


def tally(db: Connection, version: str, sites: Sequence[str], since: datetime) -> Sequence[Row[Any]]:
    """How often each `decided` would have been which `outcome`, and what a moderator said of those since, where one did."""
    said = verdicts.c.outcome.label("verdict")
    query = _of(select(shadow.decided, shadow.outcome, said, func.count().label("number")), version, sites, since)
    return db.execute(query.group_by(shadow.decided, shadow.outcome, said)).all()


def changed(db: Connection, version: str, sites: Sequence[str], since: datetime, most: int) -> Sequence[Row[Any]]:
    """The comments that would have been decided otherwise, newest first, as they were read."""
    columns = (shadow.comment, shadow.decided, shadow.outcome, shadow.at, shadow.scores, comments.c.site)
    told = select(*columns, decisions.c.text, decisions.c.scores.label("scores_in_force"), verdicts.c.outcome.label("verdict"))
    query = _of(told.add_columns(articles.c.title.label("article_title")), version, sites, since)
    query = query.join(decisions, (decisions.c.comment == shadow.comment) & (decisions.c.revision == shadow.revision))
    query = query.outerjoin(articles, articles.c.pk == comments.c.article)
    return db.execute(query.where(shadow.decided != shadow.outcome).order_by(shadow.at.desc()).limit(most)).all()


def _of(query: Any, version: str, sites: Sequence[str], since: datetime) -> Any:
    query = query.select_from(shadow_decisions).join(comments, comments.c.pk == shadow.comment)
    query = query.outerjoin(verdicts, (verdicts.c.pk == comments.c.verdict) & (verdicts.c.revision == shadow.revision))
    return query.where(shadow.model_version == version, shadow.at >= since, among(comments.c.site, sites))
