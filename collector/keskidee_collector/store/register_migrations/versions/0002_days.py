"""One row a machine and day, kept for good."""

import sqlalchemy as sa
from alembic import op

revision = "register_0002"
down_revision = "register_0001"


def upgrade() -> None:
    """Days of machines, together by day because that is how they are written and read."""
    op.create_table(
        "machine_days",
        sa.Column("day", sa.String, primary_key=True),
        sa.Column("machine_id", sa.String, primary_key=True),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("counted_until", sa.Float, nullable=False),
        sa.Column("on_seconds", sa.Float, nullable=False),
        sa.Column("off_seconds", sa.Float, nullable=False),
        sa.Column("silent_seconds", sa.Float, nullable=False),
        sa.Column("link_down_seconds", sa.Float, nullable=False),
        sa.Column("unknown_seconds", sa.Float, nullable=False),
        sa.Column("boots", sa.Integer, nullable=False),
        sa.Column("boot_seconds", sa.Float),
        sa.Column("memory_pressure_ratio", sa.Float),
        sa.Column("memory_pressure_worst_ratio", sa.Float),
        sa.Column("memory_samples", sa.Integer, nullable=False),
        sa.Column("cpu_busy_ratio", sa.Float),
        sa.Column("cpu_seconds", sa.Float, nullable=False),
        sa.Column("disk_latency_seconds", sa.Float),
        sa.Column("disk_operations", sa.Float, nullable=False),
        sa.Column("reports", sa.Integer, nullable=False),
        sa.Column("reports_lost", sa.Integer, nullable=False),
        sa.Column("aways", sa.String, nullable=False),
        sa.Column("away_seconds", sa.Float, nullable=False),
        sa.Column("os_supported", sa.Integer),
        sa.Column("encrypted", sa.Integer),
        sa.Column("pending_updates", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_index("machine_days_by_machine", "machine_days", ["machine_id", "day"])
