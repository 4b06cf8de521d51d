"""the author's role, which an edit need not repeat"""

import sqlalchemy as sa
from alembic import op

revision = "0007_author_role"
down_revision = "0006_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("comments", sa.Column("author_role", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("comments", "author_role")
