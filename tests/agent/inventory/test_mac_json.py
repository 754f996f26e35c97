"""What Macs with Apple's own chips, and the newest and oldest macOS, say in JSON or XML: keys where text has words."""

import json
import plistlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from keskidee_report.items import Item
from keskidee_report.model import ABSENT, FAILED
from tests.agent.inventory.reading import found_in, items_in

SILICON = {
    "SPHardwareDataType": [
        {
            "_name": "hardware_overview",
            "chip_type": "Apple M2 Pro",
            "machine_model": "Mac14,9",
            "number_processors": "proc 10:6:4",
        }
    ],
    "SPMemoryDataType": [{"dimm_manufacturer": "Hynix", "dimm_type": "LPDDR5", "SPMemoryDataType": "16 GB"}],
    "SPDisplaysDataType": [
        {
            "_name": "kHW_AppleM2ProItem",
            "sppci_model": "Apple M2 Pro",
            "spdisplays_vendor": "sppci_vendor_Apple",
            "spdisplays_vram_shared": "12 GB",
        }
    ],
    "SPPowerDataType": [
        {
            "_name": "spbattery_information",
            "sppower_battery_health_info": {
                "sppower_battery_cycle_count": 58,
                "sppower_battery_health": "Good",
                "sppower_battery_health_maximum_capacity": "97\u00a0%",
            },
            "sppower_battery_model_info": {"sppower_battery_device_name": "bq40z651"},
        }
    ],
    "SPApplicationsDataType": [
        {"_name": "Maps", "arch_kind": "arch_arm_i64", "obtained_from": "apple", "version": "3.0"}
    ],
}
STICK = {
    "_name": "Extreme SSD",
    "product_id": "0x558c",
    "vendor_id": "0x0781  (SanDisk Corporation)",
    "manufacturer": "SanDisk",
    "serial_num": "32313436",
    "Media": [
        {
            "_name": "Extreme SSD",
            "bsd_name": "disk4",
            "removable_media": "yes",
            "size_in_bytes": 1000204886016,
            "volumes": [{"_name": "EFI", "bsd_name": "disk4s1", "size_in_bytes": 209715200}],
        }
    ],
}
KEYBOARD = {"_name": "Keyboard", "product_id": "0x029c", "vendor_id": "apple_vendor_id"}
VOLUMES = [
    {
        "_name": "Macintosh HD",
        "bsd_name": "disk3s1s1",
        "file_system": "APFS",
        "free_space_in_bytes": 250000000000,
        "mount_point": "/",
        "size_in_bytes": 494384795648,
        "writable": "no",
    },
    {"_name": "Update", "bsd_name": "disk3s2", "file_system": "APFS", "mount_point": "/System/Volumes/Update/mnt1"},
]
STORAGE = """Storage:

    Data:

      Free: 889,24 GB (889.238.786.048 bytes)
      Capacity: 994,66 GB (994.662.584.320 bytes)
      Mount Point: /System/Volumes/Data
      File System: APFS
      Writable: Yes
      BSD Name: disk3s5
      Physical Drive:
          Device Name: APPLE SSD AP1024R
"""


def told(tmp_path: Path, source: str, told: dict[str, Any]) -> list[Item]:
    return items_in(tmp_path, source, {"commands/system_profiler": json.dumps(told)})


def test_a_mac_with_apples_own_chip(tmp_path: Path) -> None:
    graphics: dict[str, str | int] = {"model": "Apple M2 Pro", "chip": "Apple M2 Pro", "maker": "Apple"}
    app = {"name": "Maps", "version": "3.0", "format": "application", "architecture": "Universal"}
    assert told(tmp_path, "mac", SILICON) == [
        Item("system", "system", {"maker": "Apple", "model": "Mac14,9"}),
        Item("platform", "platform", {"virtual": False}),
        Item("processor", "socket 1", {"maker": "Apple", "model": "Apple M2 Pro", "cores": 10}),
        Item("memory", "built in", {"size_bytes": 16 << 30, "type": "LPDDR5", "maker": "Hynix"}),
        Item("graphics", "Apple M2 Pro", {**graphics, "memory_bytes": 12 << 30}),
        Item("battery", "battery", {"model": "bq40z651", "condition": "Normal", "cycles": 58, "health_ratio": 0.97}),
        Item("software", "Maps", {**app, "obtained_from": "Apple"}),
    ]


@pytest.mark.parametrize(
    "form",
    [
        {"SPUSBDataType": [{"_name": "USB31Bus", "_items": [KEYBOARD]}]},
        {
            "SPUSBDataType": [],
            "SPUSBHostDataType": [
                {
                    "_items": [
                        {
                            "_name": "Keyboard",
                            "USBDeviceKeyVendorID": "0x05ac",
                            "USBDeviceKeyProductID": "0x029c",
                            "USBDeviceKeyVendorName": "Apple Inc.",
                        }
                    ]
                }
            ],
        },
        {
            "SPUSBDataType": [
                {"_items": [{"_name": "Keyboard", "a_product_id": "0x029c", "b_vendor_id": "0x05ac  (Apple Inc.)"}]}
            ]
        },
    ],
)
def test_usb_devices_of_every_macos(tmp_path: Path, form: dict[str, Any]) -> None:
    fields = {"vendor_id": "05ac", "product_id": "029c", "maker": "Apple Inc.", "model": "Keyboard"}
    assert told(tmp_path, "mac", form) == [Item("usb", "Keyboard", fields)]


