"""Assets, what they are made of, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "register_0005"
down_revision = "register_0004"

TEXTS = (
    *("name", "kind", "maker", "model", "serial", "system", "site", "room", "custodian", "state", "note"),
    "words",
)


def upgrade() -> None:
    """Machines that are there get their assets when the collector has started."""
    op.create_table(
        "assets",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("machine_id", sa.String, unique=True),
        sa.Column("asset_tag", sa.String, unique=True),
        *[sa.Column(name, sa.String, nullable=False) for name in TEXTS],
        sa.Column("told", sa.LargeBinary, nullable=False),
        sa.Column("by_hand", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sa.Column("inventory_hash", sa.String, nullable=False),
        sa.Column("inventory_kinds", sa.LargeBinary, nullable=False),
        sa.Column("inventory_at", sa.Float),
    )
    op.create_table(
        "items",
        sa.Column("asset_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("fields", sa.LargeBinary, nullable=False),
        sa.Column("first_seen", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("asset_id", sa.String, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("before", sa.LargeBinary),
        sa.Column("after", sa.LargeBinary),
        sa.Column("by", sa.String, nullable=False),
    )
    op.create_index("changes_by_asset", "changes", ["asset_id", "id"])
    op.create_index("changes_by_time", "changes", ["at"])
