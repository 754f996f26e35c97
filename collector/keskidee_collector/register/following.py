"""Each machine has an asset, which follows what the machine says of itself: its name, site, model, serial number.

Looked at in memory every few seconds; only what differs is written. A machine that never stops calling itself something
else is followed by fits: its history has fewer steps then, each true, and leads to what the asset is. An asset stays
when its machine is retired. What was entered before its machine was ever heard, or before its serial number was known,
becomes its asset by that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, select, update

from keskidee_collector.fleet.allowance import saved_up
from keskidee_collector.register.asset import ASSET, differing, new_row, rewrite, told_of
from keskidee_collector.register.changes import AGENT, CHANGED, change_row, write_changes
from keskidee_collector.register.joining import expected, join
from keskidee_collector.store.tables import assets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.store.writer import Writer

AT_ONCE = 200
"""Assets in one commit: others wait for the writer meanwhile."""
CHANGES_A_DAY = 24
"""So often an asset follows its machine, all of a day's at once or spread: whoever renames, moves and upgrades it has
done by then. Each is a row that is kept for good."""
DAY_SECONDS = 86_400.0

logger = logging.getLogger(__name__)


class Following:
    """Which machines' assets are as the machines say."""

    def __init__(self, writer: Writer, known: dict[str, dict[str, str]]) -> None:
        self._writer = writer
        self._known = known
        self._left: dict[str, tuple[float, float]] = {}  # changes that it may still make, as of which moment
        self._hurried: set[str] = set()

    async def follow(self, machines: Iterable[Machine], now: float) -> None:
        """Writes what differs; durable when it returns. Raises as the store, with the rest left for the next time."""
        told = {m.id: told_of(m) for m in machines if m.retired_at is None}
        differ = {
            machine_id: each
            for machine_id, each in told.items()
            if self._known.get(machine_id) != each and self._may_change(machine_id, now)
        }
        while differ:
            some = {machine_id: differ.pop(machine_id) for machine_id in list(differ)[:AT_ONCE]}
            await self._writer.save(_Followed(some, now))
            self._known |= some

    def _may_change(self, machine_id: str, now: float) -> bool:
        """Whether an asset that is there already follows its machine once more; told in the log where it stops."""
        if machine_id not in self._known:
            return True
        left, at = self._left.get(machine_id, (CHANGES_A_DAY, now))
        left = saved_up(left, max(now - at, 0.0), most=CHANGES_A_DAY, per_seconds=DAY_SECONDS)
        may = left >= 1
        self._left[machine_id] = (left - may, now)
        if may:
            self._hurried.discard(machine_id)
        elif machine_id not in self._hurried:
            self._hurried.add(machine_id)
            logger.warning("asset changes too often machine=%s told=hourly", machine_id)
        return may


class _Followed:
    """A job of the writer."""

    def __init__(self, told: dict[str, dict[str, str]], now: float) -> None:
        self._told = told
        self._now = now

    def __call__(self, connection: Connection) -> None:
        for machine_id, told in self._told.items():
            query = select(assets.c.id, assets.c.told, assets.c.by_hand).where(assets.c.machine_id == machine_id)
            row = connection.execute(query).first()
            seen = {}
            if row is None and (row := expected(connection, told)) is not None:
                seen = {"machine_id": machine_id}  # what was bought, or came in a file: its machine tells of it now
                connection.execute(update(assets).where(assets.c.id == row[0]).values(seen))
            if row is None:
                connection.execute(insert(assets), new_row(told, {}, now=self._now, machine_id=machine_id))
            else:
                was, by_hand = (msgspec.json.decode(each, type=dict[str, str]) for each in row[1:])
                self._change(connection, row[0], (was, by_hand), told, seen=seen)
                if not was.get("serial") and (waiting := expected(connection, told)) is not None:
                    join(connection, waiting, row[0], by=AGENT, now=self._now)

    def _change(
        self,
        connection: Connection,
        asset_id: str,
        kept: tuple[dict[str, str], dict[str, str]],
        told: dict[str, str],
        *,
        seen: dict[str, str],
    ) -> None:
        """Writes what is told otherwise than before. The history has it but for what people set, and what is `seen`."""
        was, by_hand = kept
        told = was | told  # what a machine says no more is still the last that is known
        before, after = differing(was, told)
        if after:
            rewrite(connection, asset_id, told, by_hand, now=self._now)
        names = [name for name in before if name not in by_hand]
        if names or seen:
            before, after = ({name: each[name] for name in names} for each in (before, after))
            row = change_row(CHANGED, ASSET, "", before, after | seen)
            write_changes(connection, asset_id, [row], at=self._now, by=AGENT)


def known_of(connection: Connection) -> dict[str, dict[str, str]]:
    """What each machine's asset was told last, by machine."""
    query = select(assets.c.machine_id, assets.c.told).where(assets.c.machine_id.is_not(None))
    return {row[0]: msgspec.json.decode(row[1], type=dict[str, str]) for row in connection.execute(query)}