def test_a_disk_on_usb_has_its_devices_serial_number_and_a_hub_repeats_none(tmp_path: Path) -> None:
    hub = {"_name": "Hub", "product_id": "0x0001", "vendor_id": "0x05e3", "_items": [STICK]}
    fields: dict[str, str | int] = {"model": "Extreme SSD", "maker": "SanDisk", "serial": "32313436"}
    fields |= {"size_bytes": 1000204886016, "removable": True, "transport": "USB"}
    assert told(tmp_path, "mac_disk", {"SPUSBDataType": [{"_items": [hub]}]}) == [Item("disk", "disk4", fields)]


def test_a_disk_that_nobody_formatted_has_no_name_in_the_system(tmp_path: Path) -> None:
    bare = {"_name": "ST2000DM", "device_model": "ST2000DM", "size_in_bytes": 2000398934016, "device_serial": "Z1"}
    fields: dict[str, str | int] = {"model": "ST2000DM", "serial": "Z1", "size_bytes": 2000398934016}
    [disk] = told(tmp_path, "mac_disk", {"SPSerialATADataType": [{"_items": [bare, {"device_model": "DVD"}]}]})
    assert disk == Item("disk", "ST2000DM", {**fields, "transport": "SATA"})


def test_volumes_without_those_that_are_parts_of_macos(tmp_path: Path) -> None:
    [root] = told(tmp_path, "mac_disk", {"SPStorageDataType": VOLUMES})
    fields: dict[str, str | int] = {"mount": "/", "device": "disk3s1s1", "type": "APFS", "label": "Macintosh HD"}
    fields |= {"size_bytes": 494384795648, "free_bytes": 250000000000, "read_only": True}
    assert root == Item("filesystem", "/", fields)


def test_volumes_in_words(tmp_path: Path) -> None:
    [data] = items_in(tmp_path, "mac_disk", {"commands/system_profiler": STORAGE})
    fields: dict[str, str | int] = {"mount": "/System/Volumes/Data", "device": "disk3s5", "type": "APFS"}
    fields |= {"label": "Data", "size_bytes": 994662584320, "free_bytes": 889238786048}
    assert data == Item("filesystem", "/System/Volumes/Data", fields)


@pytest.mark.parametrize(("model", "hypervisor"), [("VirtualMac2,1", "apple"), ("VMware20,1", "vmware")])
def test_a_virtual_mac(tmp_path: Path, model: str, hypervisor: str) -> None:
    overview = [{"_name": "hardware_overview", "machine_model": model}]
    _, platform = told(tmp_path, "mac", {"SPHardwareDataType": overview})
    assert platform == Item("platform", "platform", {"virtual": True, "hypervisor": hypervisor})


HISTORY = [
    {"displayName": "macOS 14.4.1", "displayVersion": "14.4.1", "processName": "softwareupdated"},
    {"displayName": "XProtectPlistConfigData", "displayVersion": "2190", "processName": "softwareupdated"},
    {"displayName": "XProtectPlistConfigData", "displayVersion": "2186", "processName": "softwareupdated"},
    {"displayName": "Microsoft Word", "displayVersion": "16.89", "processName": "installer"},
]


def test_updates_of_macos_each_once_and_no_applications(tmp_path: Path) -> None:
    dated = [{**each, "date": datetime(2024, 5, 4 - number)} for number, each in enumerate(HISTORY)]  # noqa: DTZ001 - plist
    path = "Library/Receipts/InstallHistory.plist"
    assert items_in(tmp_path, "mac_update", {path: plistlib.dumps(dated), "commands/system_profiler": ""}) == [
        Item("software_update", "macOS 14.4.1", {"version": "14.4.1", "installed_on": "2024-05-04"}),
        Item("software_update", "XProtectPlistConfigData", {"version": "2190", "installed_on": "2024-05-03"}),
    ]


@pytest.mark.parametrize(("history", "outcome"), [(b"<plist>", FAILED), (plistlib.dumps([1, {}]), ABSENT)])
def test_a_history_that_is_broken_or_empty_is_an_outcome(tmp_path: Path, history: bytes, outcome: str) -> None:
    files: dict[str, str | bytes] = {"Library/Receipts/InstallHistory.plist": history, "commands/system_profiler": ""}
    assert found_in(tmp_path, "mac_update", files).outcome == outcome


def test_packages_of_homebrew_with_the_version_that_came_last(tmp_path: Path) -> None:
    receipt = "opt/homebrew/Cellar/wget/{}/INSTALL_RECEIPT.json"
    files: dict[str, str | bytes] = {
        receipt.format("1.9"): '{"time": 1700000000}',
        receipt.format("1.24.5"): '{"time": 1720000000}',
        "opt/homebrew/Caskroom/firefox/128.0/Firefox.app/x": "",
        "opt/homebrew/Caskroom/firefox/.metadata/x": "",
        "commands/system_profiler": "",
    }
    wget = {"name": "wget", "version": "1.24.5", "format": "homebrew", "kind": "formula"}
    assert items_in(tmp_path, "mac_homebrew", files) == [
        Item("software", "homebrew wget", {**wget, "installed_on": "2024-07-03"}),
        Item("software", "homebrew firefox", {**wget, "name": "firefox", "version": "128.0", "kind": "cask"}),
    ]


def test_a_printer_of_a_mac_without_who_logs_on(tmp_path: Path) -> None:
    printer = {"_name": "Office", "uri": "smb://me:secret@server/queue", "shared": "no", "default": "yes"}
    fields: dict[str, str | bool] = {"name": "Office", "port": "smb://server/queue", "shared": False, "default": True}
    assert told(tmp_path, "mac", {"SPPrintersDataType": [{**printer, "printserver": "local"}]}) == [
        Item("printer", "Office", fields)
    ]
