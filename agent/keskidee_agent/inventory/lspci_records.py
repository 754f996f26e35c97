"""lspci's form for programs, `-vmm` (lspci(8)), also with `-n -nn -k -D`: a record a device, a tag a line."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

TAGS = {
    "Class": ("class_name", "class_code"),
    "Vendor": ("maker", "vendor"),
    "Device": ("model", "device"),
    "SVendor": ("board_maker", "subsystem_vendor"),
    "SDevice": ("board_model", "subsystem_device"),
}
"""Of a tag, our fields for the name and for the number in brackets."""
PLAIN = {"Rev": "revision", "Driver": "driver"}
_SLOT = re.compile(r"(?:Slot|Device):\t((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$")
_NAMED = re.compile(r"(.*?)(?: ?\[([0-9a-f]{4})\])?$")
_NUMBER = re.compile(r"()([0-9a-f]{4})$")  # with -n
UNNAMED = "Device"


def records(text: str) -> Iterator[dict[str, Any]]:
    """The fields of each device, its `address` with the domain. What is no record is passed over.

    Before pciutils 3 the slot's tag was `Device`, too; it comes first and looks like an address.
    """
    for paragraph in re.split(r"\n\s*\n", text):
        head, *lines = paragraph.strip("\n").split("\n")
        slot = _SLOT.match(head.rstrip())
        if slot:
            address = slot[1] if slot[1].count(":") > 1 else f"0000:{slot[1]}"
            yield {"address": address, **_fields(lines)}


def _fields(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        tag, tab, value = line.rstrip().partition(":\t")
        named = _NUMBER.match(value) or _NAMED.match(value)
        if tab and tag in TAGS and named:
            name, number = TAGS[tag]
            found.setdefault(name, "" if named[1] == UNNAMED else named[1])
            found.setdefault(number, named[2] or "")
        elif tab and tag in PLAIN:
            found.setdefault(PLAIN[tag], value)
    return found
