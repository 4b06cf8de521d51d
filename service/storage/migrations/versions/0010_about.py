"""an index of what is about an earlier verdict, without the many that are about none"""

import sqlalchemy as sa
from alembic import op

revision = "0010_about"
down_revision = "0009_deleted_endpoints"
branch_labels = None
depends_on = None


def upgrade() -> None:
    said = sa.text("about IS NOT NULL")
    op.drop_index("ix_verdicts_about", table_name="verdicts")
    op.create_index("ix_verdicts_about", "verdicts", ["about"], sqlite_where=said, postgresql_where=said)


def downgrade() -> None:
    op.drop_index("ix_verdicts_about", table_name="verdicts")
    op.create_index("ix_verdicts_about", "verdicts", ["about"])
