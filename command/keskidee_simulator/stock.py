"""What pretend machines tell of what they are made of: each some time after its start, then once a day what changed.

It goes as an agent sends it (agent/README.md, "To the collector"): all of it once, then what changed since the
inventory that both know by its hash. None is as long as a piece, so each goes whole. One machine in CHANGING_EVERY has
something changed some minutes after each start of the simulation: one memory module more first, a program after that.
"""

from __future__ import annotations

import json
import logging
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from keskidee_report.inventory import digest, whole
from keskidee_report.items import unique
from keskidee_simulator.devices import parts_of_device
from keskidee_simulator.fleet import SOURCE_DENIED
from keskidee_simulator.parts import FIRMWARE, grown, has_room, parts
from keskidee_simulator.software import Past, software
from keskidee_simulator.upkeep import upkeep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from typing import Any

    from keskidee_report.inventory import Place
    from keskidee_report.items import Item
    from keskidee_simulator.connection import Answer
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.world import World

FILE = "inventories.json"
SPREAD_SECONDS, SECONDS_A_MACHINE = 30.0, 0.1
"""Within so long all have told their first one; a larger fleet takes longer, so that there are few in a second."""
AGAIN_SECONDS, REFUSED_SECONDS = 86_400.0, 1800.0
CHANGE_SECONDS = (120.0, 480.0)
"""After the start, at the least and at the most."""
CHANGING_EVERY, CHANGING = 19, 4
TAKEN, BASE_UNKNOWN = 204, 409
MOVING = ["free_bytes", "gateways", "index", "power_on_hours", "cycles", "up"]
KINDS = (
    "antivirus", "battery", "bios", "board", "boot", "chassis", "disk", "domain", "encryption", "filesystem",
    "firewall", "graphics", "memory", "memory_array", "memory_slot", "monitor", "network", "operating_system",
    "pending_update", "platform", "processor", "restart", "software", "software_update", "system", "tpm",
)  # fmt: skip
DEVICE_KINDS = ("component", "device", "interface", "memory", "storage", "supply")
Items = dict["Place", "Item"]

log = logging.getLogger("keskidee.simulator")


def spread_seconds(machines: int) -> float:
    """Within how long so many machines tell their first inventory."""
    return max(SPREAD_SECONDS, SECONDS_A_MACHINE * machines)


class Stocktaking:
    """What all inventories of a simulation share: how they are spread, and what of machines has changed, in a file."""

    def __init__(self, folder: Path, now: float, *, within_seconds: float) -> None:
        self.within_seconds = within_seconds
        self._path = folder / FILE
        self._today = datetime.fromtimestamp(now, UTC).date()
        kept = json.loads(self._path.read_text(encoding="ascii")) if self._path.exists() else {}
        self._began = kept.get("began", self._today.isoformat())
        self._changed: dict[str, list[str]] = kept.get("changed", {})
        self._keep()

    def past(self, number: int) -> Past:
        """That of the machine with this number."""
        changed = tuple(map(date.fromisoformat, self._changed.get(str(number), ())))
        return Past(began=date.fromisoformat(self._began), changed=changed)

    def change(self, number: int) -> None:
        """Something of this machine is another from today on."""
        self._changed.setdefault(str(number), []).append(self._today.isoformat())
        self._keep()

    def _keep(self) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({"began": self._began, "changed": self._changed}), encoding="ascii")
        new.replace(self._path)


