"""What each kind of SMBIOS structure holds: one table for both forms, the binary one and dmidecode's text.

Source: DMTF DSP0134 (SMBIOS 3.7), clause 7; labels are those of dmidecode(8), older spellings behind newer ones.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from keskidee_agent.host.smbios import uuid_text
from keskidee_agent.inventory import words
from keskidee_agent.inventory.quantities import iso_date, megahertz, positive, size_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keskidee_agent.host.smbios import Structure
    from keskidee_report.items import Value

BIOS, SYSTEM, BOARD, CHASSIS, PROCESSOR, PORT, SLOT = 0, 1, 2, 3, 4, 8, 9
OLD_MEMORY, MEMORY_ARRAY, MEMORY, BATTERY, POWER_SUPPLY, TPM = 6, 16, 17, 22, 39, 43
PC_CARD = 7  # a slot's type
MIB = 1 << 20
_BANK = re.compile(r"Bank (\d{1,3}), Hex 0x([0-9A-Fa-f]{2})\Z")


class Field(NamedTuple):
    """One field: its name with us, how it is read from a structure, its labels in dmidecode's text."""

    name: str
    from_structure: Callable[[Structure], Value | None]
    labels: tuple[str, ...]
    from_text: Callable[[str], Value | None] = str


def whole(structure: Structure, offset: int, size: int) -> int | None:
    """The little-endian number at an offset; None where the structure is too old, or cut too short, to have it."""
    raw = structure.area[offset : offset + size]
    return int.from_bytes(raw, "little") if len(raw) == size else None


def text(name: str, offset: int, *labels: str) -> Field:
    """A field that is a string."""
    return Field(name, lambda structure: structure.text(offset), labels)


def word(name: str, offset: int, known: Mapping[int, str], *labels: str, mask: int = 0xFF) -> Field:
    """A field that is one byte of an enumeration."""

    def named(structure: Structure) -> Value | None:
        found = whole(structure, offset, 1)
        return None if found is None else known.get(found & mask)

    return Field(name, named, labels)


def count(name: str, offset: int, *labels: str, size: int = 1, extended: int = 0, none: int = 0xFF) -> Field:
    """A count; where it is `none`, the two bytes at `extended`, if the structure has them, tell more."""

    def counted(structure: Structure) -> Value | None:
        found = whole(structure, offset, size)
        if found == none:
            found = whole(structure, extended, 2) if extended else None
        return found or None

    return Field(name, counted, labels, positive)


def mega(name: str, offset: int, *labels: str, extended: int = 0) -> Field:
    """Two bytes of MHz or MT/s: times a million. 0xFFFF is told by the four bytes at `extended` (7.18.4)."""

    def speed(structure: Structure) -> Value | None:
        found = whole(structure, offset, 2)
        if found == 0xFFFF:
            found = (whole(structure, extended, 4) or 0) & 0x7FFFFFFF if extended else None
        return found * 1_000_000 if found else None

    return Field(name, speed, labels, megahertz)


def _date(offset: int, *labels: str) -> Field:
    return Field("date", lambda structure: iso_date(structure.text(offset) or ""), labels, iso_date)


def _release(name: str, offset: int, label: str) -> Field:
    def release(structure: Structure) -> Value | None:
        major, minor = whole(structure, offset, 1), whole(structure, offset + 1, 1)
        return None if major in (None, 0xFF) or minor in (None, 0xFF) else f"{major}.{minor}"

    return Field(name, release, (label,))


def _system_uuid(structure: Structure) -> Value | None:
    raw = structure.area[8:24]
    return uuid_text(raw) if len(raw) == 16 else None


def _memory_size(structure: Structure) -> Value | None:
    """7.18.5: MiB, or KiB where bit 15 is set; 0x7FFF: the four bytes at 0x1C; 0: empty; 0xFFFF: unknown."""
    size = whole(structure, 0x0C, 2)
    if size in (None, 0, 0xFFFF):
        return None
    assert size is not None
    if size == 0x7FFF:
        return ((whole(structure, 0x1C, 4) or 0) & 0x7FFFFFFF) << 20 or None
    return (size & 0x7FFF) << (10 if size & 0x8000 else 20) or None


