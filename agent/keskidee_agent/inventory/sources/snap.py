"""Snaps, by `snap list`."""

from __future__ import annotations

from keskidee_agent.inventory.packages import package
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("software",)
MARKS = "*✓✪-"  # behind a publisher: verified, starred, or none is known
COLUMNS = ("name", "version", "rev", "tracking", "publisher", "notes")
OLD_COLUMNS = ("name", "version", "rev", "publisher", "notes")  # before 2.30


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
    head, *lines = output.decode("utf-8", "replace").splitlines() or [""]
    names = OLD_COLUMNS if len(head.split()) == len(OLD_COLUMNS) else COLUMNS
    for line in lines:
        columns = line.split()
        if len(columns) >= len(OLD_COLUMNS) and columns[2].lstrip("x").isdecimal():
            told = dict(zip(names, columns, strict=False))
            yield package(
                "snap",
                told["name"],
                told["version"],
                revision=told["rev"],
                branch=told.get("tracking", "").strip("-"),
                maker=told["publisher"].strip(MARKS),
                notes=told.get("notes", "").strip("-"),
            )
