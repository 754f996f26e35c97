"""First tables of register.db."""

import sqlalchemy as sa
from alembic import op

revision = "register_0001"
down_revision = None


def upgrade() -> None:
    """Machines and tokens."""
    op.create_table(
        "machines",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("instance", sa.String, nullable=False, unique=True),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("credential_hash", sa.LargeBinary, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
        sa.Column("enrolled_at", sa.Float, nullable=False),
        sa.Column("revoked_at", sa.Float),
        sa.Column("retired_at", sa.Float),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float),
        sa.Column("uses_left", sa.Integer),
    )
