"""What workers did, added up by day.

Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = ("owner", "task", "outcome", "error_code")
COUNTS = ("documents", "pages", "batches", "windows")
SECONDS = ("waited_s", "parse_s", "render_s", "ocr_s", "layout_s", "model_s", "task_s", "write_s")


def upgrade() -> None:
    op.create_table(
        "work_days",
        sa.Column("day", sa.Date(), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in KEY],
        *[sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS],
        *[sa.Column(name, sa.Double(), nullable=False) for name in SECONDS],
        sa.ForeignKeyConstraint(["owner"], ["owners.name"], name=op.f("fk_work_days_owner_owners")),
        sa.PrimaryKeyConstraint("day", *KEY, name=op.f("pk_work_days")),
    )


def downgrade() -> None:
    op.drop_table("work_days")
