"""The tables of both files, as SQLAlchemy Core knows them. Alembic's migrations beside this file create them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

reports_metadata = MetaData()
register_metadata = MetaData()

parts = Table(
    "parts",
    reports_metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
)
"""Names of sources, as received: the payload of a PART frame by its hash, shared by all machines."""

schemas = Table(
    "schemas",
    reports_metadata,
    Column("machine_id", String, primary_key=True),
    Column("id", LargeBinary, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", Float, nullable=False),
)
"""A machine's schemas: the payload of a SCHEMA frame."""

latest = Table(
    "latest",
    reports_metadata,
    Column("machine_id", String, primary_key=True),
    Column("received_at", Float, nullable=False),
    Column("taken_at", Float, nullable=False),
    Column("clock_offset_seconds", Float, nullable=False),
    Column("goodbye", String, nullable=False),
    Column("sessions", LargeBinary, nullable=False),
    Column("schema_id", LargeBinary, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("position", Integer, nullable=False),
)
"""A machine's last report (its REPORT payload) and which sequences of which sessions were taken, up to `position`."""

log = Table(
    "log",
    reports_metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("machine_id", String, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""POSTs as they came, in the order in which they were taken. No index but the position: it is read whole, once."""

queue = Table(
    "queue",
    reports_metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("machine_id", String, nullable=False),
    Column("schema_id", LargeBinary, nullable=False),
    Column("taken_ms", Integer, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("words", LargeBinary, nullable=False),
)
"""Reports to be passed on, until every destination has them; see ingest/feed.py."""

cursors = Table(
    "cursors",
    reports_metadata,
    Column("name", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("lost_reports", Integer, nullable=False),
    Column("lost_samples", Integer, nullable=False),
)
"""How far each destination is in the queue, and what left it before the destination had it."""

definitions = Table(
    "definitions",
    reports_metadata,
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("help", String, nullable=False),
)
"""One definition a family name, first come."""

pieces = Table(
    "pieces",
    reports_metadata,
    Column("machine_id", String, primary_key=True),
    Column("body", String, nullable=False),
    Column("length", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""What is here of an inventory that comes in pieces (register/pieces.py); `at` is when the last one came."""

machines = Table(
    "machines",
    register_metadata,
    Column("id", String, primary_key=True),
    Column("instance", String, nullable=False, unique=True),
    Column("site", String, nullable=False),
    Column("role", String, nullable=False),
    Column("credential_hash", LargeBinary, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("enrolled_at", Float, nullable=False),
    Column("revoked_at", Float),
    Column("retired_at", Float),
    Column("next_credential_hash", LargeBinary),
    Column("credential_at", Float, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("clone_of", String),
    Column("merged_into", String),
    Column("took_over", Boolean, nullable=False),
    Column("poller_id", String),
    Index("machines_merged", "merged_into"),
)
"""Machines that enrolled, and devices that one of them polls (`poller_id`); `facts` and `evidence` are JSON objects of
texts. `credential_at`: since when it uses the credential. `clone_of`, `merged_into`: ids of other machines;
`took_over`: the other took its agent on."""

tokens = Table(
    "tokens",
    register_metadata,
    Column("id", String, primary_key=True),
    Column("scope", String, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("site", String, nullable=False),
    Column("role", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("uses_left", Integer),
    Column("revoked_at", Float),
)
"""Join and metrics tokens: the SHA-256 of each, never the token itself."""

devices = Table(
    "devices",
    register_metadata,
    Column("machine_id", String, primary_key=True),
    Column("handed", Boolean, nullable=False),
    Column("settings", LargeBinary, nullable=False),
)
"""How a device is asked: a JSON object, with the secrets that open it where it is `handed` to its poller from here."""

machine_days = Table(
    "machine_days",
    register_metadata,
    Column("day", String, primary_key=True),
    Column("machine_id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("state", String, nullable=False),
    Column("counted_until", Float, nullable=False),
    Column("on_seconds", Float, nullable=False),
    Column("off_seconds", Float, nullable=False),
    Column("silent_seconds", Float, nullable=False),
    Column("link_down_seconds", Float, nullable=False),
    Column("unknown_seconds", Float, nullable=False),
    Column("boots", Integer, nullable=False),
    Column("boot_seconds", Float),
    Column("memory_pressure_ratio", Float),
    Column("memory_pressure_worst_ratio", Float),
    Column("memory_samples", Integer, nullable=False),
    Column("cpu_busy_ratio", Float),
    Column("cpu_seconds", Float, nullable=False),
    Column("disk_latency_seconds", Float),
    Column("disk_operations", Float, nullable=False),
    Column("reports", Integer, nullable=False),
    Column("reports_lost", Integer, nullable=False),
    Column("aways", String, nullable=False),
    Column("away_seconds", Float, nullable=False),
    Column("os_supported", Integer),
    Column("encrypted", Integer),
    Column("pending_updates", Integer),
    Index("machine_days_by_machine", "machine_id", "day"),
    sqlite_with_rowid=False,
)
"""One row a machine and UTC day, for good (days.py); posture.py fills in the last three columns."""

assets = Table(
    "assets",
    register_metadata,
    Column("id", String, primary_key=True),
    Column("machine_id", String, unique=True),
    Column("asset_tag", String, unique=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("maker", String, nullable=False),
    Column("model", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("system", String, nullable=False),
    Column("site", String, nullable=False),
    Column("room", String, nullable=False),
    Column("custodian", String, nullable=False),
    Column("state", String, nullable=False),
    Column("note", String, nullable=False),
    Column("words", String, nullable=False),
    Column("told", LargeBinary, nullable=False),
    Column("by_hand", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("inventory_hash", String, nullable=False),
    Column("inventory_kinds", LargeBinary, nullable=False),
    Column("inventory_at", Float),
    Column("supplier", String, nullable=False),
    Column("order_number", String, nullable=False),
    Column("bought_on", String, nullable=False),
    Column("warranty_until", String, nullable=False),
    Column("price", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("funds", String, nullable=False),
    Column("fund", String, nullable=False),
)
"""What is owned, with an agent or without. The texts are as people see them: what was set `by_hand` (a JSON object),
else what the machine `told` (another). `words` is what a search looks in. `inventory_kinds` are the kinds that were
ever told (a JSON array), `inventory_hash` is that of the last inventory, empty before the first. Days are YYYY-MM-DD,
`price` is a decimal number; `fund` is the largest share of `funds` (purchase.py)."""

joined_assets = Table(
    "joined_assets",
    register_metadata,
    Column("id", String, primary_key=True),
    Column("asset_id", String, nullable=False),
)
"""Ids of assets that are no more, and of what each became a part of (joining.py): their addresses lead there."""

items = Table(
    "items",
    register_metadata,
    Column("asset_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("fields", LargeBinary, nullable=False),
    Column("first_seen", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("version", String, nullable=False),
    Index("items_by_kind", "kind", "key", "version"),
    sqlite_with_rowid=False,
)
"""What an asset is made of now, as of its `inventory_at`; `fields` is a JSON object, `version` a program's
out of it. What is gone is in `changes`."""

changes = Table(
    "changes",
    register_metadata,
    Column("id", Integer, primary_key=True),
    Column("asset_id", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("what", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("before", LargeBinary),
    Column("after", LargeBinary),
    Column("by", String, nullable=False),
    Index("changes_by_asset", "asset_id", "id"),
    Index("changes_by_time", "at"),
)
"""What became of an asset, for good: an item (or the asset itself: kind `asset`) was added, removed or changed, with
the fields that differ before and after (JSON objects). `by` is `agent`, or who changed it by hand."""

events = Table(
    "events",
    register_metadata,
    Column("id", Integer, primary_key=True),
    Column("asset_id", String, nullable=False),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("trap", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("count", Integer, nullable=False),
    Column("variables", LargeBinary, nullable=False),
    Index("events_by_asset", "asset_id", "key", unique=True),
)
"""What a device told by itself (events.py), repeats put together: `count` times from `first_at` to `last_at`. `key` is
its poller's, by which an event that grows is the same. `variables` is a JSON object of texts by OID."""
