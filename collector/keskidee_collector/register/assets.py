"""The register as routes and pages read it: lists of assets, one asset with its items and history, what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from sqlalchemy import func, select

from keskidee_collector.register.asset import TAG, TEXTS, THINGS
from keskidee_collector.register.events import Event, events_of
from keskidee_collector.register.following import Following, known_of
from keskidee_collector.register.history import Change, changes_since, history_of, named_changes
from keskidee_collector.register.posture import postures
from keskidee_collector.register.programs import Program, installed
from keskidee_collector.register.purchases import Step, read, steps
from keskidee_collector.register.standing import DAY_SECONDS, Standing, standing_of
from keskidee_collector.register.twins import Twin, twin_of
from keskidee_collector.store.tables import assets, items, joined_assets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection

    from keskidee_collector.store.register import RegisterStore
    from keskidee_collector.store.writer import Statement

FILTERS = (
    *("site", "state", "kind", "room", "custodian", "maker", "model", "serial", "asset_tag", "machine_id"),
    *("fund", "supplier", "order_number"),
)
SORTS = (
    *("name", "kind", "maker", "model", "serial", "system", "site", "room", "custodian", "state", "asset_tag"),
    *("fund", "supplier", "order_number", "bought_on", "warranty_until"),
)
SORTS_BY_TIME = ("created_at", "changed_at", "inventory_at")
PAGE_AT_MOST = 500
_SHOWN = ("id", "machine_id", TAG, *TEXTS, "fund", "by_hand", "version", "created_at", "changed_at", "inventory_at")
_COLUMNS = [assets.c[name] for name in _SHOWN]


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One asset. Texts are empty where nothing is known; times are UTC epoch seconds, None where it never happened.

    `by_hand` names the fields that a person set; `machine_id` is that of the machine whose agent tells of it.
    `inventory_at` is when its items were last seen. `version` counts up with each change of its own fields. Days are
    YYYY-MM-DD, `price` is a decimal number; `fund` is the largest share of `funds` (`EDF 11 60%, CDB 40%`).
    """

    id: str
    machine_id: str | None
    asset_tag: str | None
    name: str
    kind: str
    maker: str
    model: str
    serial: str
    system: str
    site: str
    room: str
    custodian: str
    state: str
    note: str
    supplier: str
    order_number: str
    bought_on: str
    warranty_until: str
    price: str
    currency: str
    funds: str
    fund: str
    by_hand: list[str]
    version: int
    created_at: float
    changed_at: float
    inventory_at: float | None


class AssetItem(msgspec.Struct, frozen=True, kw_only=True):
    """A part or a program of an asset, as of the asset's `inventory_at`."""

    kind: str
    key: str
    fields: dict[str, Any]
    first_seen: float
    changed_at: float


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """One asset with its items and what became of it, newest first."""

    asset: Asset
    items: list[AssetItem]
    history: list[Change]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the assets that were asked for; `found` counts all of them. `programs` are those that were asked for, by
    the id of the asset.
    """  # fmt: skip

    assets: list[Asset]
    programs: dict[str, list[Program]] = {}
    found: int
    page: int
    per_page: int


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which assets, in which order. `text` is words that all must be in an asset's texts; filters are exact. `program`
    is words in the name of a program that it has, in a version older than `below` where that is given.
    """  # fmt: skip

    text: str = ""
    filters: dict[str, str] = {}
    program: str = ""
    below: str = ""
    sort: str = "name"
    descending: bool = False
    page: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    per_page: Annotated[int, msgspec.Meta(ge=1, le=PAGE_AT_MOST)] = 100


