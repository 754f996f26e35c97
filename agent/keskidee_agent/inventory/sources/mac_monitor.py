"""Monitors of a Mac, by system_profiler(8), which tells the numbers of their EDID. No privilege."""

from __future__ import annotations

import re

from keskidee_agent.inventory.edid import FIRST_YEAR, LAST_WEEK, maker_letters, serial_of
from keskidee_agent.inventory.pnp import maker_name
from keskidee_agent.inventory.profiler import section
from keskidee_agent.inventory.quantities import number
from keskidee_report.items import item
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.profiler import Node
    from keskidee_report.items import Item

PLATFORMS = ("darwin",)
KINDS = ("monitor",)
DEADLINE_SECONDS = 240.0
SAYING = ("Resolution", "Online", "Vendor ID")
"""Values of which a display has one; an empty connector has none."""
_PIXELS = re.compile(r"(\d{3,5}) ?x ?(\d{3,5})(?!\d)")


def read(machine: Machine) -> Iterator[Item]:
    """`monitor` by its name, of every graphics card. Raises NotHere where system_profiler tells of none."""
    found = False
    for card in section(machine, "SPDisplaysDataType", "Graphics/Displays").nodes:
        for display in (*card.nodes, *card.first("Displays").nodes):
            if any(label in display.values for label in SAYING):
                found = True
                yield _monitor(machine, display)
    if not found:
        raise NotHere("no monitor")


def _monitor(machine: Machine, display: Node) -> Item:
    maker, year = _maker(_hexadecimal(display.raw("Vendor ID"))), number(display.raw("Year of Manufacture"))
    week = number(display.raw("Week of Manufacture")) or 0
    serial = serial_of(maker, display.text("Display Serial Number"), _hexadecimal(display.raw("Serial Number in EDID")))
    # JSON's resolution is that of what is drawn, which the panel need not have
    shown = display.raw("Panel Resolution") or ("" if "Pixels" in display.values else display.raw("Resolution"))
    pixels = _PIXELS.search(shown)
    return item(
        "monitor",
        display.name,
        {
            "connector": display.text("Connection Type"),
            "maker": maker_name(machine, maker) or maker if maker else "",
            "maker_code": maker,
            "model": display.name,
            "product_code": _hexadecimal(display.raw("Product ID")) or None,
            "serial": serial.text,
            "serial_source": serial.source,
            "serial_confidence": serial.confidence,
            "serial_other": serial.other,
            "year": year if year and year > FIRST_YEAR else None,
            "week": week if 0 < week <= LAST_WEEK else None,
            "native": f"{pixels[1]}x{pixels[2]}" if pixels else None,
        },
    )


def _maker(packed: int) -> str:
    """The three letters; Apple's own panels have a number that spells none."""
    try:
        return maker_letters(packed)
    except Malformed:
        return ""


def _hexadecimal(text: str) -> int:
    try:
        return int(text, 16) if len(text) < 11 else 0
    except ValueError:
        return 0
