"""What a device is, by sysObjectID and sysDescr."""

import json
from pathlib import Path

import pytest

from keskidee_agent.devices.enterprises import MAKERS, maker_of
from keskidee_agent.devices.identify import identify
from keskidee_agent.devices.words import kind_in_words

ENTERPRISES = "1.3.6.1.4.1."


def test_most_of_520_devices_are_of_the_kind_that_others_say(shared_data: Path) -> None:
    devices = json.loads((shared_data / "snmp" / "identify_dev.json").read_text(encoding="utf-8"))
    wrong = [
        f"{device['record']}: {device['class']}, here {kind}"
        for device in devices
        if (kind := identify(device.get("sysObjectID"), device.get("sysDescr")).kind) != device["class"]
    ]
    right = 1 - len(wrong) / len(devices)
    print(f"kinds right: {right:.1%} of {len(devices)}", *wrong, sep="\n  ")
    assert right >= 0.95


@pytest.mark.parametrize(
    ("object_id", "words", "vendor", "kind"),
    [
        ("318.1.3.27", "", "APC", "power"),
        ("9.1.9999", "Cisco IOS Software, C9999", "Cisco", "network"),
        ("11.2.3.9.1", "HP ETHERNET MULTI-ENVIRONMENT,PID:HP LaserJet 4", "HP", "printer"),
        ("9.1.1034", "Cisco IOS Software, C1140 Software (C1140-K9W7-M), Version 12.4", "Cisco", "wireless"),
        ("9.1.1902", "Cisco Firepower FPR-2110", "Cisco", "firewall"),
        ("9.1.1682", "Cisco Unified Computing System", "Cisco", "server"),
        ("25506.1.1", "H3C Comware Platform Software, WX5540 Wireless Controller", "H3C", "wireless"),
        ("641.6.2.1", "Lexmark MX410de", "Lexmark", "printer"),
        ("25461.2.3.12", "Palo Alto Networks PA-500 series firewall", "Palo Alto", "firewall"),
        ("8072.3.2.10", "Linux db1 6.1.0-18-amd64 #1 SMP x86_64", None, "server"),
        ("8072.3.2.10", "Network camera 9", None, "camera"),
        ("99999999.1", "Nobody knows", None, None),
    ],
)
def test_makers_of_one_kind_go_by_number_others_by_words(
    object_id: str, words: str, vendor: str | None, kind: str | None
) -> None:
    known = identify(ENTERPRISES + object_id, words)
    assert (known.vendor, known.kind) == (vendor, kind)


@pytest.mark.parametrize("object_id", [None, "", "0.0", "1.3.6.1.4.1", "1.3.6.1.4.1.x", ".", "2.716653033"])
def test_an_odd_object_id_is_nobody(object_id: str | None) -> None:
    assert maker_of(object_id) is None
    assert identify(object_id, None).kind is None


def test_every_maker_has_a_name_and_a_kind() -> None:
    assert [number for number, maker in MAKERS.items() if not (maker.name and maker.kind)] == []


def test_a_printer_with_a_network_card_is_a_printer() -> None:
    assert kind_in_words("Ethernet print server of a switch") == "printer"
