"""What devices told by themselves: notifications of SNMP."""

import sqlalchemy as sa
from alembic import op

revision = "register_0008"
down_revision = "register_0007"


def upgrade() -> None:
    """None were kept until now."""
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        *[sa.Column(name, sa.String, nullable=False) for name in ("asset_id", "key", "kind", "trap", "subject")],
        *[sa.Column(name, sa.Float, nullable=False) for name in ("first_at", "last_at")],
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("variables", sa.LargeBinary, nullable=False),
    )
    op.create_index("events_by_asset", "events", ["asset_id", "key"], unique=True)
