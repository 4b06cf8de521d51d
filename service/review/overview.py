"""How it goes: what is decided without a person, how often that is right, and how long readers wait."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from service.auth import moderator
from service.parts import current_parts
from service.review import charts, figures, filters, room
from service.storage import overview, queue
from service.storage.engine import reading, writing

SETTLING = timedelta(hours=1)  # after a day, in which it may still get what is under way, or what a clock that is behind puts into it

Curve = list[tuple[datetime, float]]

blueprint = Blueprint("overview", __name__, url_prefix="/review")
room.furnish(blueprint)


@blueprint.get("/overview")
def page() -> ResponseReturnValue:
    days = filters.days(request.args, 30)
    now = datetime.now(UTC)
    today, first, settled = now.date(), (now - timedelta(days=days - 1)).date(), (now - SETTLING).date()
    parts, sites = current_parts(), moderator().sites
    with reading(parts.engine) as db:
        unfinished = overview.unfinished(db, first, settled)
    for day in unfinished:  # each by itself, so that no comment waits for more than one
        with writing(parts.engine) as db:
            overview.finish(db, day)
    with reading(parts.engine) as db:
        counts = overview.counts(db, sites, first, settled, today)
        lengths = queue.lengths(db, sites, now - timedelta(days=days))
        length = queue.current_length(db, sites)
    waiting, ages = _over_time(lengths, length, now)
    begin = now - timedelta(days=days)
    return render_template(
        "overview.html",
        days=days,
        windows=filters.WINDOWS,
        length=length,
        automatic=figures.automatic(counts),
        approvals=figures.precision(counts, "approve"),
        rejections=figures.precision(counts, "reject"),
        agreement=figures.agreement(counts),
        moderators=figures.moderators(counts),
        decided=charts.days(figures.by_day(counts), first, today),
        waiting=charts.curve(waiting, begin, now, "Comments that waited", ""),
        ages=charts.curve(ages, begin, now, "Age of the oldest, in hours", " hours"),
        overturned=charts.shares(figures.overturned(counts)[:12], "Approved all the same"),
    )


def _over_time(lengths: Sequence[Row[Any]], length: Row[Any], now: datetime) -> tuple[Curve, Curve]:
    """The queue's length, and its oldest comment's age in hours, at each hour for all sites together."""
    waiting: dict[str, int] = {}
    oldest: dict[str, datetime | None] = {}
    long: dict[datetime, float] = {}
    old: dict[datetime, float] = {}
    for row in lengths:
        waiting[row.site], oldest[row.site] = row.waiting, row.oldest_at
        since = min((at for at in oldest.values() if at is not None), default=row.hour)
        long[row.hour] = sum(waiting.values())
        old[row.hour] = max((row.hour - since).total_seconds() / 3_600, 0)
    long[now] = length.waiting
    old[now] = 0 if length.oldest_at is None else max((now - length.oldest_at).total_seconds() / 3_600, 0)
    return list(long.items()), list(old.items())
