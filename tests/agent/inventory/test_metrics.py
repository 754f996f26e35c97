"""The metrics of an inventory: smartctl_exporter's names for disks, counts, and no more series than are allowed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host.machine import Machine
from keskidee_agent.inventory.gather import Found, source_of
from keskidee_agent.inventory.metrics import SERIES_AT_MOST, samples, written
from keskidee_agent.sources import inventoried
from keskidee_report.items import Item, Value
from keskidee_report.model import ABSENT, DENIED, FAILED, OK, Malformed
from tests.agent.recordings import reading_of, values

TAKEN_AT = 1795710573.6
NVME: dict[str, Value] = {
    "model": "SAMSUNG MZVL21T0HCLR-00B00",
    "serial": "S676NF0R",
    "firmware": "GXA7801Q",
    "protocol": "NVMe",
    "smart_passed": True,
    "smart_exit_status": 0,
    "temperature_celsius": 38,
    "power_on_hours": 100,
    "power_cycles": 7,
    "wear_ratio": 0.29,
    "available_spare_ratio": 1.0,
    "critical_warning": 0,
    "media_errors": 2,
    "read_bytes": 512_000,
    "written_bytes": 1_024_000,
    "size_bytes": 1_024_209_543_168,
}


def found(*items: Item, outcome: str = OK) -> Found:
    return Found(source=source_of("one", SimpleNamespace()), outcome=outcome, items=items)


def told(*results: Found) -> dict[tuple[str, tuple[str, ...]], float]:
    """The samples by name and the texts of their labels."""
    return {(family.name, tuple(labels.values())): value for family, labels, value in samples(results, TAKEN_AT)}


def test_the_health_of_a_disk_has_the_names_of_smartctl_exporter() -> None:
    series = told(found(Item("disk", "nvme0n1", NVME)))
    health = {key: value for key, value in series.items() if key[0].startswith("smartctl_")}
    assert health == {
        ("smartctl_device", ("nvme0n1", "NVMe", "", NVME["model"], "S676NF0R", "GXA7801Q", "", "")): 1,
        ("smartctl_device_smart_status", ("nvme0n1",)): 1,
        ("smartctl_device_smartctl_exit_status", ("nvme0n1",)): 0,
        ("smartctl_device_capacity_bytes", ("nvme0n1",)): 1_024_209_543_168,
        ("smartctl_device_temperature", ("nvme0n1", "current")): 38,
        ("smartctl_device_power_on_seconds", ("nvme0n1",)): 360_000,
        ("smartctl_device_power_cycle_count", ("nvme0n1",)): 7,
        ("smartctl_device_percentage_used", ("nvme0n1",)): 29,
        ("smartctl_device_available_spare", ("nvme0n1",)): 100,
        ("smartctl_device_critical_warning", ("nvme0n1",)): 0,
        ("smartctl_device_media_errors", ("nvme0n1",)): 2,
        ("smartctl_device_bytes_read", ("nvme0n1",)): 512_000,
        ("smartctl_device_bytes_written", ("nvme0n1",)): 1_024_000,
    }


def test_a_disk_that_only_the_kernel_told_of_has_no_health() -> None:
    assert [key for key in told(found(Item("disk", "sda", {"size_bytes": 1}))) if key[0].startswith("smartctl")] == []


def test_items_are_counted_by_kind_and_people_are_not() -> None:
    system = Item("operating_system", "operating system", {"support_ends_on": "2028-06-30"})
    certificates = [Item("certificate", day, {"expires_on": day}) for day in ("2027-01-02", "1970-01-02")]
    updates = [Item("pending_update", str(secure), {"security": secure}) for secure in (True, False)]
    people = Item("local_user", "mary", {"name": "mary"})
    series = told(found(system, *certificates, *updates, people), found(outcome=DENIED), found(outcome=ABSENT))
    del series["keskidee_inventory_info", ("", "", "", "", "", "2028-06-30", "")]
    assert series == {
        ("keskidee_inventory_taken_timestamp_seconds", ()): 1795710573,
        ("keskidee_inventory_items", ("certificate",)): 2,
        ("keskidee_inventory_items", ("operating_system",)): 1,
        ("keskidee_inventory_items", ("pending_update",)): 2,
        ("keskidee_inventory_sources", ("denied",)): 1,
        ("keskidee_inventory_sources", ("ok",)): 1,
        ("keskidee_inventory_support_end_timestamp_seconds", ()): 1845936000,
        ("keskidee_inventory_certificate_end_timestamp_seconds", ()): 86400,
        ("keskidee_inventory_pending_updates", ()): 2,
        ("keskidee_inventory_security_updates", ()): 1,
    }


def care(*items: Item) -> dict[str, float]:
    """What is told of a machine's care, without the counts that every inventory has."""
    counts = ("info", "taken_timestamp_seconds", "items", "sources")
    return {
        name: value
        for (full, _), value in told(found(*items)).items()
        if (name := full.removeprefix("keskidee_inventory_")) not in counts
    }


