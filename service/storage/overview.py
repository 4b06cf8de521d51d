"""What happened, by day. A day that is settled is counted once and kept; those after it are counted at each look, through an index."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, exists, func, insert, select, text

from service.storage.engine import inserted
from service.storage.history import undone
from service.storage.tables import comments, daily, decisions, verdicts

COUNTED = "counted"  # the measure that says that a day is finished


class Count(NamedTuple):
    """A row of `daily`, so many times `outcome` on a day: of `decided`, by `reason`, of an `audit`ed decision, by a moderator, of a
    `second` look."""

    day: date
    site: str
    measure: str
    key: str
    outcome: str
    number: int


def unfinished(db: Connection, first: date, end: date) -> list[date]:
    """The days from the first to before the end that were not counted yet."""
    done = set(db.execute(select(daily.c.day).where(daily.c.measure == COUNTED, daily.c.day >= first)).scalars())
    return [day for day in _days(first, end) if day not in done]


def finish(db: Connection, day: date) -> None:
    """Counts a day, unless another worker was first. Who has it counted anew meanwhile waits: these counts could not be forgotten yet."""
    if db.dialect.name == "postgresql":  # SQLite lets one write at a time
        db.execute(text("LOCK TABLE daily IN SHARE ROW EXCLUSIVE MODE"))
    if not unfinished(db, day, day + timedelta(days=1)):
        return
    rows = [*_count(db, day), Count(day, "", COUNTED, "", "", 0)]
    inserted(db, insert(daily), [dict(zip(daily.c.keys(), row, strict=True)) for row in rows])


def forget(db: Connection, at: datetime) -> None:
    """Has the day of a verdict that was undone or corrected counted anew."""
    db.execute(delete(daily).where(daily.c.day == at.date()))


def counts(db: Connection, sites: Sequence[str], first: date, settled: date, today: date) -> list[Count]:
    """Every count from the first day to today, of these sites or, where none is named, of all; each day before the settled one was
    finished."""
    finished = select(daily).where(daily.c.day >= first, daily.c.day < settled)
    found = [Count(*row) for row in db.execute(finished)]
    for day in _days(settled, today + timedelta(days=1)):
        found += _count(db, day)
    return [row for row in found if not sites or row.site in sites]


def _days(first: date, end: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((end - first).days)]


def _count(db: Connection, day: date) -> list[Count]:
    begin = datetime.combine(day, time(), UTC)
    end = begin + timedelta(days=1)
    decided = (
        select(comments.c.site, decisions.c.outcome, func.count())
        .join(comments, comments.c.pk == decisions.c.comment)
        .where(decisions.c.at >= begin, decisions.c.at < end)
        .group_by(comments.c.site, decisions.c.outcome)
    )
    found: Counter[tuple[str, str, str, str]] = Counter()
    for site, outcome, number in db.execute(decided):
        found[site, "decided", "", outcome] += number
    for said in db.execute(_said(begin, end)):
        found.update((said.site, *one) for one in _measures(said))
    return [Count(day, *key, number) for key, number in found.items()]


def _said(begin: datetime, end: datetime) -> Any:
    """The verdicts of a time that were not undone, and the opinions on such, with what the service had decided."""
    later, earlier = verdicts.alias(), verdicts.alias()
    corrected = exists().where(later.c.about == verdicts.c.pk, later.c.action == "correction", ~undone(later))
    decision = (decisions.c.comment == verdicts.c.comment) & (decisions.c.revision == verdicts.c.revision)
    return (
        select(
            *(verdicts.c[name] for name in ("action", "outcome", "moderator")),
            comments.c.site,
            decisions.c.reasons,
            decisions.c.outcome.label("decided"),
            corrected.label("corrected"),
            earlier.c.moderator.label("earlier_moderator"),
        )
        .join(comments, comments.c.pk == verdicts.c.comment)
        .join(decisions, decision)
        .outerjoin(earlier, earlier.c.pk == verdicts.c.about)
        .where(verdicts.c.at >= begin, verdicts.c.at < end)
        .where(~undone(verdicts), ~undone(earlier))
    )


def _measures(said: Any) -> list[tuple[str, str, str]]:
    if said.action == "agree":
        return [("second", said.earlier_moderator, "agreed")]
    found = [("verdict", said.moderator, said.outcome)]
    if said.earlier_moderator not in (None, said.moderator):
        found.append(("second", said.earlier_moderator, "corrected"))
    if not said.corrected:
        codes = {reason["code"] for reason in said.reasons}
        found += [("reason", code, said.outcome) for code in codes - {"audit"}]
        found += [("audit", said.decided, said.outcome)] if "audit" in codes else []
    return found
