"""Evidence of which machine is which, clones, merged records, and tokens that were revoked."""

import sqlalchemy as sa
from alembic import op

revision = "register_0004"
down_revision = "register_0003"


def upgrade() -> None:
    """What told machines apart before now is in their facts; they say it again anyway."""
    op.add_column("machines", sa.Column("evidence", sa.LargeBinary, nullable=False, server_default="{}"))
    op.add_column("machines", sa.Column("clone_of", sa.String))
    op.add_column("machines", sa.Column("merged_into", sa.String))
    op.add_column("machines", sa.Column("took_over", sa.Boolean, nullable=False, server_default="0"))
    op.add_column("tokens", sa.Column("revoked_at", sa.Float))
