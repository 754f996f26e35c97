"""What the pretend machines report."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from keskidee_report.model import COUNTER, OK
from keskidee_simulator.fleet import (
    CLOCK_OFF,
    DISK_FILLING,
    MEMORY_SHORT,
    SOURCE_DENIED,
    SOURCE_TIMING_OUT,
    Pretend,
    build_fleet,
)
from keskidee_simulator.rounds import Rounds

FLEET = build_fleet("keskidee", 60)
NOW = 1_790_000_000.0
BOOTED = NOW - 200_000.0
BEGAN = date(2026, 3, 2)
Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def values(machine: Pretend, now: float = NOW, kind: str | None = None) -> Values:
    return {
        (family.name, tuple(labels.items())): value
        for reading in Rounds(machine, BEGAN).readings(now, BOOTED)
        for family, labels, value in reading.samples
        if kind in {None, family.kind}
    }


def of_system(os: str) -> Pretend:
    return next(m for m in FLEET if m.system.os == os and m.ailment is None)


def ailing(ailment: str) -> Pretend:
    return next(m for m in FLEET if m.ailment == ailment)


def total(found: Values, name: str) -> float:
    return sum(value for (family, _), value in found.items() if family == name)


@pytest.mark.slow
@pytest.mark.parametrize("os", ["linux", "windows", "darwin"])
def test_counters_never_fall_in_two_days(os: str) -> None:
    machine = of_system(os)
    rounds = [values(machine, NOW + 97.0 * n, COUNTER) for n in range(1800)]
    falls = {key for before, after in pairwise(rounds) for key in before if after[key] < before[key]}
    assert falls == set()


@pytest.mark.parametrize("os", ["linux", "windows", "darwin"])
def test_the_modes_of_a_processor_add_up_to_its_uptime(os: str) -> None:
    found = values(of_system(os))
    modes = [
        value for (name, labels), value in found.items() if name == "node_cpu_seconds_total" and ("cpu", "1") in labels
    ]
    assert sum(modes) == pytest.approx(NOW - BOOTED)


def test_a_restart_of_the_simulator_goes_on_with_the_same_values() -> None:
    machine, again = FLEET[0], build_fleet("keskidee", 1)[0]
    assert values(machine) == values(again)


def test_two_machines_of_a_model_have_different_values() -> None:
    model = FLEET[0].model
    alike = [values(m) for m in FLEET if m.model == model and m.system == FLEET[0].system]
    assert len({found["node_load1", ()] for found in alike}) == len(alike) > 1


def test_windows_has_no_load_average() -> None:
    assert not [name for name, _ in values(of_system("windows")) if name.startswith("node_load")]


def test_a_filling_disk_is_nearly_full_once_and_has_room_again() -> None:
    machine = ailing(DISK_FILLING)
    rounds = [values(machine, NOW + 300.0 * n) for n in range(72)]
    free = [total(r, "node_filesystem_avail_bytes") / total(r, "node_filesystem_size_bytes") for r in rounds]
    assert min(free) < 0.02
    assert max(free) > 0.4


def test_a_machine_short_of_memory_has_under_a_twentieth_left() -> None:
    found = values(ailing(MEMORY_SHORT))
    assert found["node_memory_MemAvailable_bytes", ()] / found["node_memory_MemTotal_bytes", ()] < 0.05


def test_a_healthy_machine_has_a_tenth_of_its_memory_left_at_any_hour() -> None:
    rounds = [values(FLEET[0], NOW + 900.0 * n) for n in range(96)]
    assert min(r["node_memory_MemAvailable_bytes", ()] / r["node_memory_MemTotal_bytes", ()] for r in rounds) > 0.1


def test_a_clock_that_is_off_shows_in_the_machines_own_time() -> None:
    assert values(ailing(CLOCK_OFF))["node_time_seconds", ()] == NOW - 2520.0


def test_no_value_but_the_time_zone_is_negative_at_any_hour() -> None:
    for machine in FLEET[:20]:
        for n in range(24):
            found = values(machine, NOW + 3600.0 * n)
            assert [
                key for key, value in found.items() if value < 0.0 and key[0] != "node_time_zone_offset_seconds"
            ] == []


@pytest.mark.parametrize(
    ("ailment", "source", "outcome"),
    [(SOURCE_DENIED, "dmi", "denied"), (SOURCE_TIMING_OUT, "filesystem", "timed_out")],
)
def test_an_ailing_source_says_so_and_the_others_are_well(ailment: str, source: str, outcome: str) -> None:
    now = NOW - NOW % 2400.0  # the half of its period in which it times out
    readings = Rounds(ailing(ailment), BEGAN).readings(now, BOOTED)
    assert {r.source: r.outcome for r in readings if r.outcome != OK} == {source: outcome}
    assert [r.samples for r in readings if r.source == source] == [[]]


def told(os: str, chassis: str) -> set[str]:
    """The families beside those that every machine has, of a healthy machine of this system and make."""
    machine = next(m for m in FLEET if (m.system.os, m.model.chassis, m.ailment) == (os, chassis, None))
    names = {name for name, _ in values(machine)}
    return {name for name in names if name.startswith(("smartctl_", "node_thermal_", "node_power_"))} | {
        name.removeprefix("keskidee_inventory_") for name in names if name.startswith("keskidee_inventory_")
    } - {"info", "items", "taken_timestamp_seconds"}


def test_windows_tells_no_disks_health_and_a_laptop_its_battery() -> None:
    care = {"encrypted", "restart_due", "last_update_timestamp_seconds", "support_end_timestamp_seconds"}
    assert told("windows", "desktop") == care
    assert told("windows", "laptop") == care | {"battery_full_joules", "battery_design_joules"}


def test_linux_tells_heat_and_disks_health_where_there_is_hardware() -> None:
    care = {"encrypted", "pending_updates", "security_updates", "support_end_timestamp_seconds"}
    disk = {"smart_status", "percentage_used", "available_spare", "critical_warning", "temperature"}
    assert told("linux", "virtual") == care
    assert told("linux", "server") == care | {"node_thermal_zone_temp"} | {f"smartctl_device_{name}" for name in disk}


def test_a_service_is_read_at_each_site_and_not_reached_from_one() -> None:
    of_sites = {m.site.name: values(m) for m in FLEET if m.reads_services}
    success = {
        site: {labels[0][1]: value for (name, labels), value in found.items() if name == "probe_success"}
        for site, found in of_sites.items()
    }
    well = {"records": 1, "intranet": 1, "mail": 1, "names": 1}
    assert success == dict.fromkeys(of_sites, well) | {"georgetown": well | {"mail": 0}}
    failures = {
        site: [key for key in found if key[0] == "keskidee_service_failure_info"] for site, found in of_sites.items()
    }
    [(_, labels)] = failures.pop("georgetown")
    assert (dict(labels), set(map(tuple, failures.values()))) == ({"service": "mail", "reason": "timeout"}, {()})


def test_the_backup_at_headquarters_is_of_the_night_before() -> None:
    midnight = NOW - NOW % 86400
    ages = [
        values(FLEET[0], midnight + hour * 3600)["keskidee_service_file_age_seconds", BACKUP] for hour in (2, 3, 12)
    ]
    assert ages == [23 * 3600, 0, 9 * 3600]


BACKUP = (("service", "nightly backup"),)