def _module_maker(structure: Structure) -> Value | None:
    """7.18.8: JEP106's bank, counted from 0 and with a parity bit, and the maker's byte, as four digits: `00CE`."""
    found = whole(structure, 0x2C, 2)
    return f"{found & 0x7F:02X}{found >> 8:02X}" if found else None


def module_maker(said: str) -> str | None:
    """The same of `Bank 1, Hex 0xCE`, as dmidecode writes it."""
    found = _BANK.match(said)
    return f"{int(found[1]) - 1:02X}{found[2].upper()}" if found and 0 < int(found[1]) < 128 else None


def _old_size(structure: Structure) -> Value | None:
    """7.7.2: a power of two of MiB in the lower seven bits; 0x7D and above: unknown, not enabled, not installed."""
    power = (whole(structure, 0x09, 1) or 0x7F) & 0x7F
    return MIB << power if power < 0x20 else None


def _old_type(structure: Structure) -> Value | None:
    """7.7.1: a bit for each word."""
    bits = whole(structure, 0x07, 2) or 0
    return " ".join(name for bit, name in enumerate(words.OLD_MEMORY_TYPE) if bits >> bit & 1) or None


def _array_size(structure: Structure) -> Value | None:
    size = whole(structure, 0x07, 4)
    if size == 0x80000000:
        return whole(structure, 0x0F, 8) or None
    return size << 10 if size else None


def _processor_family(structure: Structure) -> Value | None:
    family = whole(structure, 0x06, 1)
    return words.FAMILY.get((whole(structure, 0x28, 2) if family == 0xFE else family) or 0)


def _processor_id(structure: Structure) -> Value | None:
    raw = structure.area[8:16]
    return raw[::-1].hex().upper() if len(raw) == 8 and any(raw) else None


def processor_id(said: str) -> str | None:
    """`F2 06 03 00 FF FB EB BF` as Windows writes it: BFEBFBFF000306F2, the flags and the signature of CPUID."""
    try:
        raw = bytes.fromhex(said)
    except ValueError:
        return None
    return raw[::-1].hex().upper() if len(raw) == 8 and any(raw) else None


def _populated(structure: Structure) -> Value | None:
    status = whole(structure, 0x18, 1)
    return None if status is None else bool(status & 0x40)


def _slot_type(structure: Structure) -> Value | None:
    kind = words.SLOT_TYPE.get(whole(structure, 0x05, 1) or 0)
    width = words.SLOT_WIDTH.get(whole(structure, 0x06, 1) or 0)
    return " ".join(part for part in (width, kind) if part not in (None, "Unknown", "Other")) or None


def _slot_number(structure: Structure) -> Value | None:
    """7.10.5: what the number means depends on the type: PC Cards have an adapter and a socket."""
    found, kind = whole(structure, 0x09, 2), whole(structure, 0x05, 1)
    if found is None:
        return None
    return f"Adapter {found & 0xFF}, Socket {found >> 8}" if kind == PC_CARD else str(found & 0xFF)


def _slot_address(structure: Structure) -> Value | None:
    segment, bus, device = whole(structure, 0x0D, 2), whole(structure, 0x0F, 1), whole(structure, 0x10, 1)
    if segment is None or bus is None or device is None or (segment, bus, device) == (0xFFFF, 0xFF, 0xFF):
        return None
    return f"{segment:04x}:{bus:02x}:{device >> 3:02x}.{device & 7}"


def _battery_energy(structure: Structure) -> Value | None:
    """7.23: milliwatt-hours at 0x0A times the multiplier at 0x15."""
    energy, factor = whole(structure, 0x0A, 2), whole(structure, 0x15, 1)
    return (energy * (factor or 1)) or None if energy else None


def _battery_serial(structure: Structure) -> Value | None:
    """The string, or where there is none the number of a smart battery (0x10)."""
    smart = whole(structure, 0x10, 2)
    return structure.text(0x07) or (str(smart) if smart else None)


def smart_serial(said: str) -> str | None:
    """The number of a smart battery, which dmidecode writes in hexadecimal and operating systems in decimal."""
    try:
        return str(int(said, 16)) if len(said) == 4 and int(said, 16) else None
    except ValueError:
        return None


