"""A log of POSTs as they came, `latest` with its place in it, and the queue of what is passed on."""

import sqlalchemy as sa
from alembic import op

revision = "reports_0002"
down_revision = "reports_0001"


def upgrade() -> None:
    """The log, the place in it that a machine's stored report stands at, the queue and its cursors."""
    op.create_table(
        "log",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("machine_id", sa.String, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.add_column("latest", sa.Column("position", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "queue",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("machine_id", sa.String, nullable=False),
        sa.Column("schema_id", sa.LargeBinary, nullable=False),
        sa.Column("taken_ms", sa.Integer, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("samples", sa.Integer, nullable=False),
        sa.Column("words", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("lost_reports", sa.Integer, nullable=False),
        sa.Column("lost_samples", sa.Integer, nullable=False),
    )
