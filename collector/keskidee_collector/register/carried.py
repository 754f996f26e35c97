"""An inventory carried by hand: the file that `keskidee agent inventory` prints, of a machine without a link.

It becomes the inventory of the asset with its maker and serial number, or of the same name where it has none and came
by hand before; otherwise of a new asset. What is older than the inventory that the asset has changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from sqlalchemy import insert, select

from keskidee_collector.register.asset import IN_USE, new_row
from keskidee_collector.register.taking import TAKEN, TOO_MANY, Taking
from keskidee_collector.register.told import Key, Name, Text, Told, ToldItem, Value
from keskidee_collector.store.tables import assets
from keskidee_report.inventory import PEOPLE, digest, told_kinds, whole
from keskidee_report.items import LONGEST_TEXT
from keskidee_report.rules import clean_text

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from keskidee_report.inventory import Place

OLDER, SEVERAL = "older", "several"
FROM_FACTS = {"name": "hostname", "maker": "maker", "model": "model", "serial": "serial", "system": "os_name"}


class Outcome(msgspec.Struct, frozen=True):
    """What became of one source."""

    outcome: Text
    kinds: list[Name] = []
    moving: list[Name] = []


class Carried(msgspec.Struct, frozen=True):
    """The file. Each item has its `key` among its fields."""

    schema: Annotated[int, msgspec.Meta(ge=1, le=1)]
    taken_at: Annotated[float, msgspec.Meta(gt=0)]
    machine: dict[Name, Text]
    items: dict[Name, list[dict[Name, Value]]]
    outcomes: list[Outcome]

    def told(self) -> tuple[Told, dict[Place, bytes]]:
        """All of it as an agent would tell it, with the items' digests. Raises msgspec.ValidationError."""
        found = {}
        for kind, rows in self.items.items():
            for row in rows if kind not in PEOPLE else ():
                key = msgspec.convert(row.get("key"), Key)
                fields = {name: value for name, value in row.items() if name != "key"}
                found[kind, key] = ToldItem(kind, key, fields)
        digests = {place: digest(*place, item.fields) for place, item in found.items()}
        outcomes = [(each.outcome, each.kinds) for each in self.outcomes]
        told = sorted(told_kinds(outcomes, [kind for kind, _ in found]) - PEOPLE)
        moving = sorted({name for each in self.outcomes for name in each.moving})
        items = list(found.values())
        return Told(hash=whole(digests, told), told=told, changed=items, moving=moving), digests

    def facts(self) -> dict[str, str]:
        """What the machine says of its asset."""
        said = {name: self.machine.get(fact, "") for name, fact in FROM_FACTS.items()}
        texts = {name: clean_text(text, LONGEST_TEXT) for name, text in said.items()}
        return {name: text for name, text in (texts | {"state": IN_USE}).items() if text}


class Importing:
    """The job of the writer. `outcome` is one of Taking's, OLDER or SEVERAL; `asset_id` is where it went."""

    def __init__(self, carried: Carried, *, now: float, items_at_most: int) -> None:
        self._facts = carried.facts()
        self._told, self._digests = carried.told()
        self._at = min(carried.taken_at, now)
        self._items_at_most = items_at_most
        self.outcome = TAKEN
        self.asset_id = ""
        self.changes = 0
        self.is_new = False

    def __call__(self, connection: Connection) -> None:
        """Finds or makes the asset, and takes its inventory."""
        if len(self._digests) > self._items_at_most:  # before there is an asset of it
            self.outcome = TOO_MANY
            return
        found = connection.execute(select(assets.c.id, assets.c.inventory_at).where(*self._same()).limit(2)).all()
        if len(found) > 1:
            self.outcome = SEVERAL
            return
        if found and (found[0][1] or 0.0) >= self._at:
            self.outcome, self.asset_id = OLDER, found[0][0]
            return
        self.is_new = not found
        if found:
            self.asset_id = found[0][0]
        else:
            row = new_row(self._facts, {}, now=self._at, machine_id=None)
            self.asset_id = row["id"]
            connection.execute(insert(assets), row)
        taking = Taking(
            assets.c.id == self.asset_id,
            self._told,
            self._digests,
            now=self._at,
            items_at_most=self._items_at_most,
        )
        taking(connection)
        self.outcome, self.changes = taking.outcome, taking.changes

    def _same(self) -> list[ColumnElement[bool]]:
        maker, serial = self._facts.get("maker", ""), self._facts.get("serial", "")
        if maker and serial:
            return [assets.c.maker == maker, assets.c.serial == serial]
        return [
            assets.c.name == self._facts.get("name", ""),
            assets.c.serial == "",
            assets.c.machine_id.is_(None),
            assets.c.inventory_at.is_not(None),
        ]
