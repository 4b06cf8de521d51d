"""moderators, their queue and what they say"""

import sqlalchemy as sa
from alembic import op

revision = "0002_review"
down_revision = "0001_comments"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
time = sa.DateTime(timezone=True)

HELD = """
    INSERT INTO queue (comment, site, section, article, author_id, language, audit, risk, urgent_at, waiting_since)
    SELECT pk, site, section, article, author_id, language, false, 0.5, received_at, received_at FROM comments WHERE outcome = 'hold'
"""


def upgrade() -> None:
    op.create_table(
        "daily",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "site", "measure", "key", "outcome", name="pk_daily"),
    )
    op.create_table(
        "moderators",
        sa.Column("pk", serial, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("sites", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("oidc_subject", sa.String(length=255), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", time, nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_moderators"),
        sa.UniqueConstraint("name", name="uq_moderators_name"),
        sa.UniqueConstraint("oidc_subject", name="uq_moderators_oidc_subject"),
    )
    op.create_table(
        "queue_lengths",
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("hour", time, nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("oldest_at", time, nullable=True),
        sa.PrimaryKeyConstraint("site", "hour", name="pk_queue_lengths"),
    )
    op.create_table(
        "notes",
        sa.Column("pk", serial, nullable=False),
        sa.Column("comment", serial, nullable=False),
        sa.Column("moderator", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", time, nullable=False),
        sa.ForeignKeyConstraint(["comment"], ["comments.pk"], name="fk_notes_comment"),
        sa.PrimaryKeyConstraint("pk", name="pk_notes"),
    )
    op.create_index("ix_notes_comment", "notes", ["comment"])
    op.create_table(
        "queue",
        sa.Column("comment", serial, autoincrement=False, nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("section", sa.String(length=200), nullable=True),
        sa.Column("article", serial, nullable=True),
        sa.Column("author_id", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("audit", sa.Boolean(), nullable=False),
        sa.Column("risk", sa.Float(precision=53), nullable=False),
        sa.Column("urgent_at", time, nullable=False),
        sa.Column("waiting_since", time, nullable=False),
        sa.Column("claimed_by", serial, nullable=True),
        sa.Column("claimed_until", time, nullable=True),
        sa.ForeignKeyConstraint(["claimed_by"], ["moderators.pk"], name="fk_queue_claimed_by"),
        sa.ForeignKeyConstraint(["comment"], ["comments.pk"], name="fk_queue_comment"),
        sa.PrimaryKeyConstraint("comment", name="pk_queue"),
    )
    op.create_index("ix_queue_article", "queue", ["article"])
    op.create_index("ix_queue_risk_comment", "queue", ["risk", "comment"])
    op.create_index("ix_queue_site_risk_comment", "queue", ["site", "risk", "comment"])
    op.create_index("ix_queue_site_urgent_at_comment", "queue", ["site", "urgent_at", "comment"])
    op.create_index("ix_queue_site_waiting_since_comment", "queue", ["site", "waiting_since", "comment"])
    op.create_index("ix_queue_urgent_at_comment", "queue", ["urgent_at", "comment"])
    op.create_index("ix_queue_waiting_since_comment", "queue", ["waiting_since", "comment"])
    op.create_table(
        "queue_marks",
        sa.Column("comment", serial, autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(["comment"], ["queue.comment"], name="fk_queue_marks_comment", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("comment", "code", name="pk_queue_marks"),
    )
    op.add_column("comments", sa.Column("verdict", serial, nullable=True))
    op.create_index("ix_decisions_at", "decisions", ["at"])
    op.add_column("verdicts", sa.Column("action", sa.String(length=10), server_default="verdict", nullable=False))
    op.add_column("verdicts", sa.Column("about", serial, nullable=True))
    op.add_column("verdicts", sa.Column("batch", sa.String(length=32), nullable=True))
    op.add_column("verdicts", sa.Column("told_at", time, nullable=True))
    op.create_index("ix_verdicts_about", "verdicts", ["about"])
    op.create_index("ix_verdicts_at", "verdicts", ["at"])
    op.create_index("ix_verdicts_moderator_pk", "verdicts", ["moderator", "pk"])
    op.execute(HELD)


def downgrade() -> None:
    for name in ("moderator_pk", "at", "about"):
        op.drop_index(f"ix_verdicts_{name}", "verdicts")
    for name in ("told_at", "batch", "about", "action"):
        op.drop_column("verdicts", name)
    op.drop_index("ix_decisions_at", "decisions")
    op.drop_column("comments", "verdict")
    for table in ("queue_marks", "queue", "queue_lengths", "notes", "moderators", "daily"):
        op.drop_table(table)
