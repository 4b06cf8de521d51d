"""suggestions of Perspective's clients, and what is known of Coral's"""

import sqlalchemy as sa
from alembic import op

revision = "0004_intake"
down_revision = "0003_deliveries"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "suggestions",
        sa.Column("pk", serial, nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("attribute", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=True),
        sa.Column("client_token", sa.Text(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("comment", serial, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment"], ["comments.pk"], name="fk_suggestions_comment"),
        sa.PrimaryKeyConstraint("pk", name="pk_suggestions"),
    )
    op.create_index("ix_suggestions_comment", "suggestions", ["comment"])
    op.create_table(
        "coral_comments",
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("comment", serial, nullable=False),
        sa.Column("queued", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["comment"], ["comments.pk"], name="fk_coral_comments_comment"),
        sa.PrimaryKeyConstraint("site", "id", name="pk_coral_comments"),
        sa.UniqueConstraint("comment", name="uq_coral_comments_comment"),
    )
    op.create_table(
        "coral_secrets",
        sa.Column("pk", serial, nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("use", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_coral_secrets"),
    )
    op.create_index("ix_coral_secrets_site_use", "coral_secrets", ["site", "use"])
    op.create_index("ix_comments_site_text_digest", "comments", ["site", "text_digest"])


def downgrade() -> None:
    op.drop_index("ix_comments_site_text_digest", "comments")
    for table in ("coral_secrets", "coral_comments", "suggestions"):
        op.drop_table(table)
