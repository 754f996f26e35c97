"""How assets were bought, by which fund and until when they are under warranty; programs are found by their name."""

import sqlalchemy as sa
from alembic import op

revision = "register_0007"
down_revision = "register_0006"

TEXTS = ("supplier", "order_number", "bought_on", "warranty_until", "price", "currency", "funds", "fund")
VERSIONS = (
    "UPDATE items SET version = coalesce(json_extract(CAST(fields AS TEXT), '$.version'), '') WHERE kind = 'software'"
)


def upgrade() -> None:
    """Nothing is known of purchases yet; versions stand in the programs' fields."""
    for name in TEXTS:
        op.add_column("assets", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.add_column("items", sa.Column("version", sa.String, nullable=False, server_default=""))
    op.execute(sa.text(VERSIONS))
    op.create_index("items_by_kind", "items", ["kind", "key", "version"])
    op.create_index("machines_merged", "machines", ["merged_into"])
