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
