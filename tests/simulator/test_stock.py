"""What the pretend machines say that they are made of."""

from __future__ import annotations

import json
import re
import zlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import keskidee_agent.inventory
from keskidee_agent.delivery.stock import PIECE_BYTES
from keskidee_agent.devices.poller import stock as agents_devices
from keskidee_agent.inventory.gather import found_sources
from keskidee_simulator.fleet import SOURCE_DENIED, Pretend, build_fleet
from keskidee_simulator.parts import FIRMWARE
from keskidee_simulator.rounds import Rounds
from keskidee_simulator.software import Past, bumped
from keskidee_simulator.stock import CHANGING, DEVICE_KINDS, items_of, packed, told_kinds

if TYPE_CHECKING:
    from keskidee_report.items import Item

FLEET = build_fleet("keskidee", 180)
MACHINES = [machine for machine in FLEET if machine.poller is None]
BEGAN = date(2026, 3, 2)
NEW = Past(began=BEGAN)
NOW = 1_790_000_000.0


def of_kind(machine: Pretend, kind: str, past: Past = NEW) -> list[Item]:
    return [each for place, each in items_of(machine, past).items() if place[0] == kind]


def told(machine: Pretend, past: Past, known: Past | None) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(zlib.decompress(packed(machine, past, known)))
    return body


def reported(machine: Pretend) -> dict[str, dict[str, float]]:
    """The last value of each family by what labels it."""
    found: dict[str, dict[str, float]] = {}
    for reading in Rounds(machine, BEGAN).readings(NOW, NOW - 200_000.0):
        for family, labels, value in reading.samples:
            found.setdefault(family.name, {})[labels.get("kind") or labels.get("device", "")] = value
    return found


@pytest.mark.parametrize("system", ["linux", "windows", "darwin"])
def test_the_kinds_are_those_that_an_agent_on_that_system_tells(system: str) -> None:
    real = {kind for source in found_sources(system) for kind in source.kinds}
    machines = [machine for machine in MACHINES if machine.system.os == system]
    assert {kind for machine in machines for kind, _ in items_of(machine, NEW)} - real == set()


def test_the_fields_are_named_as_the_agents_sources_name_them() -> None:
    folder = Path(keskidee_agent.inventory.__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    text += Path(agents_devices.__file__).read_text(encoding="utf-8")
    real = set(re.findall(r'"([a-z_]+)"|\b([a-z_]+)=', text))
    named = {name for machine in FLEET for each in items_of(machine, NEW).values() for name in each.fields}
    assert named - {name for pair in real for name in pair} == set()


def test_the_kinds_of_a_device_are_those_that_its_poller_tells() -> None:
    devices = [machine for machine in FLEET if machine.poller is not None]
    assert {machine.model.chassis for machine in devices} == {"switch", "ups", "printer"}
    assert {kind for machine in devices for kind, _ in items_of(machine, NEW)} <= set(DEVICE_KINDS)
    assert set(DEVICE_KINDS) == set(agents_devices.KINDS)


def test_names_of_users_are_never_told() -> None:
    assert {"local_user", "last_user"} & {kind for machine in FLEET for kind in told_kinds(machine)} == set()


def test_the_inventory_says_what_the_reports_say() -> None:
    for machine in MACHINES:
        report = reported(machine)
        pending = of_kind(machine, "pending_update")
        encrypted = {each.fields["enabled"] for each in of_kind(machine, "encryption")} or {False}
        assert len(of_kind(machine, "software")) == report["keskidee_inventory_items"]["software"]
        assert len(of_kind(machine, "disk")) == report["keskidee_inventory_items"]["disk"]
        assert len(pending) == report.get("keskidee_inventory_pending_updates", {}).get("", 0)
        security = sum(each.fields.get("security") is True for each in pending)
        assert security == report.get("keskidee_inventory_security_updates", {}).get("", 0)
        assert encrypted == {bool(report["keskidee_inventory_encrypted"][""])}
        updated = [str(each.fields["installed_on"]) for each in of_kind(machine, "software_update")]
        days = [datetime.fromisoformat(max(updated)).replace(tzinfo=UTC).timestamp()] if updated else []
        assert days == list(report.get("keskidee_inventory_last_update_timestamp_seconds", {}).values())
        due = [each.fields["due"] for each in of_kind(machine, "restart")]
        assert due == [bool(value) for value in report.get("keskidee_inventory_restart_due", {}).values()]
        wear = {each.key: each.fields["wear_ratio"] for each in of_kind(machine, "disk") if "wear_ratio" in each.fields}
        used = report.get("smartctl_device_percentage_used", {})
        assert wear == {disk: percent / 100 for disk, percent in used.items()}


def test_who_may_not_read_the_firmwares_tables_tells_nothing_of_these() -> None:
    denied = [machine for machine in MACHINES if machine.ailment == SOURCE_DENIED]
    kinds = {kind for machine in denied for kind, _ in items_of(machine, NEW)}
    assert (bool(denied), kinds & FIRMWARE, "disk" in kinds) == (True, set(), True)


def test_another_run_of_the_same_seed_is_made_of_the_same() -> None:
    again = build_fleet("keskidee", len(FLEET))
    assert [packed(machine, NEW, None) for machine in again] == [packed(machine, NEW, None) for machine in FLEET]


def test_no_inventory_is_as_long_as_a_piece() -> None:
    assert max(len(packed(machine, NEW, None)) for machine in FLEET) < PIECE_BYTES[1]


def test_what_has_not_changed_is_one_hash() -> None:
    body = told(FLEET[0], NEW, NEW)
    assert (body["base"], body["changed"], body["gone"]) == (body["hash"], [], [])


def test_first_a_memory_module_is_added_and_then_a_program_is_newer() -> None:
    machine = FLEET[CHANGING]
    once, twice = (Past(began=BEGAN, changed=(BEGAN,) * times) for times in (1, 2))
    first, second = told(machine, once, NEW), told(machine, twice, once)
    assert [(each["kind"], each["key"]) for each in first["changed"]] == [("memory", "DIMM 1")]
    assert first["gone"] == [["memory_slot", "DIMM 1"]]
    assert [each["kind"] for each in second["changed"]] == ["software"]
    assert {kind for kind, _ in second["gone"]} <= {"software"}


def test_programs_are_newer_in_turn_and_only_those_that_are_up_to_date() -> None:
    for machine in (machine for machine in MACHINES if machine.number % 20 == CHANGING):
        before = {each.key: each.fields["version"] for each in of_kind(machine, "software")}
        waiting = {each.key for each in of_kind(machine, "pending_update")}
        past = Past(began=BEGAN, changed=(BEGAN,) * 40)
        after = {each.key: each.fields["version"] for each in of_kind(machine, "software", past)}
        newer = {name for name in after if after[name] != before.get(name)}
        assert (len(after), bool(newer), newer & waiting) == (len(before), True, set())


@pytest.mark.parametrize(
    ("version", "newer"), [("24.08", "24.10"), ("3.0.15-1~deb12u1", "3.0.15-1~deb12u3"), ("15+248", "15+250")]
)
def test_a_newer_version_counts_on_at_its_end(version: str, newer: str) -> None:
    assert bumped(version, 2) == newer
