"""First tables of reports.db."""

import sqlalchemy as sa
from alembic import op

revision = "reports_0001"
down_revision = None


def upgrade() -> None:
    """Names, schemas, the last report of each machine, definitions."""
    op.create_table(
        "parts",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "schemas",
        sa.Column("machine_id", sa.String, primary_key=True),
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
    )
    op.create_table(
        "latest",
        sa.Column("machine_id", sa.String, primary_key=True),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("taken_at", sa.Float, nullable=False),
        sa.Column("clock_offset_seconds", sa.Float, nullable=False),
        sa.Column("goodbye", sa.String, nullable=False),
        sa.Column("sessions", sa.LargeBinary, nullable=False),
        sa.Column("schema_id", sa.LargeBinary, nullable=False),
        sa.Column("report", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "definitions",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("help", sa.String, nullable=False),
    )
