"""What Perspective's clients think right. Only ever added to: of one comment the newest counts."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from service.domain import Suggestion
from service.storage.tables import suggestions


def add(db: Connection, told: Sequence[Suggestion], comment: int | None) -> None:
    """`comment` is the primary key of the stored comment that they are about, where there is one."""
    now = datetime.now(UTC)
    db.execute(insert(suggestions), [asdict(one) | {"comment": comment, "at": now} for one in told])


def newest(db: Connection, site: str | None = None) -> Iterator[Row[Any]]:
    """What was suggested last for each attribute of a text, the newest first; of one site or of all."""
    query = select(suggestions).order_by(suggestions.c.pk.desc())
    seen: set[tuple[str, str, str]] = set()
    for row in db.execute(query if site is None else query.where(suggestions.c.site == site)):
        about = (row.site, row.text, row.attribute)
        if about not in seen:
            seen.add(about)
            yield row
