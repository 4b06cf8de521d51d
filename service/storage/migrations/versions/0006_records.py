"""indexes for what is known of an article when a comment arrives under it"""

from alembic import op

revision = "0006_records"
down_revision = "0005_shadow"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_comments_article_received_at", "comments", ["article", "received_at"])
    op.create_index("ix_comments_article_verdict_outcome", "comments", ["article", "verdict", "outcome"])
    op.drop_index("ix_comments_article", "comments")


def downgrade() -> None:
    op.create_index("ix_comments_article", "comments", ["article"])
    op.drop_index("ix_comments_article_verdict_outcome", "comments")
    op.drop_index("ix_comments_article_received_at", "comments")
