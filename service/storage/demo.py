"""A past for the demonstration, which is made in a minute and should look like weeks. Beside it only the tests and the benchmark
of retraining use this, for verdicts of times past."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from service import urgency
from service.storage.tables import comments, decisions, queue, queue_lengths, verdicts


def backdate(db: Connection, comment: int, at: datetime, waited: timedelta) -> None:
    """Has a comment have come at this time and, where it was judged, be judged after it waited so long."""
    db.execute(update(comments).where(comments.c.pk == comment).values(received_at=at))
    db.execute(update(decisions).where(decisions.c.comment == comment).values(at=at))
    db.execute(update(verdicts).where(verdicts.c.comment == comment).values(at=at + waited))
    place = db.execute(select(queue).where(queue.c.comment == comment)).one_or_none()
    if place is not None:
        urgent_at = urgency.urgent_at(at, place.risk, audit=place.audit)
        db.execute(update(queue).where(queue.c.comment == comment).values(waiting_since=at, urgent_at=urgent_at))


def remember_lengths(db: Connection, site: str, hours: Sequence[tuple[datetime, int, datetime | None]]) -> None:
    """How long the queue was at each of these hours, and since when its oldest comment waited; in the place of what is known."""
    db.execute(delete(queue_lengths).where(queue_lengths.c.site == site))
    db.execute(insert(queue_lengths), [{"site": site, "hour": hour, "waiting": waiting, "oldest_at": at} for hour, waiting, at in hours])