def _battery_date(structure: Structure) -> Value | None:
    """The string, or 7.23's packed date at 0x12: day in 5 bits, month in 4, years since 1980 in 7."""
    packed = whole(structure, 0x12, 2)
    if structure.text(0x06) or not packed:
        return iso_date(structure.text(0x06) or "")
    return iso_date(f"{1980 + (packed >> 9)}-{packed >> 5 & 0x0F}-{packed & 0x1F}")


def _battery_chemistry(structure: Structure) -> Value | None:
    known = words.CHEMISTRY.get(whole(structure, 0x09, 1) or 0)
    return known if known not in (None, "Unknown", "Other") else structure.text(0x14)


def _power_bits(shift: int, bits: int) -> Callable[[Structure], int | None]:
    def found(structure: Structure) -> int | None:
        flags = whole(structure, 0x0E, 2)
        return None if flags is None else flags >> shift & ((1 << bits) - 1)

    return found


def _power_status(structure: Structure) -> Value | None:
    present, status = _power_bits(1, 1)(structure), _power_bits(7, 3)(structure)
    if present is None or status is None:
        return None
    return f"Present, {words.POWER_STATUS.get(status, 'Unknown')}" if present else "Not Present"


def _power_flag(shift: int, *, inverted: bool = False) -> Callable[[Structure], Value | None]:
    def flag(structure: Structure) -> Value | None:
        found = _power_bits(shift, 1)(structure)
        return None if found is None else bool(found) != inverted

    return flag


def _power_watts(structure: Structure) -> Value | None:
    watts = whole(structure, 0x0C, 2)
    return watts if watts and watts != 0x8000 else None


def yes(said: str) -> bool | None:
    """`Yes` and `No`; None for anything else."""
    return {"yes": True, "no": False}.get(said.strip().lower())


