"""Pieces of inventories that are on their way."""

import sqlalchemy as sa
from alembic import op

revision = "reports_0003"
down_revision = "reports_0002"


def upgrade() -> None:
    """A row a machine, while an inventory of it comes."""
    op.create_table(
        "pieces",
        sa.Column("machine_id", sa.String, primary_key=True),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
