"""what a model beside the one in force would have decided"""

import sqlalchemy as sa
from alembic import op

revision = "0005_shadow"
down_revision = "0004_intake"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shadow_decisions",
        sa.Column("comment", serial, sa.ForeignKey("comments.pk", name=op.f("fk_shadow_decisions_comment")), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("decided", sa.String(length=10), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("comment", "revision", "model_version", name=op.f("pk_shadow_decisions")),
    )
    op.create_index(op.f("ix_shadow_decisions_model_version_at"), "shadow_decisions", ["model_version", "at"])


def downgrade() -> None:
    op.drop_table("shadow_decisions")
