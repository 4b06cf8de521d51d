"""comments and decisions"""

import sqlalchemy as sa
from alembic import op

revision = "0001_comments"
down_revision = None
branch_labels = None
depends_on = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("pk", serial, nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=2000), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_articles"),
        sa.UniqueConstraint("site", "id", name="uq_articles_site_id"),
    )
    op.create_index("ix_articles_site_url", "articles", ["site", "url"])

    op.create_table(
        "keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_policies"),
    )
    op.create_table(
        "signatures",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_signatures"),
    )
    op.create_index("ix_signatures_seen_at", "signatures", ["seen_at"])

    op.create_table(
        "comments",
        sa.Column("pk", serial, nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("article", serial, nullable=True),
        sa.Column("parent_id", sa.String(length=200), nullable=True),
        sa.Column("parent_text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(length=200), nullable=True),
        sa.Column("author_name", sa.String(length=200), nullable=True),
        sa.Column("author_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("section", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.pk"], name="fk_comments_article"),
        sa.PrimaryKeyConstraint("pk", name="pk_comments"),
        sa.UniqueConstraint("site", "id", name="uq_comments_site_id"),
    )
    op.create_index("ix_comments_article", "comments", ["article"])
    op.create_index("ix_comments_site_author_id_outcome", "comments", ["site", "author_id", "outcome"])
    op.create_index("ix_comments_site_author_id_received_at", "comments", ["site", "author_id", "received_at"])
    op.create_index("ix_comments_site_author_id_text_digest_received_at", "comments", ["site", "author_id", "text_digest", "received_at"])
    op.create_index("ix_comments_site_outcome_received_at", "comments", ["site", "outcome", "received_at"])

    op.create_table(
        "decisions",
        sa.Column("pk", serial, nullable=False),
        sa.Column("comment", serial, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("shadow", sa.String(length=10), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment"], ["comments.pk"], name="fk_decisions_comment"),
        sa.ForeignKeyConstraint(["policy_version"], ["policies.version"], name="fk_decisions_policy_version"),
        sa.PrimaryKeyConstraint("pk", name="pk_decisions"),
        sa.UniqueConstraint("comment", "revision", name="uq_decisions_comment_revision"),
    )
    op.create_table(
        "verdicts",
        sa.Column("pk", serial, nullable=False),
        sa.Column("comment", serial, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("moderator", sa.String(length=200), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment"], ["comments.pk"], name="fk_verdicts_comment"),
        sa.PrimaryKeyConstraint("pk", name="pk_verdicts"),
    )
    op.create_index("ix_verdicts_comment", "verdicts", ["comment"])


def downgrade() -> None:
    op.drop_table("verdicts")
    op.drop_table("decisions")
    op.drop_table("comments")
    op.drop_table("signatures")
    op.drop_table("policies")
    op.drop_table("keys")
    op.drop_table("articles")
