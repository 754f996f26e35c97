"""What makers leave in fields that were never filled in is absent; what says something stays."""

import pytest

from keskidee_agent.host.placeholders import said, said_uuid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "To be filled by O.E.M.",
        "TO BE FILLED BY O.E.M",
        "Default string",
        "System Product Name",
        "System Serial Number",
        "Not Specified",
        "None",
        "N/A",
        "0",
        "00000000",
        "0000000000000000",
        "xxxxxxxxxxx",
        "........",
        "-",
        "FFFFFFFF",
        "123456789",
        "01234567890123456789",
        "0123456789ABCDEF",
        "9876543210",
        "SYS-1234567890",
        "BSN12345678901234567",
        "XxXxXxX",
        "(none)",
        "Manufacturer not set",
        "OEM Define 3",
        "Type2 - Board Serial Number",
    ],
)
def test_a_placeholder_says_nothing(text: str) -> None:
    assert said(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "7N62AI2",
        "PowerEdge R6515",
        "Dell Inc.",
        "00A1",
        "X510",
        "F0FXX",
        "S/N 1",
        "PF12345678",
        "12345679",
        "CN-1234567",
        "DEADBEEF",
    ],
)
def test_what_says_something_stays(text: str) -> None:
    assert said(f" {text} ") == text


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("serial", "1.1", ""),
        ("serial", "11111111", ""),
        ("version", "1.1", "1.1"),
        ("Version", "2.2.2", "2.2.2"),
        ("revision", "00", ""),
        ("version", "0.0.0", ""),
        ("version", "x.x.x", ""),
        ("version", "To be filled by O.E.M.", ""),
        ("slot", "0", "0"),
        ("DeviceLocator", "111", "111"),
        ("Location", "1.1", "1.1"),
        ("slot", "Not Specified", ""),
    ],
)
def test_digits_are_a_version_or_a_place_where_they_would_be_no_serial_number(field: str, text: str, told: str) -> None:
    assert said(text, field) == told


@pytest.mark.parametrize(
    "uuid",
    [
        "",
        "Not Settable",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "03000200-0400-0500-0006-000700080009",
        "4c4c4544-004e-3610-8032-b7c04f41493",
        "zc4c4544-004e-3610-8032-b7c04f414932",
    ],
)
def test_a_uuid_that_machines_share_is_none(uuid: str) -> None:
    assert said_uuid(uuid) == ""


def test_a_uuid_is_told_in_lower_case() -> None:
    assert said_uuid("4C4C4544-004E-3610-8032-B7C04F414932\n") == "4c4c4544-004e-3610-8032-b7c04f414932"
