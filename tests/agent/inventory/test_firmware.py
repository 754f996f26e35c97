"""SMBIOS in its two forms: the binary table, and dmidecode's text of the same structures."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory.firmware import from_table, from_text
from keskidee_agent.inventory.jedec import maker_of
from keskidee_agent.inventory.layout import FIELDS, module_maker
from keskidee_agent.inventory.quantities import iso_date, megahertz, plain_text, size_bytes
from tests.agent.anything import contents
from tests.agent.inventory.reading import items_in
from tests.agent.inventory.tables import TABLE
from tests.agent.tables import structure

TEXT = """\
Handle 0x0004, DMI type 4, 44 bytes
Processor Information
\tSocket Designation: CPU 1
\tType: Central Processor
\tFamily: Xeon
\tManufacturer: Intel
\tID: F2 06 03 00 FF FB EB BF
\tVersion: Xeon E5
\tExternal Clock: 100 MHz
\tMax Speed: 4000 MHz
\tCurrent Speed: 2300 MHz
\tStatus: Populated, Enabled
\tSerial Number: S-1
\tAsset Tag: Tag
\tPart Number: P-1
\tCore Count: 18
\tCore Enabled: 4
\tThread Count: 36

Handle 0x0010, DMI type 16, 23 bytes
Physical Memory Array
\tUse: System Memory
\tError Correction Type: Multi-bit ECC
\tMaximum Capacity: 1 TB
\tNumber Of Devices: 2

Handle 0x0011, DMI type 17, 40 bytes
Memory Device
\tArray Handle: 0x0010
\tSize: 64 GB
\tForm Factor: SODIMM
\tLocator: DIMM 0
\tBank Locator: BANK 0
\tType: DDR4
\tSpeed: 3200 MT/s
\tManufacturer: Samsung
\tSerial Number: 12AB34CD
\tAsset Tag: T
\tPart Number: M471
\tRank: 2
\tConfigured Memory Speed: 2933 MT/s
\tModule Manufacturer ID: Bank 1, Hex 0xCE

Handle 0x0016, DMI type 22, 26 bytes
Portable Battery
\tLocation: Front
\tManufacturer: SMP
\tName: 00HW023
\tDesign Capacity: 48000 mWh
\tDesign Voltage: 11100 mV
\tSBDS Version: 03.01
\tSBDS Serial Number: 61E6
\tSBDS Manufacture Date: 2010-01-15
\tSBDS Chemistry: LiP

Handle 0x0027, DMI type 39, 22 bytes
System Power Supply
\tLocation: PSU1
\tName: PWS
\tManufacturer: Super
\tSerial Number: S-9
\tAsset Tag: A-9
\tModel Part Number: PN-9
\tRevision: 1.0
\tMax Power Capacity: 460 W
\tStatus: Present, OK
\tPlugged: Yes
\tHot Replaceable: Yes

Handle 0x0009, DMI type 9, 17 bytes
System Slot Information
\tDesignation: Slot 3
\tType: x16 PCI Express 3 x16
\tCurrent Usage: In Use
\tID: 3
\tCharacteristics:
\t\t3.3 V is provided
\tBus Address: 0000:01:14.2

Handle 0x0008, DMI type 8, 9 bytes
Port Connector Information
\tInternal Reference Designator: J1
\tInternal Connector Type: None
\tExternal Reference Designator: LAN
\tExternal Connector Type: RJ-45
\tPort Type: Network Port
"""
OLD_TEXT = """\
# dmidecode 2.2
Handle 0x0001
        DMI type 1, 25 bytes.
        System Information
                Manufacturer: innotek GmbH
                Product Name: VirtualBox
