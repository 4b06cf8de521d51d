"""who is signed in, so that signing out ends a session and not one browser's cookie alone"""

import sqlalchemy as sa
from alembic import op

revision = "0008_sessions"
down_revision = "0007_author_role"
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("moderator", serial, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["moderator"], ["moderators.pk"], name="fk_sessions_moderator"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )


def downgrade() -> None:
    op.drop_table("sessions")
