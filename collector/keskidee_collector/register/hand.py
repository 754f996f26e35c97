"""What people set: assets entered by hand, and fields of any asset that no reading overwrites from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import insert, select

from keskidee_collector.register import purchase
from keskidee_collector.register.asset import ASSET, IN_USE, TAG, State, differing, new_row, rewrite
from keskidee_collector.register.changes import ADDED, CHANGED, change_row, write_changes
from keskidee_collector.store.tables import assets
from keskidee_report.rules import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

DONE, NO_ASSET, OTHER_VERSION, TAG_TAKEN = "done", "no asset", "other version", "tag taken"
Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=4000)]


class ByHand(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields as a person sets them. What is not named stays as it is; null goes back to what the machine tells.

    `asset_tag` is the institution's own number, which only one asset has. Days are YYYY-MM-DD; `price` is a number in
    `currency` (ISO 4217); `funds` paid for it, such as `EDF 11 60%, CDB 40%`.
    """

    name: Short | UnsetType | None = UNSET
    kind: Short | UnsetType | None = UNSET
    maker: Short | UnsetType | None = UNSET
    model: Short | UnsetType | None = UNSET
    serial: Short | UnsetType | None = UNSET
    site: Short | UnsetType | None = UNSET
    room: Short | UnsetType | None = UNSET
    custodian: Short | UnsetType | None = UNSET
    state: State | UnsetType | None = UNSET
    asset_tag: Short | UnsetType | None = UNSET
    note: Long | UnsetType | None = UNSET
    supplier: Short | UnsetType | None = UNSET
    order_number: Short | UnsetType | None = UNSET
    bought_on: Short | UnsetType | None = UNSET
    warranty_until: Short | UnsetType | None = UNSET
    price: Short | UnsetType | None = UNSET
    currency: Short | UnsetType | None = UNSET
    funds: Short | UnsetType | None = UNSET

    def fields(self) -> dict[str, str | None]:
        """The fields that are named, their texts in one line (but for the note) without spaces around, nor control
        characters, which files of the register would bring elsewhere.

        Raises BadField.
        """
        named = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name: value if value is None else _kept(name, clean_text(value, len(value)))
            for name, value in named.items()
            if value is not UNSET
        }


def _kept(name: str, text: str) -> str:
    return text.strip() if name == "note" else purchase.read(name, " ".join(text.split()))


class Entering:
    """A job of the writer: a new asset that has no agent. `outcome` and `asset_id` say what came of it.

    `told` is what it is until a machine says otherwise of itself; without it, it is in use by a person's word.
    """

    def __init__(
        self, fields: dict[str, str | None], *, by: str, now: float, told: dict[str, str] | None = None
    ) -> None:
        self._told = told or {}
        self._by_hand = ({} if told else {"state": IN_USE}) | {name: value for name, value in fields.items() if value}
        self._by = by
        self._now = now
        self.outcome = DONE
        self.asset_id = ""

    def __call__(self, connection: Connection) -> None:
        """Adds it, unless its tag is another's."""
        if _is_taken(connection, self._by_hand.get(TAG), ""):
            self.outcome = TAG_TAKEN
            return
        row = new_row(self._told, self._by_hand, now=self._now, machine_id=None)
        self.asset_id = row["id"]
        connection.execute(insert(assets), row)
        added = change_row(ADDED, ASSET, "", None, self._by_hand)
        write_changes(connection, row["id"], [added], at=self._now, by=self._by)


class Setting:
    """A job of the writer: fields of an asset, where it still has the `version` that the person saw (None: any)."""

    def __init__(
        self, asset_id: str, fields: dict[str, str | None], *, version: int | None, by: str, now: float
    ) -> None:
        self.asset_id = asset_id
        self._fields = fields
        self._version = version
        self._by = by
        self._now = now
        self.outcome = DONE
        self.is_changed = False

    def __call__(self, connection: Connection) -> None:
        """Sets them, unless the asset changed meanwhile or its tag is another's."""
        query = select(assets.c.version, assets.c.told, assets.c.by_hand).where(assets.c.id == self.asset_id)
        row = connection.execute(query).first()
        if row is None:
            self.outcome = NO_ASSET
        elif self._version is not None and self._version != row[0]:
            self.outcome = OTHER_VERSION
        elif _is_taken(connection, self._fields.get(TAG), self.asset_id):
            self.outcome = TAG_TAKEN
        else:
            told, by_hand = (msgspec.json.decode(each, type=dict[str, str]) for each in row[1:])
            self._set(connection, told, by_hand)

    def _set(self, connection: Connection, told: dict[str, str], by_hand: dict[str, str]) -> None:
        kept = {name: value for name, value in {**by_hand, **self._fields}.items() if value is not None}
        if kept == by_hand:
            return
        self.is_changed = True
        rewrite(connection, self.asset_id, told, kept, now=self._now)
        before, after = differing(told | by_hand, told | kept)
        if before or after:
            changed = change_row(CHANGED, ASSET, "", before, after)
            write_changes(connection, self.asset_id, [changed], at=self._now, by=self._by)


class Several:
    """A job of the writer: some of these, in one commit."""

    def __init__(self, jobs: Sequence[Entering | Setting]) -> None:
        self._jobs = jobs

    def __call__(self, connection: Connection) -> None:
        """Does each; the outcome is each one's own."""
        for job in self._jobs:
            job(connection)


def _is_taken(connection: Connection, tag: str | None, asset_id: str) -> bool:
    if not tag:
        return False
    found = connection.execute(select(assets.c.id).where(assets.c.asset_tag == tag, assets.c.id != asset_id)).first()
    return found is not None
