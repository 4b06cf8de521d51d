"""The tables. Times are UTC; what is decided or said is only ever added."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
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

keys = Table(
    "keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("site", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("signed", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

signatures = Table(
    "signatures",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
)

articles = Table(
    "articles",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("site", String(200), nullable=False),
    Column("id", String(2_000), nullable=False),
    Column("url", String(2_000)),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("site", "id"),
    Index(None, "site", "url"),
)

comments = Table(
    "comments",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("site", String(200), nullable=False),
    Column("id", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("text_digest", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("article", serial, ForeignKey("articles.pk"), index=True),
    Column("parent_id", String(200)),
    Column("parent_text", Text, nullable=False),
    Column("author_id", String(200)),
    Column("author_name", String(200)),
    Column("author_created_at", UtcDateTime),
    Column("section", String(200)),
    Column("language", String(35)),
    Column("created_at", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    UniqueConstraint("site", "id"),
    Index(None, "site", "outcome", "received_at"),
    Index(None, "site", "author_id", "outcome"),
    Index(None, "site", "author_id", "received_at"),
    Index(None, "site", "author_id", "text_digest", "received_at"),
    Index(None, "site", "text_digest"),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("site", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("attribute", String(100), nullable=False),
    Column("value", Float, nullable=False),
    Column("language", String(35), nullable=False),
    Column("community_id", Text),
    Column("client_token", Text),
    Column("context", JSON, nullable=False),
    Column("comment", serial, ForeignKey("comments.pk"), index=True),
    Column("at", UtcDateTime, nullable=False),
)

coral_comments = Table(
    "coral_comments",
    metadata,
    Column("site", String(200), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("comment", serial, ForeignKey("comments.pk"), nullable=False, unique=True),
    Column("queued", Boolean, nullable=False),
)

# Encrypted with SECRET_KEY: Coral makes them, so they cannot be derived.
coral_secrets = Table(
    "coral_secrets",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("site", String(200), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("use", String(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "site", "use"),
)

policies = Table(
    "policies",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("first_used_at", UtcDateTime, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("comment", serial, ForeignKey("comments.pk"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("shadow", String(10)),
    Column("reasons", JSON, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("model_version", String(64), nullable=False),
    Column("policy_version", String(64), ForeignKey("policies.version"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("comment", "revision"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("comment", serial, ForeignKey("comments.pk"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("reason_code", String(40)),
    Column("moderator", String(200), nullable=False),
    Column("explanation", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
