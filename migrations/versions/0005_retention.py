"""How long an owner's documents are kept, where the owner said so.

Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("owners", sa.Column("retention_days", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("owners", "retention_days")
