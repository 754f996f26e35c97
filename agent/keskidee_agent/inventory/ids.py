"""The names in pci.ids and usb.ids: vendors, devices below them by one tab, subsystems by two; classes at the end.

Formats: the comments at the head of both files. They come with most systems; where they are not there, numbers remain.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_report.model import Denied, Malformed, NotHere

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.machine import Machine

FOLDERS = (
    "usr/share/hwdata",
    "usr/share/misc",
    "usr/share",
    "var/lib/usbutils",
    "usr/share/pci.ids.d",
    "usr/local/share",
)
LARGEST_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Names:
    """Names by numbers in lower-case hexadecimal, such as (`8086`, `1916`, `1028`, `0704`); classes likewise."""

    devices: dict[tuple[str, ...], str] = field(default_factory=dict)
    classes: dict[tuple[str, ...], str] = field(default_factory=dict)

    def device(self, *numbers: str) -> str:
        """The name of a vendor, of a device of it, or of a device in a subsystem; empty where none is known."""
        return self.devices.get(numbers, "")

    def kind(self, *numbers: str) -> str:
        """The name of a class, or of a subclass of it."""
        return self.classes.get(numbers, "")


def names_of(machine: Machine, file: str, wanted: Iterable[tuple[str, ...]]) -> Names:
    """The names of `pci.ids` or `usb.ids` for these vendors and devices; none where the machine has no such file."""
    for folder in FOLDERS:
        for path in (f"{folder}/{file}", f"{folder}/{file}.gz"):
            with suppress(NotHere, Denied, Malformed, OSError, zlib.error):
                content = machine.content(path)
                if path.endswith(".gz"):
                    content = zlib.decompressobj(31).decompress(content, LARGEST_BYTES)
                return parse(content, {numbers[0] for numbers in wanted})
    return Names()


def parse(content: bytes, vendors: set[str]) -> Names:
    """The names of these vendors' devices, and of all classes. What is no line of such a file is passed over."""
    found = Names()
    into, above, wanted, line = found.devices, [""], False, b""
    for raw in content.split(b"\n"):
        if not raw or raw[0] == 0x23:
            continue
        depth = len(raw) - len(raw.lstrip(b"\t"))
        if depth == 0:
            is_class = raw[:2] == b"C "
            into = found.classes if is_class else found.devices
            line = raw[2:] if is_class else raw
            number = line[:8].split(b" ")[0].decode("ascii", "replace").lower()
            wanted = is_class or (number in vendors and len(number) == 4)
            above = [number]
        elif wanted and depth < 3 and len(above) >= depth:
            line = raw.lstrip(b"\t")
            number = " ".join(line.partition(b"  ")[0].decode("ascii", "replace").split()).lower()
            above = [*above[:depth], *number.split(" ")]
        if wanted and depth < 3:
            name = line.partition(b"  ")[2].decode("utf-8", "replace").strip()
            into.setdefault(tuple(above), name)
    return found
