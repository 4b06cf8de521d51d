"""Connections: SQLite in WAL mode or PostgreSQL, one way of reading and one of writing."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import Connection, Engine, Insert, create_engine, event, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_306_002  # any number that nobody else locks
LOCK_SECONDS, STATEMENT_SECONDS = 5, 15
SILENCE = {  # seconds, but for the count: after about ten of them a server that says nothing is gone
    "connect_timeout": 3,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
UNPREPARED = {"prepare_threshold": None}  # a pooler gives each transaction another connection, which knows no statement of the one before


class StorageError(Exception):
    """The database cannot be used: a sentence that says what is wrong and what to do."""


def open_engine(url: str) -> Engine:
    """An engine that connects at first use. A statement's values, which may be a reader's text, stay out of its errors."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 15})
        event.listen(engine, "do_connect", _make_no_file)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = {"pool_pre_ping": True, "pool_size": 5, "connect_args": SILENCE | UNPREPARED}
    engine = create_engine(url, hide_parameters=True, isolation_level="READ COMMITTED", **options)  # a database may have another default
    event.listen(engine, "connect", _set_up_postgresql, insert=True)  # before SQLAlchemy reads a text
    event.listen(engine, "handle_error", _read_only_is_out_of_order, retval=True)
    return engine


def limit_waits(engine: Engine) -> None:
    """Ends what waits too long on a connection of PostgreSQL as an OperationalError, so that it takes no thread for good. For what
    answers requests alone: a migration or a training may take its time."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _set_limits)


def reading(engine: Engine) -> AbstractContextManager[Connection]:
    """A connection for queries alone."""
    return engine.connect()


def writing(engine: Engine) -> AbstractContextManager[Connection]:
    """A transaction, committed to disk at the end of the block, undone where the block raises."""
    return engine.execution_options(writing=True).begin()


def inserted(db: Connection, insert: Insert, rows: Sequence[Mapping[str, Any]] | None = None) -> bool:
    """Adds what may be there already, such as by another worker at the same moment; then False, and the transaction goes on."""
    try:
        with db.begin_nested():
            db.execute(insert, rows)
    except IntegrityError:
        return False
    return True


def migrate(engine: Engine) -> None:
    """Brings the tables to the newest version, making an SQLite file where there is none; does nothing where they are.

    Raises StorageError.
    """
    try:
        if engine.dialect.name == "sqlite" and engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
            Path(engine.url.database).touch(mode=0o600)  # readers' comments are for this user alone
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":  # one at a time, where several machines start together
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError:
        raise StorageError(
            "The database is of another version than this service, most likely a newer one. Start the version that it was last used with."
        ) from None
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(fault(error)) from None


def is_migrated(connection: Connection) -> bool:
    return MigrationContext.configure(connection).get_current_revision() == _newest_version()


@cache
def _newest_version() -> str | None:
    return ScriptDirectory.from_config(_alembic()).get_current_head()


def is_writable(connection: Connection) -> bool:
    """Whether a PostgreSQL takes what is written; a standby does not."""
    return connection.dialect.name != "postgresql" or connection.execute(text("SHOW transaction_read_only")).scalar_one() == "off"


def fault(error: Exception) -> str:
    """What an operator needs to know of a database that cannot be used."""
    cause = type(error).__name__ if isinstance(error, DataError | IntegrityError) else sentence(error).rstrip(".?")  # those may hold a text
    return f"The database of DATABASE_URL cannot be used: {cause}. If it answers, `flask --app service migrate` makes its tables."


def sentence(error: Exception) -> str:
    """The driver's own words for what is wrong, without the lines of detail after them, which may repeat a row."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return said.splitlines()[0] if said else type(error).__name__


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _make_no_file(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
    """A file that was moved away is an error: an empty one in its place would take the log with it that open connections write to."""
    arguments[0] = f"{Path(arguments[0]).as_uri()}?mode=rw"
    options["uri"] = True


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.create_function("lower", 1, lambda value: value and value.lower(), deterministic=True)  # SQLite's own knows ASCII alone
    connection.isolation_level = None  # the driver's own BEGIN would come too late for a write lock
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in ("UTF8", None):  # a pooler may not say
        connection.close()
        raise StorageError(
            f"The database of DATABASE_URL is encoded in {encoding}, which cannot store every text. Create one with ENCODING 'UTF8'"
            " TEMPLATE template0, and restore a pg_dump of the old one into it."
        )
    _set(connection, "SET datestyle = ISO")  # the driver reads times in no other, which a database or a role may have


def _set_limits(connection: Any, _record: Any) -> None:
    _set(connection, f"SET lock_timeout = '{LOCK_SECONDS}s'; SET statement_timeout = '{STATEMENT_SECONDS}s'")


def _set(connection: Any, statement: str) -> None:
    connection.autocommit = True  # in a transaction that is undone it would be too
    connection.execute(statement)
    connection.autocommit = False


def _read_only_is_out_of_order(context: ExceptionContext) -> OperationalError | None:
    """A database that was made a standby cannot be used, as one that does not answer; the next connection may find its successor."""
    error = context.original_exception
    if not isinstance(error, ReadOnlySqlTransaction):
        return None
    context.is_disconnect = True
    return OperationalError(context.statement, None, error, hide_parameters=True)
