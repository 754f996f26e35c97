"""A log of POSTs as they came; `latest` says up to which of them it holds."""

import sqlalchemy as sa
from alembic import op

revision = "reports_0002"
down_revision = "reports_0001"


def upgrade() -> None:
    """The log, and the place in it that a machine's stored report stands at."""
    op.create_table(
        "log",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("machine_id", sa.String, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.add_column("latest", sa.Column("position", sa.Integer, nullable=False, server_default="0"))
