"""The tables of who may come in, and of who is told."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from service.storage.columns import UtcDateTime, metadata, serial

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

# Where a site's CMS is told. Its secret is derived from SECRET_KEY, its id and `rotation`.
endpoints = Table(
    "endpoints",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("site", String(200), nullable=False, index=True),
    Column("url", String(2_000), nullable=False),
    Column("events", JSON, nullable=False),
    Column("rotation", Integer, nullable=False),
    Column("rotated_at", UtcDateTime),
    Column("failures", Integer, nullable=False),  # in a row
    Column("rests_until", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("disabled_because", String(200)),
    Column("deleted_at", UtcDateTime),  # the row stays, for the log of what it was told
    Column("created_at", UtcDateTime, nullable=False),
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

moderators = Table(
    "moderators",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("role", String(10), nullable=False),
    Column("sites", JSON, nullable=False),  # none named: every site
    Column("active", Boolean, nullable=False),
    Column("password_hash", Text),
    Column("token_hash", String(64)),
    Column("oidc_subject", String(255), unique=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

# Who is signed in: without its row a session's cookie, and every copy of it, opens nothing.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("moderator", serial, ForeignKey("moderators.pk"), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
)
