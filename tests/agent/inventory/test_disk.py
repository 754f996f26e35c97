"""Disks: the kernel's and udev's part, smartctl's over it, and what of it a machine hides or denies."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory.smart import fields_of
from keskidee_report.items import Item
from keskidee_report.model import ABSENT, DENIED, OK
from tests.agent.inventory.reading import found_in, items_in
from tests.agent.inventory.test_smart_text import ATA_TEXT

SDA = {
    "sys/block/sda/device/vendor": "ATA     \n",
    "sys/block/sda/device/model": "WDC WD20EFRX-68E\n",
    "sys/block/sda/device/state": "running\n",
    "sys/block/sda/dev": "8:0\n",
    "sys/block/sda/size": "3907029168\n",
    "sys/block/sda/queue/rotational": "1\n",
    "sys/block/loop0/size": "8\n",
    "udev/data/b8:0": "E:ID_ATA=1\nE:ID_ATA_SATA=1\nE:ID_BUS=ata\nE:ID_ATA_ROTATION_RATE_RPM=5400\n"
    "E:ID_MODEL=WDC_WD20EFRX-68EUZN0\nE:ID_MODEL_ENC=WDC\\x20WD20EFRX-68EUZN0\\x20\\x20\n"
    "E:ID_SERIAL_SHORT=WD-WCC4M1234567\nE:ID_REVISION=82.00A82\nE:ID_WWN=0x50014ee2b1234567\n",
}
SDA_FIELDS: dict[str, str | int] = {
    "model": "WDC WD20EFRX-68EUZN0",
    "serial": "WD-WCC4M1234567",
    "firmware": "82.00A82",
    "size_bytes": 2000398934016,
    "transport": "SATA",
    "medium": "hdd",
    "rotation_rpm": 5400,
    "wwn": "0x50014ee2b1234567",
}
SCSI_TEXT = b"""smartctl 7.0 2018-12-30 r4883
=== START OF INFORMATION SECTION ===
Vendor:               HGST
Product:              HUH721212AL5200
Revision:             NS07
User Capacity:        11,756,399,230,976 bytes [11.7 TB]
Rotation Rate:        7200 rpm
Form Factor:          3.5 inches
Serial number:        D5G7WG8L
Transport protocol:   SAS (SPL-3)
SMART Health Status: OK
"""


def test_a_disk_is_known_without_smartctl(tmp_path: Path) -> None:
    found = found_in(tmp_path, "disk", dict(SDA))
    assert (found.outcome, found.items) == (OK, (Item("disk", "sda", SDA_FIELDS),))


def test_smartctl_adds_health_and_wear(tmp_path: Path) -> None:
    dump = {
        "device": {"name": "/dev/sda", "protocol": "ATA"},
        "smart_status": {"passed": False},
        "ata_smart_attributes": {"table": [{"id": 5, "raw": {"value": 8}}, {"id": 177, "value": 91}]},
        "rotation_rate": 0,
    }
    [item] = items_in(tmp_path, "disk", {**SDA, "commands/smartctl": json.dumps(dump)})
    assert item.fields == {
        **SDA_FIELDS,
        "protocol": "ATA",
        "medium": "ssd",
        "rotation_rpm": 0,
        "smart_passed": False,
        "reallocated_sectors": 8,
        "wear_ratio": 0.09,
    }


def test_a_recorded_output_of_one_disk_says_nothing_of_another(tmp_path: Path) -> None:
    dump = {"device": {"name": "/dev/sdb"}, "serial_number": "XYZ987"}
    other = {path.replace("sda", "sdb"): content for path, content in SDA.items() if "sda/" in path and "dev" in path}
    items = items_in(tmp_path, "disk", {**SDA, **other, "commands/smartctl": json.dumps(dump)})
    assert [(item.key, item.fields["serial"]) for item in items] == [("sda", "WD-WCC4M1234567"), ("sdb", "XYZ987")]


def test_without_root_the_disk_stays_and_the_outcome_says_what_is_missing(tmp_path: Path) -> None:
    refusal = {"smartctl": {"messages": [{"string": "Smartctl open device: /dev/sda failed: Permission denied"}]}}
    found = found_in(tmp_path, "disk", {**SDA, "commands/smartctl": json.dumps(refusal)})
    assert (found.outcome, [item.fields for item in found.items]) == (DENIED, [SDA_FIELDS])
    assert found.reason.endswith("needs root")


def test_disks_behind_a_controller_come_from_smartctls_list(tmp_path: Path) -> None:
    listed = {"devices": [{"name": "/dev/bus/0", "type": "megaraid,3"}, {"name": "/dev/nvme0", "type": "nvme"}, "odd"]}
    files: dict[str, str | bytes] = {
        "commands/smartctl --json --scan-open": json.dumps(listed),
        "commands/smartctl --json --xall _dev_bus_0 -d megaraid,3": '{"serial_number": "S1"}',
        "commands/smartctl --json --xall _dev_nvme0 -d nvme": '{"device": {"name": "/dev/nvme0"}}',
    }
    assert items_in(tmp_path, "disk", files) == [
        Item("disk", "bus/0 megaraid,3", {"serial": "S1"}),
        Item("disk", "nvme0", {}),
    ]


def test_disks_behind_a_controller_stand_beside_the_array_that_the_kernel_sees(tmp_path: Path) -> None:
    listed = {"devices": [{"name": "/dev/sda", "type": "scsi"}, {"name": "/dev/bus/0", "type": "megaraid,8"}, {}, 1]}
    files: dict[str, str | bytes] = {
        "commands/smartctl --json --scan": json.dumps(listed),
        "commands/smartctl --json --xall _dev_bus_0 -d megaraid,8": '{"serial_number": "S8"}',
    }
    assert items_in(tmp_path, "disk", {**SDA, **files}) == [
        Item("disk", "sda", SDA_FIELDS),
        Item("disk", "bus/0 megaraid,8", {"serial": "S8"}),
    ]


def test_errors_of_a_sas_disk_and_what_statistics_say_of_an_ssds_life() -> None:
    log = {"read": {"total_uncorrected_errors": 2}, "write": {"total_uncorrected_errors": 1}, "verify": {}}
    sas = fields_of({"scsi_error_counter_log": log, "scsi_grown_defect_list": 4})
    assert (sas["uncorrected_errors"], sas["grown_defects"]) == (3, 4)
    table = {"table": [{"id": 177, "value": 91}]}
    ssd = fields_of({"endurance_used": {"current_percent": 12}, "ata_smart_attributes": table, "rotation_rate": 0})
    assert ssd["wear_ratio"] == 0.12


def test_a_machine_without_disks_is_absent(tmp_path: Path) -> None:
    assert found_in(tmp_path, "disk", {}).outcome == ABSENT


def test_the_text_of_smartctl_tells_the_same(tmp_path: Path) -> None:
    [item] = items_in(tmp_path, "disk", {"commands/smartctl": SCSI_TEXT})
    assert item.fields == {
        "maker": "HGST",
        "model": "HUH721212AL5200",
        "firmware": "NS07",
        "size_bytes": 11756399230976,
        "rotation_rpm": 7200,
        "medium": "hdd",
        "form_factor": "3.5 inches",
        "serial": "D5G7WG8L",
        "protocol": "SCSI",
        "transport": "SAS",
        "smart_passed": True,
    }


def test_attributes_that_other_makers_use_for_other_things_tell_of_no_wear() -> None:
    def worn(*rows: tuple[int, str, int]) -> object:
        table = [{"id": number, "name": name, "value": value} for number, name, value in rows]
        return fields_of({"ata_smart_attributes": {"table": table}, "rotation_rate": 0})["wear_ratio"]

    assert worn((233, "Flash_Writes_GiB", 100), (202, "Exception_Mode_Status", 100)) is None
    assert worn((169, "Bad_Block_Rate", 100), (231, "Temperature_Celsius", 60)) is None
    assert worn((233, "Flash_Writes_GiB", 100), (173, "Avg_Block-Erase_Count", 96)) == 0.04


def test_a_smartctl_that_knows_no_json_is_asked_for_text(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "commands/smartctl --json --xall _dev_sda": "=======> UNRECOGNIZED OPTION: json\n",
        "commands/smartctl --xall _dev_sda": ATA_TEXT,
    }
    [item] = items_in(tmp_path, "disk", {**SDA, **files})
    assert (item.fields["smart_passed"], item.fields["error_log_count"]) == (False, 3)


def test_a_disk_that_the_kernel_shows_too_is_told_once(tmp_path: Path) -> None:
    listed = {"devices": [{"name": "/dev/bus/0", "type": "sat+megaraid,8"}]}
    files: dict[str, str | bytes] = {
        "commands/smartctl --json --scan": json.dumps(listed),
        "commands/smartctl --json --xall _dev_bus_0 -d sat+megaraid,8": '{"serial_number": "WD-WCC4M1234567"}',
    }
    assert [each.key for each in items_in(tmp_path, "disk", {**SDA, **files})] == ["sda"]


WORDS = [
    *("device", "name", "smart_status", "passed", "ata_smart_attributes", "table", "id", "raw", "value", "wwn", "naa"),
    *("rotation_rate", "nvme_namespaces", "size", "bytes", "nvme_smart_health_information_log", "percentage_used"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(WORDS), JSON, max_size=6))
def test_any_json_gives_fields_of_their_types(dump: dict[str, Any]) -> None:
    assert {type(value) for value in fields_of(dump).values()} <= {str, int, float, bool, type(None)}
