"""endpoints and what they are told"""

import sqlalchemy as sa
from alembic import op

revision = "0003_deliveries"
down_revision = "0002_review"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("rotated_at", time, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", time, nullable=True),
        sa.Column("disabled_at", time, nullable=True),
        sa.Column("disabled_because", sa.String(length=200), nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
    )
    op.create_index("ix_endpoints_site", "endpoints", ["site"])
    op.create_table(
        "deliveries",
        sa.Column("pk", serial, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("endpoint", sa.String(length=16), nullable=False),
        sa.Column("comment", serial, nullable=False),
        sa.Column("verdict", serial, nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", time, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.ForeignKeyConstraint(["comment"], ["comments.pk"], name="fk_deliveries_comment"),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name="fk_deliveries_endpoint"),
        sa.ForeignKeyConstraint(["verdict"], ["verdicts.pk"], name="fk_deliveries_verdict"),
        sa.PrimaryKeyConstraint("pk", name="pk_deliveries"),
        sa.UniqueConstraint("id", name="uq_deliveries_id"),
    )
    op.create_index("ix_deliveries_endpoint_state_due_at", "deliveries", ["endpoint", "state", "due_at"])
    op.create_index("ix_deliveries_comment_endpoint_pk", "deliveries", ["comment", "endpoint", "pk"])
    op.create_index("ix_deliveries_verdict", "deliveries", ["verdict"])
    op.create_table(
        "attempts",
        sa.Column("pk", serial, nullable=False),
        sa.Column("delivery", serial, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.pk"], name="fk_attempts_delivery"),
        sa.PrimaryKeyConstraint("pk", name="pk_attempts"),
    )
    op.create_index("ix_attempts_delivery", "attempts", ["delivery"])


def downgrade() -> None:
    for table in ("attempts", "deliveries", "endpoints"):
        op.drop_table(table)