def test_windows_tells_when_it_was_updated_last_and_whether_its_disk_is_encrypted() -> None:
    updates = [Item("software_update", day, {"installed_on": day}) for day in ("2026-10-14", "2026-11-11")]
    volumes = [Item("encryption", key, {"enabled": key == "C:"}) for key in ("D:", "C:")]
    restart = Item("restart", "restart", {"due": True})
    assert care(*updates, *volumes, restart) == {
        "last_update_timestamp_seconds": 1794355200,
        "encrypted": 1,
        "restart_due": 1,
    }


def test_linux_is_encrypted_where_the_file_system_of_the_system_is() -> None:
    root, home = (Item("filesystem", mount, {"encrypted": mount == "/home"}) for mount in ("/", "/home"))
    assert care(root, home) == {"encrypted": 0}
    assert care(home, Item("encryption", "luks-1", {"enabled": True})) == {}
    assert care(Item("filesystem", "/", {}), Item("software_update", "KB1", {})) == {}


def test_a_battery_holds_joules_now_and_when_it_was_new() -> None:
    worn = {"full_milliwatt_hours": 30_000, "design_milliwatt_hours": 50_000}
    batteries = [Item("battery", "BAT0", worn), Item("battery", "BAT1", {"full_milliwatt_hours": 0})]
    assert care(*batteries) == {"battery_full_joules": 108_000, "battery_design_joules": 180_000}


def test_two_hundred_more_programs_add_no_series() -> None:
    programs = [Item("software", str(number), {"name": str(number), "version": "1"}) for number in range(201)]
    few, many = (samples([found(*some)], TAKEN_AT) for some in (programs[:1], programs))
    assert len(few) == len(many)
    assert {value for _, labels, value in many if labels == {"kind": "software"}} == {201}


def test_a_machine_of_many_disks_and_kinds_stays_under_the_bound() -> None:
    disks = [Item("disk", f"sd{number}", {**NVME, "grown_defects": 1, "crc_errors": 2}) for number in range(300)]
    things = [Item(f"kind{number}", "a", {}) for number in range(300)]
    series = samples([found(*disks, *things)], TAKEN_AT)
    assert len(series) <= SERIES_AT_MOST
    assert len({key for key in told(found(*disks, *things)) if key[0] == "smartctl_device"}) == 64


def test_what_is_written_is_what_the_resident_reports(tmp_path: Path) -> None:
    machine = Machine()
    assert reading_of("inventoried", machine).outcome == ABSENT
    machine.inventory_file = str(tmp_path / "inventory.metrics")
    assert reading_of("inventoried", machine).outcome == ABSENT
    disks = [Item("disk", "nvme0n1", NVME), Item("disk", "bus/0 megaraid,1", NVME | {"serial": "x=y z"})]
    for some in (disks[:1], disks):
        series = samples([found(*some)], TAKEN_AT)
        (tmp_path / "inventory.metrics").write_bytes(written(series))
        reading = reading_of("inventoried", machine)
        assert [(family.name, family.kind, labels, value) for family, labels, value in reading.samples] == [
            (family.name, family.kind, labels, value) for family, labels, value in series
        ]
    assert reading_of("inventoried", machine).samples is values_of(machine)


def values_of(machine: Machine) -> object:
    """The very list of the reading before: the encoder knows by that that nothing changed."""
    return inventoried.read(machine)


def test_a_file_that_is_cut_or_filled_costs_this_source_alone(tmp_path: Path) -> None:
    whole = written(samples([found(Item("disk", "nvme0n1", NVME))], TAKEN_AT))
    machine = Machine()
    machine.inventory_file = str(tmp_path / "inventory.metrics")
    for content in (b"", whole[:-1], whole[:100], b"\xff" * 50, b"x\ty\nend\n", whole.replace(b"gauge", b"gouge")):
        (tmp_path / "inventory.metrics").write_bytes(content)
        machine.forget("inventoried")
        assert (content, reading_of("inventoried", machine).outcome) == (content, FAILED)
    assert values(reading_of("inventoried", machine)) == {}


@given(
    st.text(alphabet="abc_=\t\n 12", max_size=80).map(lambda text: f"{text}\nend\n".encode()) | st.binary(max_size=80)
)
def test_any_content_is_samples_or_malformed(content: bytes) -> None:
    try:
        parsed = inventoried.parse(content)
    except Malformed:
        return
    assert all(isinstance(value, int) for _, _, value in parsed)


@pytest.mark.parametrize("day", ["", "soon", "2028-13-45"])
def test_a_day_that_is_none_is_left_out(day: str) -> None:
    item = Item("operating_system", "operating system", {"support_ends_on": day})
    assert "keskidee_inventory_support_end_timestamp_seconds" not in {name for name, _ in told(found(item))}
