"""What WMI says of the hardware where Windows does not hand out the SMBIOS table: system, board, BIOS, CPUs, memory.

On a live Windows firmware's own table tells more (memory.py, processor.py, system.py); this is for recordings.
"""

from __future__ import annotations

import re

from keskidee_agent.host.placeholders import said, said_uuid
from keskidee_agent.inventory import words
from keskidee_agent.inventory.firmware import firmware_of
from keskidee_agent.inventory.jedec import maker_of
from keskidee_agent.inventory.layout import MEMORY, PROCESSOR
from keskidee_agent.inventory.quantities import plain_text
from keskidee_agent.inventory.registry import MACHINE, registry_of, text, whole
from keskidee_agent.inventory.wmi import some
from keskidee_agent.inventory.wmi_rows import Row
from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.registry import Value as RegistryValue
    from keskidee_report.items import Item, Value

PLATFORMS = ("windows",)
KINDS = ("system", "board", "bios", "chassis", "processor", "memory", "memory_array")
CPU_KEY = rf"{MACHINE}\HARDWARE\DESCRIPTION\System\CentralProcessor"
KILOBYTE = 1024
# CIM_Chip.FormFactor and CIM_PhysicalMemory.MemoryType; the numbers are not SMBIOS'
FORM_FACTOR = {2: "SIP", 3: "DIP", 4: "ZIP", 7: "SIMM", 8: "DIMM", 9: "TSOP", 11: "RIMM", 12: "SODIMM", 13: "SRIMM"}
MEMORY_TYPE = {2: "DRAM", 4: "Cache DRAM", 6: "EDRAM", 17: "SDRAM", 19: "RDRAM", 20: "DDR", 21: "DDR2"}
MEMORY_TYPE |= {22: "DDR2 FB-DIMM", 24: "DDR3", 25: "FBD2", 26: "DDR4", 34: "DDR5"}
CORRECTION = {3: "None", 4: "Parity", 5: "Single-bit ECC", 6: "Multi-bit ECC", 7: "CRC"}
MAKERS = {"genuineintel": "Intel", "authenticamd": "AMD", "intel": "Intel"}
_IDENTIFIER = re.compile(r"Family (\d+) Model (\d+) Stepping (\d+)")


def read(machine: Machine) -> Iterator[Item]:
    """The kinds of the firmware sources with the same fields. Raises NotHere where firmware's own table is read."""
    try:
        records = firmware_of(machine)
    except (NotHere, Denied, TimedOut, OSError):
        pass
    else:
        if records.of(MEMORY) or records.of(PROCESSOR):
            raise NotHere("SMBIOS tells it")
    yield from _boards(machine)
    yield from _processors(machine)
    arrays = some(machine, "Win32_PhysicalMemoryArray")
    modules = some(machine, "Win32_PhysicalMemory")
    slots = [row.text("DeviceLocator") for row in modules]
    for number, (row, slot) in enumerate(zip(modules, slots, strict=True), 1):
        shared = slots.count(slot) > 1  # keyed as memory.py does it
        bank = row.text("BankLabel")
        place = " ".join(part for part in ((slot, bank) if shared else (slot,)) if part) or bank or f"slot {number}"
        yield _module(place, row)
    for number, row in enumerate(arrays, 1):
        yield _array(number, row)


def _boards(machine: Machine) -> Iterator[Item]:
    for computer in some(machine, "Win32_ComputerSystem")[:1]:
        product = (some(machine, "Win32_ComputerSystemProduct") or [Row({})])[0]
        bios = (some(machine, "Win32_BIOS") or [Row({})])[0]
        fields = {
            "maker": computer.text("Manufacturer"),
            "model": computer.text("Model"),
            "version": product.text("Version"),
            "serial": product.text("IdentifyingNumber") or bios.text("SerialNumber"),
            "uuid": said_uuid(product.raw("UUID")),
            "sku": computer.text("SystemSKUNumber"),
            "family": computer.text("SystemFamily"),
        }
        if any(fields.values()):
            yield item("system", "system", fields)
    for row in some(machine, "Win32_BIOS")[:1]:
        version = row.raw("SMBIOSBIOSVersion") or row.raw("Version")
        fields = {"maker": row.text("Manufacturer"), "version": version, "date": row.day("ReleaseDate") or ""}
        yield item("bios", "bios", fields)
    for row in some(machine, "Win32_BaseBoard")[:1]:
        yield item("board", "board", _made(row, "Product"))
    for row in some(machine, "Win32_SystemEnclosure")[:1]:
        kinds = row.texts("ChassisTypes")
        kind = words.CHASSIS.get(int(kinds[0])) if kinds and kinds[0].isdecimal() and len(kinds[0]) < 4 else None
        yield item("chassis", "chassis", {**_made(row, "Model"), "type": kind, "asset_tag": row.text("SMBIOSAssetTag")})


