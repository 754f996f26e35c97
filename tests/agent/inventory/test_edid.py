"""What an EDID says of a monitor: its maker, its serial number and where that comes from, and what is broken."""

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory import edid
from keskidee_report.model import Malformed
from tests.agent.inventory.reading import items
from tests.agent.inventory.specimens import block
from tests.agent.recordings import write_files


def test_an_edid_says_what_a_monitor_is() -> None:
    told = edid.parse(block())
    assert (told.maker, told.name, told.serial.text, told.week, told.year) == ("DEL", "P24", "SERIAL-1", 35, 2019)
    assert (told.width, told.height, told.native, told.digital) == (527, 296, "1920x1080", True)


@pytest.mark.parametrize(
    ("maker", "text", "number", "serial"),
    [
        ("DEL", "C064652L3KTL", 0, ("C064652L3KTL", edid.DESCRIPTOR, edid.HIGH, "")),
        ("ACR", "LXMEE0204222", 0x80905D6C, ("LXMEE02080905d6c4222", edid.COMPOSED, edid.MEDIUM, "LXMEE0204222")),
        ("GSM", "", 0x00052AF4, ("9Y676", edid.COMPOSED, edid.MEDIUM, "00052af4")),
        ("BNQ", "V5J00208019", 0x5445, ("ETV5J00208019", edid.COMPOSED, edid.MEDIUM, "V5J00208019")),
        ("TOS", "", 4, ("00000004", edid.NUMBER, edid.LOW, "")),
        ("IVM", "", 0x01010101, ("", "", "", "")),
        ("IVM", "0000000000000", 0, ("", "", "", "")),
    ],
)
def test_where_a_serial_number_comes_from(maker: str, text: str, number: int, serial: tuple[str, ...]) -> None:
    found = edid.serial_of(maker, text, number)
    assert (found.text, found.source, found.confidence, found.other) == serial


def closed(body: bytes) -> bytes:
    """A block of 128 bytes with the right checksum."""
    body = body.ljust(127, b"\0")
    return body + bytes(((-sum(body)) % 256,))


DISPLAY_ID = closed(bytes((0x70, 0x12, 20, 0, 0, 0x00, 0, 12)) + b"DEL" + struct.pack("<HI", 0xD0DA, 0x12345678))
CTA = closed(bytes((0x02, 3, 4, 0)) + b"\0\0\0\xff\0" + b"CN-0X1\n".ljust(13))


@pytest.mark.parametrize(
    ("extensions", "serial"),
    [
        (DISPLAY_ID, ("12345678", edid.NUMBER)),
        (CTA, ("CN-0X1", edid.DESCRIPTOR)),
        (CTA + DISPLAY_ID, ("CN-0X1", edid.DESCRIPTOR)),
        (DISPLAY_ID[:-1] + b"\0", ("", "")),
        (DISPLAY_ID[:100], ("", "")),
        (closed(bytes((0x70, 0x20, 20, 0, 0, 0x00, 0, 12))), ("", "")),
        (closed(b"\x70\x12\xff\0\0\x01\0\xff"), ("", "")),
        (closed(b"\x02\x03\x7f\0"), ("", "")),
    ],
)
def test_a_serial_number_that_only_an_extension_has(extensions: bytes, serial: tuple[str, str]) -> None:
    told = edid.parse(block(text=b"") + extensions).serial
    assert (told.text, told.source) == serial
    assert edid.parse(block() + extensions).serial.text == "SERIAL-1"


@pytest.mark.parametrize(("packed", "maker"), [(0x367F, "MS_"), (0, ""), (0x10A0, "")])
def test_a_maker_that_is_no_three_letters_costs_no_monitor(packed: int, maker: str) -> None:
    told = edid.parse(block(maker=packed))
    assert (told.maker, told.serial.text) == (maker, "SERIAL-1")


@pytest.mark.parametrize("raw", [b"", block()[:127], block()[:-1] + b"\0", b"\0" * 128, block(maker=0x90AC)])
def test_a_broken_edid_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        edid.parse(raw)


def test_a_monitor_with_a_broken_edid_is_told_with_the_fault(tmp_path: Path) -> None:
    write_files(tmp_path, {"sys/class/drm/card0-DP-1/edid": block()[:-1] + b"\0", "sys/class/drm/card0/dev": "226:0"})
    [monitor] = items(tmp_path, "monitor")
    assert (str(monitor["fault"])[:28], "serial" in monitor) == ("EDID with a wrong checksum: ", False)


@given(
    st.one_of(
        st.binary(max_size=140), st.binary(min_size=118, max_size=118).map(lambda b: edid.MAGIC + b"\x10\xac" + b)
    )
)
def test_any_edid_is_read_or_malformed(raw: bytes) -> None:
    closed = raw[:127] + bytes(((-sum(raw[:127])) % 256,)) if len(raw) == 128 else raw
    with suppress(Malformed):
        assert len(edid.parse(closed).maker) == 3