FIELDS: dict[int, tuple[Field, ...]] = {
    BIOS: (
        text("maker", 0x04, "Vendor"),
        text("version", 0x05, "Version"),
        _date(0x08, "Release Date", "Release"),
        _release("release", 0x14, "BIOS Revision"),
        _release("controller_release", 0x16, "Firmware Revision"),
    ),
    SYSTEM: (
        text("maker", 0x04, "Manufacturer", "Vendor"),
        text("model", 0x05, "Product Name", "Product"),
        text("version", 0x06, "Version"),
        text("serial", 0x07, "Serial Number"),
        Field("uuid", _system_uuid, ("UUID",), lambda said: said.lower()),
        text("sku", 0x19, "SKU Number"),
        text("family", 0x1A, "Family"),
    ),
    BOARD: (
        text("maker", 0x04, "Manufacturer", "Vendor"),
        text("model", 0x05, "Product Name", "Product"),
        text("version", 0x06, "Version"),
        text("serial", 0x07, "Serial Number"),
        text("asset_tag", 0x08, "Asset Tag"),
    ),
    CHASSIS: (
        text("maker", 0x04, "Manufacturer", "Vendor"),
        word("type", 0x05, words.CHASSIS, "Type", "Chassis Type", mask=0x7F),
        text("version", 0x06, "Version"),
        text("serial", 0x07, "Serial Number"),
        text("asset_tag", 0x08, "Asset Tag"),
    ),
    PROCESSOR: (
        text("slot", 0x04, "Socket Designation"),
        Field("populated", _populated, ("Status",), lambda said: said.lower().startswith("populated")),
        Field("family", _processor_family, ("Family",)),
        text("maker", 0x07, "Manufacturer", "Processor Manufacturer"),
        Field("id", _processor_id, ("ID",), processor_id),
        text("model", 0x10, "Version", "Processor Version"),
        mega("external_clock_hertz", 0x12, "External Clock"),
        mega("maximum_speed_hertz", 0x14, "Max Speed"),
        mega("speed_hertz", 0x16, "Current Speed"),
        text("serial", 0x20, "Serial Number"),
        text("asset_tag", 0x21, "Asset Tag"),
        text("part", 0x22, "Part Number"),
        count("cores", 0x23, "Core Count", extended=0x2A),
        count("cores_enabled", 0x24, "Core Enabled", extended=0x2C),
        count("threads", 0x25, "Thread Count", extended=0x2E),
    ),
    PORT: (
        text("name", 0x04, "Internal Reference Designator", "Internal Designator"),
        word("internal_connector", 0x05, words.CONNECTOR, "Internal Connector Type"),
        text("external_name", 0x06, "External Reference Designator", "External Designator"),
        word("connector", 0x07, words.CONNECTOR, "External Connector Type"),
        word("type", 0x08, words.PORT, "Port Type"),
    ),
    SLOT: (
        text("name", 0x04, "Designation", "Slot"),
        Field("type", _slot_type, ("Type",)),
        word("usage", 0x07, words.USAGE, "Current Usage", "Status"),
        Field("number", _slot_number, ("ID", "Slot ID")),
        Field("address", _slot_address, ("Bus Address",), lambda said: said.lower()),
    ),
    OLD_MEMORY: (
        text("slot", 0x04, "Socket Designation", "Socket"),
        Field("size_bytes", _old_size, ("Installed Size",), size_bytes),
        Field("type", _old_type, ("Type",)),
    ),
    MEMORY_ARRAY: (
        word("use", 0x05, words.ARRAY_USE, "Use"),
        word("error_correction", 0x06, words.CORRECTION, "Error Correction Type"),
        Field("maximum_bytes", _array_size, ("Maximum Capacity",), size_bytes),
        count("slots", 0x0D, "Number Of Devices", size=2, none=-1),
    ),
    MEMORY: (
        Field("array", lambda structure: _handle(whole(structure, 0x04, 2)), ("Array Handle",)),
        Field("size_bytes", _memory_size, ("Size",), size_bytes),
        word("form_factor", 0x0E, words.FORM_FACTOR, "Form Factor"),
        text("slot", 0x10, "Locator"),
        text("bank", 0x11, "Bank Locator"),
        word("type", 0x12, words.MEMORY_TYPE, "Type"),
        mega("speed_transfers_per_second", 0x15, "Speed", extended=0x54),
        text("maker", 0x17, "Manufacturer"),
        text("serial", 0x18, "Serial Number"),
        text("asset_tag", 0x19, "Asset Tag"),
        text("part", 0x1A, "Part Number"),
        Field("maker_number", _module_maker, ("Module Manufacturer ID",), module_maker),
        Field("rank", lambda structure: (whole(structure, 0x1B, 1) or 0) & 0x0F or None, ("Rank",), positive),
        mega(
            "configured_transfers_per_second", 0x20, "Configured Memory Speed", "Configured Clock Speed", extended=0x58
        ),
    ),
    BATTERY: (
        text("slot", 0x04, "Location"),
        text("maker", 0x05, "Manufacturer"),
        Field("date", _battery_date, ("Manufacture Date", "SBDS Manufacture Date"), iso_date),
        Field("serial", _battery_serial, ("Serial Number",)),
        Field("serial", lambda _: None, ("SBDS Serial Number",), smart_serial),
        text("model", 0x08, "Name"),
        Field("chemistry", _battery_chemistry, ("SBDS Chemistry", "Chemistry")),
        Field("design_milliwatt_hours", _battery_energy, ("Design Capacity",), positive),
        Field("design_millivolts", lambda structure: whole(structure, 0x0C, 2) or None, ("Design Voltage",), positive),
    ),
    POWER_SUPPLY: (
        text("slot", 0x05, "Location"),
        text("model", 0x06, "Name"),
        text("maker", 0x07, "Manufacturer"),
        text("serial", 0x08, "Serial Number"),
        text("asset_tag", 0x09, "Asset Tag"),
        text("part", 0x0A, "Model Part Number"),
        text("revision", 0x0B, "Revision"),
        Field("maximum_watts", _power_watts, ("Max Power Capacity",), positive),
        Field("status", _power_status, ("Status",)),
        Field("plugged", _power_flag(2, inverted=True), ("Plugged",), yes),
        Field("hot_replaceable", _power_flag(0), ("Hot Replaceable",), yes),
    ),
    TPM: (
        Field("maker", lambda structure: structure.area[4:8].decode("ascii", "replace").strip("\0 "), ("Vendor ID",)),
        Field(
            "specification_version",
            lambda structure: f"{structure.area[8]}.{structure.area[9]}" if len(structure.area) > 9 else None,
            ("Specification Version",),
        ),
    ),
}


def _handle(number: int | None) -> str | None:
    return None if number is None else f"0x{number:04X}"
