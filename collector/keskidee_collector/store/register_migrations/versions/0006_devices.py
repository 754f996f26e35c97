"""Devices that an agent polls: whose they are, and how each is asked."""

import sqlalchemy as sa
from alembic import op

revision = "register_0006"
down_revision = "register_0005"


def upgrade() -> None:
    """Every machine until now speaks for itself."""
    op.add_column("machines", sa.Column("poller_id", sa.String))
    op.create_table(
        "devices",
        sa.Column("machine_id", sa.String, primary_key=True),
        sa.Column("handed", sa.Boolean, nullable=False),
        sa.Column("settings", sa.LargeBinary, nullable=False),
    )
