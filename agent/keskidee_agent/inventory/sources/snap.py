"""Snaps, by `snap list`."""

from __future__ import annotations

from keskidee_agent.inventory.packages import package
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("software",)
MARKS = "*✓✪-"  # behind a publisher: verified, starred, or none is known
COLUMNS = 6


def read(machine: Machine) -> Iterator[Item]:
    """One item a snap. Raises NotHere without snapd or without snaps."""
    output = machine.run("snap", "list", "--color=never", "--unicode=never")
    found = False
    for each in parse(output):
        found = True
        yield each
    if not found and output.strip():
        raise Malformed("not snap's list", output)
    if not found:
        raise NotHere("no snap is installed")


def parse(output: bytes) -> Iterator[Item]:
    """The rows below the head: name, version, revision, what is followed, publisher, notes."""
    for line in output.decode("utf-8", "replace").splitlines()[1:]:
        columns = line.split()
        if len(columns) >= COLUMNS - 1 and columns[2].lstrip("x").isdecimal():
            name, version, revision, tracking, publisher, notes = (*columns, "")[:COLUMNS]
            yield package(
                "snap",
                name,
                version,
                revision=revision,
                branch=tracking.strip("-"),
                maker=publisher.strip(MARKS),
                notes=notes.strip("-"),
            )