class Stock:
    """The inventory of one machine. It keeps no items: they are made again from the machine and its past."""

    __slots__ = ("_change_at", "_due_at", "_machine", "_shared", "_told", "is_awaited")

    def __init__(self, machine: Pretend, shared: Stocktaking, now: float, *, is_known: bool) -> None:
        self._machine = machine
        self._shared = shared
        self.is_awaited = not is_known
        """Whether its first one was not told yet: until then a machine stays on."""
        self._told: Past | None = shared.past(machine.number) if is_known else None
        self._due_at = now + shared.within_seconds * (0.5 + 0.5 * machine.chance(13))
        least, most = CHANGE_SECONDS
        changes = machine.number % CHANGING_EVERY == CHANGING and machine.poller is None
        self._change_at = now + least + (most - least) * machine.chance(15) if changes else None

    def is_due(self, now: float) -> bool:
        """Whether to tell it, or what changed of it, now (Unix seconds)."""
        return now >= self._due_at

    @property
    def machine(self) -> Pretend:
        """The machine as it is after all that changed."""
        return changed(self._machine, self._shared.past(self._machine.number))[0]

    async def tell(self, send: Callable[[bytes], Awaitable[Answer]], now: float) -> None:
        """Tells it to who answers 204, or 409 where all of it is wanted. Raises Unreachable."""
        if self._change_at is not None and now >= self._change_at:
            self._shared.change(self._machine.number)
            self._change_at = None
        past = self._shared.past(self._machine.number)
        answer = await send(packed(self._machine, past, self._told))
        if answer.status == BASE_UNKNOWN:
            answer = await send(packed(self._machine, past, None))
        self.is_awaited = False
        if answer.status == TAKEN:
            self._told = past
            self._due_at = min(now + AGAIN_SECONDS, self._change_at or now + AGAIN_SECONDS)
            return
        self._due_at = now + max(REFUSED_SECONDS, answer.retry_after_seconds)
        log.warning("inventory refused hostname=%s status=%d", self._machine.hostname, answer.status)


def stock_of(machine: Pretend, world: World) -> Stock | None:
    """The machine's, whose first one is awaited where it never enrolled; None where nobody tells any."""
    if world.stocktaking is None:
        return None
    is_known = world.credentials.get(machine.number) is not None
    return Stock(machine, world.stocktaking, world.clock(), is_known=is_known)


def began_of(machine: Pretend, world: World) -> date:
    """The day of its first inventory; today where nobody tells any."""
    if world.stocktaking is None:
        return datetime.fromtimestamp(world.clock(), UTC).date()
    return world.stocktaking.past(machine.number).began


def packed(machine: Pretend, past: Past, known: Past | None) -> bytes:
    """What is to be told to one who knows how the machine was at that time, deflated; all of it for None."""
    told = told_kinds(machine)
    found, before = items_of(machine, past), {} if known is None else items_of(machine, known)
    digests, old = _digests(found), _digests(before)
    body: dict[str, Any] = {
        "base": whole(old, told) if known is not None else "",
        "hash": whole(digests, told),
        "told": told,
        "moving": MOVING,
        "changed": [each._asdict() for place, each in found.items() if old.get(place) != digests[place]],
        "gone": sorted(old.keys() - digests.keys()),
    }
    return zlib.compress(json.dumps(body, separators=(",", ":")).encode(), 9)


def _digests(items: Items) -> dict[Place, bytes]:
    return {place: digest(*place, each.fields) for place, each in items.items()}


def told_kinds(machine: Pretend) -> list[str]:
    """The kinds of the sources that read: without the right to read firmware's tables nothing of these is told."""
    if machine.poller is not None:
        return list(DEVICE_KINDS)
    return [kind for kind in KINDS if machine.ailment != SOURCE_DENIED or kind not in FIRMWARE]


def items_of(machine: Pretend, past: Past) -> Items:
    """All that the machine has, by kind and key."""
    if machine.poller is not None:
        return {(each.kind, each.key): each for each in parts_of_device(machine)}
    told = set(told_kinds(machine))
    machine, rest = changed(machine, past)
    items = unique([*parts(machine, past), *upkeep(machine, past), *software(machine, rest)])
    return {(each.kind, each.key): each for each in items if each.kind in told}


def changed(machine: Pretend, past: Past) -> tuple[Pretend, Past]:
    """The machine with what was added to it, and what then is left that changed of its programs."""
    if machine.poller is None and past.changed and has_room(machine):
        return grown(machine), replace(past, changed=past.changed[1:])
    return machine, past
