"""Slots for cards and the sockets outside and inside, as the board's firmware lists them (DSP0134, 7.9 and 7.10)."""

from __future__ import annotations

from keskidee_agent.inventory.firmware import firmware_of
from keskidee_agent.inventory.layout import PORT, SLOT
from keskidee_report.items import item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.firmware import Record
    from keskidee_report.items import Item

PLATFORMS = ("linux", "windows")
KINDS = ("slot", "port")
USED = {"in use": True, "available": False}


def read(machine: Machine) -> Iterator[Item]:
    """`slot`: name, type, whether it is used, PCI address. `port`: its name on the board and outside, and its type.

    Raises NotHere, or Denied without the right to read SMBIOS.
    """
    firmware = firmware_of(machine)
    for number, record in enumerate(firmware.of(SLOT), 1):
        yield _slot(number, record)
    for number, record in enumerate(firmware.of(PORT), 1):
        yield _port(number, record)
    firmware.check()


def _slot(number: int, record: Record) -> Item:
    name = record.text("name")
    return item(
        "slot",
        name or f"slot {number}",
        {
            "name": name,
            "type": record.text("type"),
            "used": USED.get(record.text("usage").lower().rstrip(".")),
            "number": str(record.fields.get("number", "")),
            "address": record.text("address"),
        },
    )


def _port(number: int, record: Record) -> Item:
    name, external = record.text("name"), record.text("external_name")
    return item(
        "port",
        external or name or f"port {number}",
        {
            "name": name,
            "external_name": external,
            "internal_connector": record.text("internal_connector"),
            "connector": record.text("connector"),
            "type": record.text("type"),
        },
    )
