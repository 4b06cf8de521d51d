"""The tables of comments, of what was decided and said of them, which is only ever added, and of what waits."""

from sqlalchemy import JSON, Boolean, Column, Date, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from service.storage.account_tables import endpoints, moderators
from service.storage.columns import UtcDateTime, serial
from service.storage.columns import metadata as metadata

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
    Column("verdict", serial),  # the one in force; no foreign key, since each would point at the other
    Column("article", serial, ForeignKey("articles.pk")),
    Column("parent_id", String(200)),
    Column("parent_text", Text, nullable=False),
    Column("author_id", String(200)),
    Column("author_name", String(200)),
    Column("author_created_at", UtcDateTime),
    Column("author_role", String(200)),
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
    Index(None, "article", "received_at"),
    Index(None, "article", "verdict", "outcome"),
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
    Column("at", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("comment", "revision"),
)

# Of the index: were the many that are about none in it, SQLite would take every verdict for about the same, once ANALYZE has counted.
ABOUT_ANOTHER = text("about IS NOT NULL")

# `action` is verdict, correction, agree or undo; the last three are `about` an earlier row, which stays as it was.
verdicts = Table(
    "verdicts",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("comment", serial, ForeignKey("comments.pk"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("action", String(10), nullable=False, server_default="verdict"),
    Column("about", serial),
    Column("outcome", String(10), nullable=False),
    Column("reason_code", String(40)),
    Column("moderator", String(200), nullable=False),
    Column("explanation", Text, nullable=False),
    Column("batch", String(32)),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("told_at", UtcDateTime),
    Index(None, "moderator", "pk"),
    Index(None, "about", sqlite_where=ABOUT_ANOTHER, postgresql_where=ABOUT_ANOTHER),
)

notes = Table(
    "notes",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("comment", serial, ForeignKey("comments.pk"), nullable=False, index=True),
    Column("moderator", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# The outbox: one row for each event and endpoint, written with what it tells. `state` is waiting, delivered, dead or withdrawn.
deliveries = Table(
    "deliveries",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("endpoint", String(16), ForeignKey(endpoints.c.id), nullable=False),
    Column("comment", serial, ForeignKey("comments.pk"), nullable=False),
    Column("verdict", serial, ForeignKey("verdicts.pk"), index=True),
    Column("event", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "endpoint", "state", "due_at"),
    Index(None, "comment", "endpoint", "pk"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("pk", serial, primary_key=True),
    Column("delivery", serial, ForeignKey("deliveries.pk"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("problem", String(200), nullable=False),
    Column("milliseconds", Integer, nullable=False),
)

# What waits for a person and nothing else, so that no query of the queue grows with the comments.
queue = Table(
    "queue",
    metadata,
    Column("comment", serial, ForeignKey("comments.pk"), primary_key=True),
    Column("site", String(200), nullable=False),
    Column("section", String(200)),
    Column("article", serial),
    Column("author_id", String(200)),
    Column("language", String(35)),
    Column("audit", Boolean, nullable=False),
    Column("risk", Float(53), nullable=False),
    Column("urgent_at", UtcDateTime, nullable=False),
    Column("waiting_since", UtcDateTime, nullable=False),
    Column("claimed_by", serial, ForeignKey(moderators.c.pk)),
    Column("claimed_until", UtcDateTime),
    Index(None, "urgent_at", "comment"),
    Index(None, "waiting_since", "comment"),
    Index(None, "risk", "comment"),
    Index(None, "site", "urgent_at", "comment"),
    Index(None, "site", "waiting_since", "comment"),
    Index(None, "site", "risk", "comment"),
    Index(None, "article"),
)

# What the model that runs beside the one in force would have had decided, of the comment's text at that revision.
shadow_decisions = Table(
    "shadow_decisions",
    metadata,
    Column("comment", serial, ForeignKey("comments.pk"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("model_version", String(64), primary_key=True),
    Column("outcome", String(10), nullable=False),
    Column("decided", String(10), nullable=False),
    Column("scores", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "model_version", "at"),
)

# For filtering: each score of a waiting comment, and each reason, which may have none.
queue_marks = Table(
    "queue_marks",
    metadata,
    Column("comment", serial, ForeignKey("queue.comment", ondelete="CASCADE"), primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("reason", Boolean, nullable=False),
    Column("score", Float(53)),
)

# How long the queue was at its first change of each hour.
queue_lengths = Table(
    "queue_lengths",
    metadata,
    Column("site", String(200), primary_key=True),
    Column("hour", UtcDateTime, primary_key=True),
    Column("waiting", Integer, nullable=False),
    Column("oldest_at", UtcDateTime),
)

# Finished days, counted once for the overview.
daily = Table(
    "daily",
    metadata,
    Column("day", Date, primary_key=True),
    Column("site", String(200), primary_key=True),
    Column("measure", String(20), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("outcome", String(10), primary_key=True),
    Column("count", Integer, nullable=False),
)
