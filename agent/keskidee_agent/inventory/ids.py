"""The names in pci.ids and usb.ids: vendors, devices below them by one tab, subsystems by two; classes at the end.

Formats: the comments at the head of both files. They come with most systems; where they are not there, numbers remain.
"""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from typing import NamedTuple

from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import TypeAlias

    from keskidee_agent.host.machine import Machine

    Wanted: TypeAlias = Mapping[str, Collection[str]]
    """Numbers of vendors, and of each those of its devices; none: all."""

FOLDERS = (
    "usr/share/hwdata",
    "usr/share/misc",
    "usr/share",
    "var/lib/usbutils",
    "usr/share/pci.ids.d",
    "usr/local/share",
)
LARGEST_BYTES = 32 << 20
NEWLINE = 0x0A
_NEXT_VENDOR, _NEXT_DEVICE = re.compile(rb"\n[^\t#\n]"), re.compile(rb"\n\t?[^\t#\n]")


class Names(NamedTuple):
    """Names by numbers in lower-case hexadecimal, such as (`8086`, `1916`, `1028`, `0704`); classes likewise."""

    devices: dict[tuple[str, ...], str]
    classes: dict[tuple[str, ...], str]

    def device(self, *numbers: str) -> str:
        """The name of a vendor, of a device of it, or of a device in a subsystem; empty where none is known."""
        return self.devices.get(numbers, "")

    def kind(self, *numbers: str) -> str:
        """The name of a class, or of a subclass of it."""
        return self.classes.get(numbers, "")


def names_of(machine: Machine, file: str, wanted: Wanted) -> Names:
    """The names of `pci.ids` or `usb.ids` for these vendors and devices; none where the machine has no such file."""
    for folder in FOLDERS:
        for path in (f"{folder}/{file}", f"{folder}/{file}.gz"):
            with suppress(NotHere, Denied, Malformed, OSError, zlib.error):
                content = machine.content(path)
                if path.endswith(".gz"):
                    content = zlib.decompressobj(31).decompress(content, LARGEST_BYTES)
                return parse(content, wanted)
    return Names({}, {})


def _of_wanted(content: bytes, wanted: Wanted) -> bytes:
    """The lines of these and of classes, of some forty thousand: to look at each would take a tenth of a second."""
    found = []
    for vendor, devices in wanted.items():
        if not vendor:  # a bridge has no board
            continue
        paragraph = _paragraph(content, vendor, _NEXT_VENDOR)
        below = [_paragraph(paragraph, "\t" + device, _NEXT_DEVICE) for device in devices]
        found += [paragraph.partition(b"\n")[0], *below] if devices else [paragraph]
    classes = content.find(b"\nC ")
    return b"\n".join([*found, content[classes:] if classes >= 0 else b""])


def _paragraph(content: bytes, number: str, following: re.Pattern[bytes]) -> bytes:
    """The line that begins with a number and spaces, and the lines below it."""
    head = f"{number}  ".encode("utf-8", "replace")
    begin = content.find(head)
    while begin > 0 and content[begin - 1] != NEWLINE:
        begin = content.find(head, begin + 1)
    end = following.search(content, max(begin, 0))
    return content[begin : end.start() if end else len(content)] if begin >= 0 else b""


def parse(content: bytes, wanted: Wanted) -> Names:
    """The names of these vendors and devices, and of all classes. What is no line of such a file is passed over."""
    found = Names({}, {})
    into, above, is_wanted, line = found.devices, [""], False, b""
    for raw in _of_wanted(content, wanted).split(b"\n"):
        if not raw or raw[0] == 0x23:
            continue
        depth = len(raw) - len(raw.lstrip(b"\t"))
        if depth == 0:
            is_class = raw[:2] == b"C "
            into = found.classes if is_class else found.devices
            line = raw[2:] if is_class else raw
            number = line[:8].split(b" ")[0].decode("ascii", "replace").lower()
            is_wanted = is_class or (number in wanted and len(number) == 4)
            above = [number]
        elif is_wanted and depth < 3 and len(above) >= depth:
            line = raw.lstrip(b"\t")
            number = " ".join(line.partition(b"  ")[0].decode("ascii", "replace").split()).lower()
            above = [*above[:depth], *number.split(" ")]
        if is_wanted and depth < 3:
            name = line.partition(b"  ")[2].decode("utf-8", "replace").strip()
            into.setdefault(tuple(above), name)
    return found