class Assets:
    """Reads the register; any thread may call it. `following` keeps machines' assets as the machines say; `standing`
    is how it stood when `look` was called last.
    """  # fmt: skip

    def __init__(self, register: RegisterStore) -> None:
        self._engine, self._writer = register.engine, register.writer
        self._seen: tuple[int, float] | None = None
        self.standing = Standing()
        with self._engine.connect() as connection:
            self.following = Following(register.writer, known_of(connection))

    def look(self, now: float) -> None:
        """Brings `standing` up to date, where something was written since or another day began."""
        seen = (self._writer.commits, now // DAY_SECONDS)
        if seen != self._seen:
            with self._engine.connect() as connection:
                self.standing = standing_of(connection, now)
            self._seen = seen

    def postures(self, day: str) -> list[Statement]:
        """The statements that fill in a day of machines with what their inventories say."""
        with self._engine.connect() as connection:
            return postures(connection, day)

    def page(self, question: Question) -> Page:
        """The assets that are asked for. Raises TooVague."""
        wanted = _wanted(question)
        programs: dict[str, list[Program]] = {}
        if question.program:
            with self._engine.connect() as connection:
                programs = installed(connection, question.program, question.below)
            wanted.append(_among(programs))
        column = assets.c[question.sort]
        order = column.desc() if question.descending else column.asc()
        query = select(*_COLUMNS).where(*wanted).order_by(order, assets.c.id)
        query = query.limit(question.per_page).offset((question.page - 1) * question.per_page)
        with self._engine.connect() as connection:
            found = connection.execute(select(func.count()).select_from(assets).where(*wanted)).scalar_one()
            rows = [_asset(row) for row in connection.execute(query).mappings()]
        shown = {asset.id: programs[asset.id] for asset in rows} if question.program else {}
        return Page(assets=rows, programs=shown, found=found, page=question.page, per_page=question.per_page)

    def values(self, name: str) -> list[str]:
        """What assets say in a text field (site, state, ...), without the empty, in order."""
        column = assets.c[name]
        with self._engine.connect() as connection:
            return [
                row[0] for row in connection.execute(select(column).where(column != "").distinct().order_by(column))
            ]

    def meant(self, purchases: str) -> list[Step]:
        """What a list of purchases (CSV) means for the assets that are there. Raises BadLines."""
        lines = read(purchases)
        with self._engine.connect() as connection:
            return steps(connection, lines)

    def asset(self, asset_id: str) -> Asset | None:
        """The asset with this id."""
        return self._one(assets.c.id == asset_id)

    def of_machine(self, machine_id: str) -> Asset | None:
        """The asset of this machine."""
        return self._one(assets.c.machine_id == machine_id)

    def twin(self, asset: Asset) -> Twin | None:
        """The other asset of the same server, of its board or of its agent."""
        with self._engine.connect() as connection:
            return twin_of(connection, asset)

    def led_to(self, asset_id: str) -> str | None:
        """The id of the asset that this one, which is no more, became a part of (joining.py)."""
        query = select(joined_assets.c.asset_id).where(joined_assets.c.id == asset_id)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none()

    def items(self, asset_id: str) -> list[AssetItem]:
        """What an asset is made of, by kind and key."""
        with self._engine.connect() as connection:
            return items_of(connection, asset_id)

    def history(self, asset_id: str, at_most: int = 200) -> list[Change]:
        """What became of an asset, newest first."""
        with self._engine.connect() as connection:
            return history_of(connection, asset_id, at_most)

    def events(self, asset_id: str, *, since: float = 0.0, at_most: int = 500) -> list[Event]:
        """What an asset told by itself, of what was told last since a moment (epoch seconds), newest first."""
        with self._engine.connect() as connection:
            return events_of(connection, asset_id, since=since, at_most=at_most)

    def changes(self, *, since: float = 0.0, after: int = 0, at_most: int = 1000) -> list[Change]:
        """What became of all assets from a moment on (epoch seconds), after the change with this number, in order."""
        with self._engine.connect() as connection:
            return changes_since(connection, since, after, at_most)

    def latest(self, *, before: int | None = None, at_most: int = 100) -> list[tuple[str, Change]]:
        """What became of assets lately, newest first, with the name of each; older than the change with this number."""
        with self._engine.connect() as connection:
            return list(named_changes(connection, before=before, at_most=at_most))

    def _one(self, wanted: ColumnElement[bool]) -> Asset | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(*_COLUMNS).where(wanted)).mappings().first()
        return None if row is None else _asset(row)


def _wanted(question: Question) -> list[ColumnElement[bool]]:
    words = question.text.casefold().split()
    return [
        THINGS,
        *[assets.c[name] == value for name, value in question.filters.items()],
        *[assets.c.words.contains(word, autoescape=True) for word in words],
    ]


def _among(ids: Iterable[str]) -> ColumnElement[bool]:
    """One of these; as JSON, because a statement has fewer parameters than a register may have assets."""
    each = func.json_each(msgspec.json.encode(list(ids)).decode()).table_valued("value")
    return assets.c.id.in_(select(each.c.value))


def _asset(row: Mapping[Any, Any]) -> Asset:
    by_hand = sorted(msgspec.json.decode(row["by_hand"], type=dict[str, str]))
    return Asset(**{**row, "by_hand": by_hand})


def items_of(connection: Connection, asset_id: str) -> list[AssetItem]:
    """What an asset is made of, by kind and key."""
    names = ("kind", "key", "fields", "first_seen", "changed_at")
    query = select(*[items.c[name] for name in names]).where(items.c.asset_id == asset_id)
    rows = connection.execute(query.order_by(items.c.kind, items.c.key)).mappings()
    return [AssetItem(**{**row, "fields": msgspec.json.decode(row["fields"])}) for row in rows]
