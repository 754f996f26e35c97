"""`--format glpi` fits GLPI's own schema: names, types and patterns."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from keskidee_report.glpi import as_glpi
from tests.agent.inventory.expected import inventory
from tests.agent.recordings import write_files

TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


def faults(value: Any, schema: dict[str, Any], definitions: dict[str, Any], at: str = "") -> list[str]:
    """Where a value does not fit the part of JSON Schema that their schema uses."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    found = []
    wanted = TYPES.get(schema.get("type", ""))
    if wanted and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        return [f"{at}: {value!r} is no {schema['type']}"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r} is not like {schema['pattern']}")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}: no {name}" for name in schema.get("required", ()) if name not in value]
        found += [f"{at}: {name} is unknown" for name in value if name not in known]
        for name in value.keys() & known.keys():
            found += faults(value[name], known[name], definitions, f"{at}.{name}")
    if isinstance(value, list):
        for each in value:
            found += faults(each, schema.get("items", {}), definitions, at)
    return found


@pytest.fixture(scope="module")
def schema(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "glpi_inventory_format" / "inventory.schema.json").read_text())
    return found


def test_their_own_example_fits(shared_data: Path, schema: dict[str, Any]) -> None:
    example = json.loads((shared_data / "glpi_inventory_format" / "computer_1.json").read_text())
    assert [fault for fault in faults(example, schema, schema["definitions"]) if "unknown" not in fault] == []


def test_what_we_make_of_recordings_fits(shared_data: Path, schema: dict[str, Any], tmp_path: Path) -> None:
    resources = shared_data / "glpi" / "resources"
    files = {
        "commands/dmidecode": resources / "generic/dmidecode/batteries/windows-10-notebook",
        "commands/lspci": resources / "generic/lspci/linux-xps",
        "commands/ip": resources / "linux/ip/ip_addr-5",
        "proc/cpuinfo": resources / "linux/proc/cpuinfo/toshiba-r630-2-core",
        "sys/class/drm/card0-DP-1/edid": resources / "generic/edid/acer-v193",
    }
    write_files(tmp_path, {place: file.read_bytes() for place, file in files.items()})
    made = as_glpi(inventory(tmp_path))
    assert set(made["content"]) >= {"batteries", "controllers", "cpus", "monitors", "networks", "videos"}
    assert faults(made, schema, schema["definitions"]) == []
    for dump in sorted((shared_data / "linuxhw" / "dmi").glob("*.txt"))[::6]:
        write_files(tmp_path, {"commands/dmidecode": dump.read_bytes()})
        assert faults(as_glpi(inventory(tmp_path)), schema, schema["definitions"]) == []


MACHINE: dict[str, list[dict[str, Any]]] = {
    "memory": [{"key": "A", "size_bytes": 8 << 30}, {"key": "B", "size_bytes": 8 << 30}],
    "platform": [{"key": "platform", "virtual": False}],
    "domain": [{"key": "example.org", "name": "example.org"}],
    "resolver": [{"key": "resolver", "name_servers": ["192.0.2.1", "2001:db8::1"]}],
    "pci": [
        {
            "key": "0000:00:1f.3",
            "address": "0000:00:1f.3",
            "class": "Audio device",
            "class_code": "0403",
            "maker": "Intel Corporation",
            "model": "Sunrise Point-LP HD Audio",
            "vendor_id": "8086",
            "device_id": "9d71",
            "revision": "21",
        },
        {
            "key": "0000:3a:00.0",
            "address": "0000:3a:00.0",
            "class_code": "0280",
            "vendor_id": "8086",
            "device_id": "24f3",
            "subsystem_vendor_id": "8086",
            "subsystem_device_id": "0050",
        },
    ],
    "network": [
        {
            "key": "wlp58s0",
            "pci_address": "0000:3a:00.0",
            "addresses": ["10.1.0.5/24", "192.0.2.10/24", "2001:db8::10/64"],
            "gateways": ["192.0.2.1", "2001:db8::1"],
        },
        {"key": "ens5", "addresses": ["203.0.113.7/32"], "gateways": ["198.51.100.1"]},
    ],
    "filesystem": [
        {"key": "/", "mount": "/", "type": "ext4", "device": "/dev/mapper/vg-root", "uuid": "e2d0", "encrypted": True}
    ],
    "logical_volume": [{"key": "vg/root", "uuid": "LV-1", "size_bytes": 20 << 30}, {"key": "vg/unknown"}],
    "volume_group": [{"key": "vg", "uuid": "VG-1"}],
    "last_user": [{"key": "last user", "name": "maria"}],
}


def test_gateways_volumes_and_what_parts_are_together_have_their_names(schema: dict[str, Any]) -> None:
    made = as_glpi({"machine": {"hostname": "pc-01"}, "items": MACHINE})
    content = made["content"]
    assert faults(made, schema, schema["definitions"]) == []
    assert content["hardware"] == {
        "name": "pc-01",
        "memory": 16384,
        "vmsystem": "Physical",
        "workgroup": "example.org",
        "lastloggeduser": "maria",
        "defaultgateway": "192.0.2.1",
        "dns": "192.0.2.1/2001:db8::1",
    }
    assert [row.get("ipgateway") for row in content["networks"]] == [None, "192.0.2.1", None, "198.51.100.1"]
    assert (content["networks"][0]["pciid"], content["networks"][0]["pcislot"]) == (
        "8086:24F3:8086:0050",
        "0000:3a:00.0",
    )
    made_by = "Intel Corporation Sunrise Point-LP HD Audio"
    assert content["sounds"] == [{"name": "Audio device", "manufacturer": made_by, "description": "rev 21"}]
    assert [row.get("pcisubsystemid") for row in content["controllers"]] == [None, "8086:0050"]
    [drive] = content["drives"]
    assert (drive["serial"], drive["encrypt_status"]) == ("e2d0", "Yes")
    volume = {"lv_name": "root", "vg_name": "vg", "lv_uuid": "LV-1", "vg_uuid": "VG-1", "size": 20480}
    assert content["logical_volumes"] == [volume]
    assert content["users"] == [{"login": "maria"}]


@pytest.mark.parametrize("gateway", ["", "fe80::1", "a gateway"])
def test_a_gateway_that_is_none_of_this_address_is_left_out(gateway: str) -> None:
    network = {"key": "eth0", "addresses": ["192.0.2.10/24", "no address"], "gateways": [gateway]}
    rows = as_glpi({"machine": {}, "items": {"network": [network]}})["content"]["networks"]
    assert [row.get("ipgateway") for row in rows] == [None, None]
