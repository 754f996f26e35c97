"""Credentials that machines renew."""

import sqlalchemy as sa
from alembic import op

revision = "register_0003"
down_revision = "register_0002"


def upgrade() -> None:
    """The credential that comes next, and the age of the one in use."""
    op.add_column("machines", sa.Column("next_credential_hash", sa.LargeBinary))
    op.add_column("machines", sa.Column("credential_at", sa.Float, nullable=False, server_default="0"))
    op.execute("UPDATE machines SET credential_at = enrolled_at")
