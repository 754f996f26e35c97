"""Monitors, by their EDID in /sys/class/drm (Documentation/gpu/drm-uapi.rst). Linux; no privilege.

A monitor that is switched off at its plug may say nothing; it is then absent, as one that was carried away.
"""

from __future__ import annotations

from keskidee_agent.inventory.pnp import maker_name
from keskidee_report.items import item
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("monitor",)
DRM = "sys/class/drm"


def read(machine: Machine) -> Iterator[Item]:
    """A monitor by its connector (`HDMI-A-1`; cards are numbered anew at each start).
    One whose EDID is broken has the raw bytes and the fault alone.

    Raises NotHere where no connector has a monitor.
    """
    found = False
    for name in machine.names(DRM, "card"):
        try:
            raw = machine.content(f"{DRM}/{name}/edid")
        except (NotHere, Malformed, OSError):  # a card, or a connector whose driver could not ask
            continue
        if raw:
            found = True
            yield monitor(machine, name.partition("-")[2] or name, raw)
    if not found:
        raise NotHere("no monitor")


def monitor(machine: Machine, connector: str, raw: bytes) -> Item:
    """The item of one EDID, wherever it was read."""
    from keskidee_agent.inventory import edid  # here: most machines, servers and virtual ones, have no monitor

    try:
        told = edid.parse(raw)
    except Malformed as fault:
        return item("monitor", connector, {"connector": connector, "fault": str(fault), "edid": raw.hex()})
    maker = maker_name(machine, told.maker) if told.maker else ""
    return item(
        "monitor",
        connector,
        {
            "connector": connector,
            "maker": maker or told.maker,
            "maker_code": told.maker,
            "model": told.name,
            "product_code": told.product,
            "serial": told.serial.text,
            "serial_source": told.serial.source,
            "serial_confidence": told.serial.confidence,
            "serial_other": told.serial.other,
            "year": told.year or None,
            "week": told.week or None,
            "year_is_model_year": told.is_model_year or None,
            "width_millimetres": told.width or None,
            "height_millimetres": told.height or None,
            "native": told.native,
            "input": "digital" if told.digital else "analog",
            "edid_version": told.version,
            "edid": raw.hex(),
        },
    )
