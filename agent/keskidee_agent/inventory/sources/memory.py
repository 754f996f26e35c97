"""Memory modules, empty slots and what the board can take, from SMBIOS (DSP0134, 7.17 and 7.18)."""

from __future__ import annotations

from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.firmware import firmware_of
from keskidee_agent.inventory.jedec import maker_of
from keskidee_agent.inventory.layout import MEMORY, MEMORY_ARRAY, OLD_MEMORY
from keskidee_agent.inventory.quantities import plain_text
from keskidee_report.items import item
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.firmware import Record
    from keskidee_report.items import Item

PLATFORMS = ("linux", "windows")
KINDS = ("memory", "memory_slot", "memory_array")
BLOCKS = "sys/devices/system/memory"
NO_CORRECTION = ("None", "Other")


def read(machine: Machine) -> Iterator[Item]:
    """`memory`: a module by its slot. `memory_slot`: one that is empty. `memory_array`: slots and bytes at most.

    Without SMBIOS one `memory`, where Linux counts it. Raises NotHere where nobody knows of memory, Denied without
    the right to read SMBIOS.
    """
    try:
        firmware = firmware_of(machine)
    except NotHere:
        if not machine.exists(BLOCKS):
            raise
        yield _whole(machine)
        return
    arrays = {record.handle: record for record in firmware.of(MEMORY_ARRAY)}
    for number, record in enumerate(arrays.values(), 1):
        yield _array(number, record)
    devices = firmware.of(MEMORY) or firmware.of(OLD_MEMORY)  # before SMBIOS 2.1
    places = [(record.text("slot"), record.text("bank")) for record in devices]
    slots = [slot for slot, _ in places]
    for number, (record, (slot, bank)) in enumerate(zip(devices, places, strict=True), 1):
        shared = slots.count(slot) > 1
        place = " ".join(part for part in ((slot, bank) if shared else (slot,)) if part) or bank or f"slot {number}"
        array = arrays.get(str(record.fields.get("array", "")))
        yield _module(place, record, array) if record.number("size_bytes") else _slot(place, record, array)
    firmware.check()
    if not devices and not arrays:
        raise NotHere("firmware tells of no memory")


def _whole(machine: Machine) -> Item:
    """All memory in one, of a machine whose firmware has no tables (virtual ones): the blocks that Linux manages."""
    blocks = [name for name in machine.names(BLOCKS, "memory") if name[6:].isdecimal()]
    told = machine.text(f"{BLOCKS}/block_size_bytes")
    try:
        return item("memory", "system memory", {"size_bytes": len(blocks) * int(told, 16)})
    except ValueError:
        raise Malformed("not the size of a block of memory", told) from None


def _module(place: str, record: Record, array: Record | None) -> Item:
    maker, part = record.text("maker") or record.text("maker_number"), record.text("part")
    named, spelled = maker_of(maker), said(plain_text(part))
    return item(
        "memory",
        place,
        {
            **_place(record),
            "size_bytes": record.number("size_bytes"),
            "type": record.text("type"),
            "form_factor": record.text("form_factor"),
            "speed_transfers_per_second": record.number("speed_transfers_per_second"),
            "configured_transfers_per_second": record.number("configured_transfers_per_second"),
            "maker": named or record.text("maker"),
            "maker_code": maker if named else None,
            "part": spelled,
            "part_code": part if spelled != part else None,
            "serial": record.text("serial"),
            "asset_tag": record.text("asset_tag"),
            "rank": record.number("rank"),
            "error_correction": _correction(array),
        },
    )


def _slot(place: str, record: Record, array: Record | None) -> Item:
    return item(
        "memory_slot",
        place,
        {
            **_place(record),
            "type": record.text("type"),
            "form_factor": record.text("form_factor"),
            "maker": record.text("maker"),
            "error_correction": _correction(array),
        },
    )


def _correction(array: Record | None) -> str | None:
    found = array.text("error_correction") if array else ""
    return None if found in NO_CORRECTION else found


def _place(record: Record) -> dict[str, str]:
    return {"slot": record.text("slot"), "bank": record.text("bank")}


def _array(number: int, record: Record) -> Item:
    return item(
        "memory_array",
        f"array {number}",
        {
            "use": record.text("use"),
            "slots": record.number("slots"),
            "maximum_bytes": record.number("maximum_bytes"),
            "error_correction": record.text("error_correction"),
        },
    )