def _made(row: Row, model: str) -> dict[str, Value | None]:
    names = {"maker": "Manufacturer", "model": model, "version": "Version", "serial": "SerialNumber"}
    return {ours: row.text(theirs) for ours, theirs in names.items()}


def _processors(machine: Machine) -> Iterator[Item]:
    """A chip a row; the registry, which has one key a logical processor, knows its name better than old versions do."""
    try:
        registry = registry_of(machine)
        keys = [registry.values(rf"{CPU_KEY}\{name}") for name in registry.below(CPU_KEY)]
    except NotHere:
        keys = []
    rows = some(machine, "Win32_Processor")
    for number, row in enumerate(rows or ([Row({})] if keys else []), 1):
        kernel = keys[(number - 1) * len(keys) // len(rows)] if rows and keys else keys[0] if keys else {}
        slot = row.text("SocketDesignation")
        yield item("processor", slot or f"socket {number}", {"slot": slot, **_processor(row, kernel)})


def _processor(row: Row, kernel: dict[str, RegistryValue]) -> dict[str, Value | None]:
    told = _IDENTIFIER.search(text(kernel, "Identifier") or row.raw("Description"))
    family, model, stepping = told.groups() if told else (None, None, None)
    name = text(kernel, "ProcessorNameString") or row.text("Name")
    maker = text(kernel, "VendorIdentifier") or row.text("Manufacturer")
    cores, threads = row.number("NumberOfCores"), row.number("NumberOfLogicalProcessors")
    clock, megahertz = row.number("MaxClockSpeed"), whole(kernel, "~MHz")
    return {
        "maker": MAKERS.get(maker.lower(), maker),
        "model": " ".join(name.split()),
        "description": text(kernel, "Identifier") or row.text("Description"),
        "id": row.text("ProcessorId"),
        "cores": cores,
        "cores_enabled": row.number("NumberOfEnabledCore") or cores,
        "threads": threads,
        "threads_per_core": threads // cores if threads and cores and threads % cores == 0 else None,
        "speed_hertz": (clock or megahertz or 0) * 1_000_000 or None,
        "external_clock_hertz": (row.number("ExtClock") or 0) * 1_000_000 or None,
        "family_number": family,
        "model_number": model,
        "stepping": stepping,
        "serial": row.text("SerialNumber"),
        "part": row.text("PartNumber"),
    }


def _module(place: str, row: Row) -> Item:
    slot, bank, maker = row.text("DeviceLocator"), row.text("BankLabel"), row.text("Manufacturer")
    named, part = maker_of(maker), row.text("PartNumber")
    kind = words.MEMORY_TYPE.get(row.number("SMBIOSMemoryType") or 0) or MEMORY_TYPE.get(row.number("MemoryType") or 0)
    return item(
        "memory",
        place,
        {
            "slot": slot,
            "bank": bank,
            "size_bytes": row.number("Capacity"),
            "type": None if kind in ("Other", "Unknown", "Reserved") else kind,
            "form_factor": FORM_FACTOR.get(row.number("FormFactor") or 0),
            "speed_transfers_per_second": (row.number("Speed") or 0) * 1_000_000 or None,
            "configured_transfers_per_second": (row.number("ConfiguredClockSpeed") or 0) * 1_000_000 or None,
            "maker": named or maker,
            "maker_code": maker if named and named != maker else None,
            "part": said(plain_text(part)),
            "serial": row.text("SerialNumber"),
        },
    )


def _array(number: int, row: Row) -> Item:
    kilobytes = row.number("MaxCapacityEx") or row.number("MaxCapacity")
    fields = {
        "use": {3: "System Memory"}.get(row.number("Use") or 0),
        "slots": row.number("MemoryDevices"),
        "maximum_bytes": kilobytes * KILOBYTE if kilobytes else None,
        "error_correction": CORRECTION.get(row.number("MemoryErrorCorrection") or 0),
    }
    return item("memory_array", f"array {number}", fields)
