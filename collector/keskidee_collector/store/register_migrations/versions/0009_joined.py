"""Where the address of an asset leads that became one with another."""

import sqlalchemy as sa
from alembic import op

revision = "register_0009"
down_revision = "register_0008"


def upgrade() -> None:
    """Of those that were joined until now nobody knows."""
    op.create_table(
        "joined_assets",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("asset_id", sa.String, nullable=False),
    )
