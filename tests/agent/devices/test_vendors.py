"""Vendors' tables: who a device of each is and what it measures, by its maker's MIB (`tests/fixtures/devices`)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.devices import standard
from keskidee_agent.devices.engine import Row
from keskidee_agent.devices.identify import all_profiles
from keskidee_agent.devices.mibs import system
from keskidee_agent.devices.profile import Profile, full
from keskidee_agent.devices.read import DeviceReading, read_device
from keskidee_agent.devices.recorded_engine import RecordedEngine
from tests.agent.devices.names import names_in

FOLDER = Path(__file__).parents[2] / "fixtures" / "devices"
DEVICES = json.loads((FOLDER / "vendors.json").read_text(encoding="utf-8"))
MEASURED = json.loads((FOLDER / "sensors.json").read_text(encoding="utf-8"))
ASKED = ("vendor", "kind", "model", "serial", "version")


def read(device: dict[str, Any]) -> DeviceReading:
    values = {full(oid): value if isinstance(value, int) else value.encode() for oid, value in device["values"].items()}
    values[system.DESCRIPTION] = device.get("description", "A device").encode()
    values[system.OBJECT_ID] = full(device["object_id"])
    return asyncio.run(read_device(RecordedEngine(list(values.items()))))


@pytest.mark.parametrize("device", DEVICES, ids=[device["device"] for device in DEVICES])
def test_a_device_is_known_by_its_makers_mib(device: dict[str, Any]) -> None:
    identity = read(device).identity
    assert {name: getattr(identity, name) for name in ASKED} == {name: device[name] for name in ASKED}


@pytest.mark.parametrize("device", MEASURED, ids=[device["device"] for device in MEASURED])
def test_what_a_device_measures_is_told_in_its_unit(device: dict[str, Any]) -> None:
    parts = read(device).parts
    assert [[sensor.class_, sensor.description, sensor.value] for sensor in parts.sensors] == device["sensors"]
    assert [processor.load_ratio for processor in parts.processors] == device.get("processors", [])
    assert [[space.size_bytes, space.used_bytes] for space in parts.memory] == device.get("memory", [])


@pytest.mark.parametrize(
    "profile", all_profiles(), ids=lambda profile: f"{profile.vendor}-{next(iter(profile.object_ids), '')}"
)
def test_a_profile_asks_for_all_that_it_reads(profile: Profile) -> None:
    roots = [full(root) for root in (*profile.walks, *standard.WALKS)]
    read = [profile.model, profile.serial, profile.version, profile.sensors, profile.processors, profile.memory]
    names = [name for name in names_in([*read, profile.assemblies]) if name not in system.ALL]
    assert [name for name in names if not any(f"{name}.".startswith(f"{root}.") for root in roots)] == []


def test_what_is_told_twice_is_read_where_it_is_told_better() -> None:
    coarse, fine = full("~318.1.1.1.2.2.1.0"), full("~318.1.1.1.2.3.1.0")
    told: dict[str, float] = {}
    for values in ({coarse: 98}, {coarse: 98, fine: 983}):
        rows: list[Row] = [(system.OBJECT_ID, full("~318.1.3.27")), *values.items()]
        sensors = asyncio.run(read_device(RecordedEngine(rows))).parts.sensors
        told |= {sensor.oid: sensor.value for sensor in sensors}
        assert len(sensors) == 1
    assert told == {coarse: 98, fine: 98.3}
