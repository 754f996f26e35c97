"""What is installed on one pretend machine (`programs`), in which version, and what waits to be installed.

As much is out of date and waits as its reports say (`hardware`): the older the machine, the more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from keskidee_report.items import item
from keskidee_simulator.bought import OLDEST_DAYS
from keskidee_simulator.hardware import RESTART_DUE, SECURITY_UPDATES, UPDATES, whole
from keskidee_simulator.programs import MACOS_UPDATES, Program, programs_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from keskidee_report.items import Item, Value
    from keskidee_simulator.fleet import Pretend

MIB = 1 << 20
OUTDATED_SHARE = 0.7
"""Of the programs of the oldest machine, where no list of updates says how many."""
UPGRADED_DAYS = 500
FIRST_UPDATE = 5_040_000
"""Number of the oldest update of Windows that anybody is told to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What became of a machine: the day of its first inventory, and the days on which something of it changed since."""

    began: date
    changed: tuple[date, ...] = field(default=())


def software(machine: Pretend, past: Past) -> Iterator[Item]:
    """`software`, with what of it changed; `pending_update`, `software_update` and `restart` as the system tells."""
    installed = list(_installed(machine, past))
    for program, version, day, _ in installed:
        yield _software(machine, program, version, day)
    if machine.system.os == "linux":
        waiting = [program for program, _, _, is_outdated in installed if is_outdated]
        yield from _packages_waiting(machine, waiting)
    elif machine.system.os == "darwin":
        for name, version in MACOS_UPDATES[: whole(UPDATES["darwin"], machine.age)]:
            yield item("pending_update", name, {"available": version})
    else:
        yield from _updates_of_windows(machine, past)


def _installed(machine: Pretend, past: Past) -> Iterator[tuple[Program, str, date, bool]]:
    """Each program, its version, the day it was installed on, and whether it is out of date.

    Which ones are out of date begins with another one on each machine. Each change makes the next of the others newer.
    """
    programs = programs_of(machine)
    outdated = _outdated(machine, len(programs))
    for number, program in enumerate(programs):
        place = (number + machine.luck[23]) % len(programs)
        if place < outdated:
            first = int(in_use_days(machine) * (1.0 - 0.5 * place / len(programs)))
            yield program, program.old, past.began - timedelta(days=first), True
            continue
        newer = past.changed[place - outdated :: len(programs) - outdated]
        days = min(3 * place, in_use_days(machine))
        day = newer[-1] if newer else past.began - timedelta(days=days)
        yield program, bumped(program.new, len(newer)), day, False


def _outdated(machine: Pretend, programs: int) -> int:
    """How many programs are out of date; never all."""
    if machine.system.os == "linux":
        return min(whole(UPDATES["linux"], machine.age), programs - 1)
    return int(OUTDATED_SHARE * machine.age * programs)


def newest_update(machine: Pretend, began: date) -> date:
    """The day of the newest update of a machine whose first inventory is of the day `began`; its reports say it too."""
    return began - timedelta(days=16 + machine.luck[24] % 7)


def in_use_days(machine: Pretend) -> int:
    """For how long it has its system: since it was bought, or since the last upgrade of all."""
    return min(int(OLDEST_DAYS * machine.age), UPGRADED_DAYS)


def bumped(version: str, times: int) -> str:
    """So many versions on: its last number is higher by as much."""
    head = version.rstrip("0123456789")
    last = version[len(head) :]
    return f"{head}{int(last) + times:0{len(last)}d}"


def _software(machine: Pretend, program: Program, version: str, day: date) -> Item:
    name = program.name.format(version)
    fields: dict[str, Value | None] = {"name": name, "version": version, "maker": program.maker}
    if machine.system.os == "darwin":
        where = {"folder": f"/Applications/{name}.app", "modified_on": day.isoformat()}
        return item("software", name, {**fields, "format": "application", "architecture": "Universal", **where})
    form, architecture = ("deb", "amd64") if machine.system.os == "linux" else ("registry", "x86_64")
    size: dict[str, Value | None] = {
        "section": program.section,
        "size_bytes": program.mebibytes * MIB,
        "installed_on": day.isoformat(),
    }
    return item("software", name, {**fields, "format": form, "architecture": architecture, **size})


def _packages_waiting(machine: Pretend, programs: list[Program]) -> Iterator[Item]:
    security = whole(SECURITY_UPDATES, machine.age)
    system = machine.system
    for number, program in enumerate(programs):
        pocket = "security" if number < security else "updates"
        origin = f"{system.product.partition(' ')[0]}:{system.version_id}/{system.codename}-{pocket}"
        versions = {"installed": program.old, "available": program.new, "origin": origin}
        yield item("pending_update", program.name, {**versions, "security": number < security})


def _updates_of_windows(machine: Pretend, past: Past) -> Iterator[Item]:
    """The newest three, a month apart; whether a restart is due."""
    for month in range(3):
        day = newest_update(machine, past.began) - timedelta(days=30 * month)
        number = f"KB{FIRST_UPDATE + past.began.toordinal() % 1000 * 7 - 613 * month}"
        yield item(
            "software_update", number,
            {"kind": "Security Update", "description": "Security Update", "architecture": "x86_64",
             "installed_on": day.isoformat()},
        )  # fmt: skip
    due = whole(RESTART_DUE, machine.age) >= 1
    yield item("restart", "restart", {"due": due, "asked_by": ("Windows Update",) if due else None})
