"""How every table's columns are made, named and asked for. Times are UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, DateTime, Integer, MetaData, true
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone on every database; SQLite, which has none, keeps UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


serial = BigInteger().with_variant(Integer, "sqlite")


def among(site: ColumnElement[str], sites: Sequence[str]) -> ColumnElement[bool]:
    """Of these sites or, where none is named, of all."""
    return site.in_(sites) if sites else true()


def unindexed(db: Connection, column: ColumnElement[str]) -> ColumnElement[str]:
    """The column, without the index by which SQLite would read all of a value and sort that, where a query wants its newest alone.
    PostgreSQL, which has counted, knows better by itself."""
    return column + "" if db.dialect.name == "sqlite" else column
