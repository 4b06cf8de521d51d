"""endpoints that are no more, whose log stays"""

import sqlalchemy as sa
from alembic import op

revision = "0009_deleted_endpoints"
down_revision = "0008_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("endpoints", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("endpoints", "deleted_at")