"""


def test_both_forms_say_the_same() -> None:
    table = {record.kind: dict(record.fields) for record in from_table(TABLE).records if record.kind > 3}
    text = {record.kind: dict(record.fields) for record in from_text(TEXT.encode()).records}
    table.pop(127)
    assert {kind: {**fields, "array": ""} for kind, fields in table.items()} == {
        kind: {**fields, "array": ""} for kind, fields in text.items()
    }


def test_every_field_of_the_layout_is_in_both_forms() -> None:
    text = {record.kind: set(record.fields) for record in from_text(TEXT.encode()).records}
    optional = {"date", "chemistry"}
    missing = {kind: {field.name for field in FIELDS[kind]} - names - optional for kind, names in text.items()}
    assert {kind: names for kind, names in missing.items() if names} == {}


def test_the_text_of_an_old_dmidecode_is_read() -> None:
    [record] = from_text(OLD_TEXT.encode()).records
    assert (record.kind, record.handle, record.fields) == (
        1,
        "0x0001",
        {"maker": "innotek GmbH", "model": "VirtualBox"},
    )


def test_memory_of_old_firmware_is_read_in_both_forms() -> None:
    table = structure(6, struct.pack("<BBBHBBB", 1, 0x10, 60, 0x0500, 0x07, 0x07, 0), ["DIMM1"])
    text = "Handle 0x0006, DMI type 6, 12 bytes\nMemory Module\n\tSocket Designation: DIMM1\n\tType: DIMM SDRAM\n"
    wanted = {"slot": "DIMM1", "size_bytes": 128 << 20, "type": "DIMM SDRAM"}
    both = from_table(table), from_text((text + "\tInstalled Size: 128 MB (Single-bank Connection)\n").encode())
    assert [[dict(record.fields) for record in firmware.records] for firmware in both] == [[wanted], [wanted]]


@pytest.mark.parametrize(
    ("said", "number"),
    [("Bank 1, Hex 0xCE", "00CE"), ("Bank 12, Hex 0x0d", "0B0D"), ("Unknown", None), ("Bank 0, Hex 0xCE", None)],
)
def test_the_number_of_a_modules_maker(said: str, number: str | None) -> None:
    assert module_maker(said) == number


def test_a_module_whose_maker_is_a_number_alone_has_its_name(tmp_path: Path) -> None:
    head = "Handle 0x0011, DMI type 17, 92 bytes\nMemory Device\n\tSize: 8 GB\n\tLocator: A1\n\tManufacturer: Unknown\n"
    texts = [f"{head}\tModule Manufacturer ID: {number}\n" for number in ("Bank 1, Hex 0xAD", "Bank 9, Hex 0x7F")]
    made = [items_in(tmp_path, "memory", {"commands/dmidecode": text})[0].fields.get("maker") for text in texts]
    assert made == ["SK Hynix", None]


def test_a_bank_of_memory_in_the_words_of_the_first_dmidecodes() -> None:
    text = "Handle 0x0006\n\tDMI type 6, 12 bytes.\n\tMemory Bank\n\t\tSocket: DIMM1\n\t\tInstalled Size: 128 Mbyte\n"
    [record] = from_text(text.encode()).records
    assert record.fields == {"slot": "DIMM1", "size_bytes": 128 << 20}


def test_a_broken_table_keeps_what_came_before_and_says_so() -> None:
    firmware = from_table(TABLE[:-40])
    assert (len(firmware.of(17)), firmware.fault is None) == (1, False)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"dmidecode: command not found\n", b"Handle 0x\n", b"Handle 0x1, DMI type\n"]
)
def test_text_without_structures_is_malformed(content: bytes) -> None:
    firmware = from_text(content)
    assert (firmware.records, firmware.fault is None) == ((), False)


@given(contents("Handle 0x1,DMI type:\t\n 17byesSzGBM", [TEXT.encode(), OLD_TEXT.encode()]))
def test_any_text_gives_records_or_a_fault(content: bytes) -> None:
    firmware = from_text(content)
    assert firmware.records or firmware.fault


@given(contents("\x00\x11\x04\x7f\x1a", [TABLE]))
def test_any_table_gives_records_or_a_fault(content: bytes) -> None:
    firmware = from_table(content)
    assert firmware.records or firmware.fault


@pytest.mark.parametrize(
    ("code", "maker"),
    [
        ("0x7F7F7F0B00000000", "Nanya"),
        ("CE00000000000000", "Samsung"),
        ("00CE00B380CE", "Samsung"),
        ("80AD000080AD", "SK Hynix"),
        ("859B", "Crucial"),
        ("0x7F98000000000000", "Kingston"),
        ("Samsung", ""),
        ("", ""),
        ("7F7F7F7F7F7F7F7F", ""),
    ],
)
def test_a_jedec_code_names_the_maker(code: str, maker: str) -> None:
    assert maker_of(code) == maker


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("16 GB", 16 << 30),
        ("8192 kB", 8 << 20),
        ("1.5 GiB", 3 << 29),
        ("256 Mbyte", 256 << 20),
        ("No Module Installed", None),
        ("0 MB", None),
        ("99999999999999999 TB", None),
    ],
)
def test_sizes(text: str, size: int | None) -> None:
    assert size_bytes(text) == size


def test_speeds_and_dates() -> None:
    assert [megahertz(text) for text in ("533 MHz (1.9 ns)", "3200 MT/s", "Xeon @ 2.40GHz", "Unknown")] == [
        *(533_000_000, 3_200_000_000, 2_400_000_000, None)
    ]
    assert [iso_date(text) for text in ("05/26/2016", "1980-00-00", "12/01/06", "2008")] == [
        *("2016-05-26", None, "2006-12-01", None)
    ]


def test_hexadecimal_digits_that_spell_a_text_are_that_text() -> None:
    assert [plain_text(text) for text in ("0x4D3320373854", "0x750174F7", "M471")] == ["M3 78T", "0x750174F7", "M471"]


@pytest.mark.parametrize("quantity", [size_bytes, megahertz, iso_date, plain_text])
@given(text=st.text(alphabet="0123456789 .:/-xMGTkBHzs٣é", max_size=40))
def test_a_quantity_is_one_or_nothing(quantity: Callable[[str], int | str | None], text: str) -> None:
    assert isinstance(quantity(text), int | str | None)
