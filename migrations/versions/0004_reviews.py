"""What people say of results: corrections taken back, reviews; and fields of their own.

Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("corrections", sa.Column("undone_by", sa.Text(), nullable=True))
    op.add_column("corrections", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "reviews",
        sa.Column("extraction_id", sa.Uuid(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["extraction_id"],
            ["extractions.id"],
            name=op.f("fk_reviews_extraction_id_extractions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("extraction_id", name=op.f("pk_reviews")),
    )
    op.create_table(
        "field_sets",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner"], ["owners.name"], name=op.f("fk_field_sets_owner_owners")
        ),
        sa.PrimaryKeyConstraint("owner", "name", name=op.f("pk_field_sets")),
    )


def downgrade() -> None:
    op.drop_table("field_sets")
    op.drop_table("reviews")
    op.drop_column("corrections", "undone_at")
    op.drop_column("corrections", "undone_by")
