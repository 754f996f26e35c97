"""Who the pretend machines are."""

from __future__ import annotations

from collections import Counter

from keskidee_simulator.fleet import (
    CLOCK_OFF,
    DISK_FILLING,
    FALLING_SILENT,
    MEMORY_SHORT,
    SOURCE_DENIED,
    SOURCE_TIMING_OUT,
    build_fleet,
)
from keskidee_simulator.sites import SITES


def test_a_larger_fleet_begins_with_the_same_machines() -> None:
    assert build_fleet("seed", 50)[:20] == build_fleet("seed", 20)


def test_another_seed_is_another_fleet() -> None:
    assert [m.uuid for m in build_fleet("one", 20)] != [m.uuid for m in build_fleet("two", 20)]


def test_fifteen_sites_are_all_there_among_fifty_machines() -> None:
    assert {m.site.name for m in build_fleet("seed", 50)} == {site.name for site in SITES}
    assert len(SITES) == 15


def test_a_switch_a_ups_and_a_printer_are_there_among_twenty_five() -> None:
    devices = [m for m in build_fleet("keskidee", 25) if m.kind == "device"]
    assert [(m.model.chassis, m.role, m.facts("0.1.0", 60.0, "boot")["kind"]) for m in devices] == [
        ("switch", "device", "network"),
        ("ups", "device", "power"),
        ("printer", "device", "printer"),
    ]


def test_one_server_a_site_reads_for_it_and_never_falls_silent() -> None:
    fleet = build_fleet("seed", 300)
    readers = [m for m in fleet if m.reads_services]
    assert {m.kind for m in readers} == {"server"}
    assert len({m.site for m in readers}) == len(readers) > 8
    assert FALLING_SILENT not in {m.ailment for m in readers}
    pollers = {fleet[m.poller] for m in fleet if m.poller is not None}
    assert pollers <= set(readers)


def test_the_same_host_name_stands_in_several_sites() -> None:
    sites = {m.site.name for m in build_fleet("seed", 100) if m.hostname == "pc-01"}
    assert len(sites) > 5


def test_a_host_name_is_not_taken_twice_in_one_site() -> None:
    names = Counter((m.site.name, m.hostname) for m in build_fleet("seed", 500))
    assert set(names.values()) == {1}


def test_sixty_machines_show_every_ailment() -> None:
    ailments = {m.ailment for m in build_fleet("seed", 60)} - {None}
    assert ailments == {CLOCK_OFF, DISK_FILLING, FALLING_SILENT, MEMORY_SHORT, SOURCE_DENIED, SOURCE_TIMING_OUT}


def test_only_servers_fall_silent() -> None:
    assert {m.kind for m in build_fleet("seed", 300) if m.ailment == FALLING_SILENT} == {"server"}


def test_every_system_is_there_among_fifty_machines() -> None:
    names = {m.system.name.split()[0] + m.system.os for m in build_fleet("keskidee", 50) if m.system.os}
    assert names == {"Debianlinux", "Ubuntulinux", "Windowswindows", "macOSdarwin"}


def test_every_machine_says_that_it_is_simulated() -> None:
    machine = build_fleet("seed", 1)[0]
    facts = machine.facts("0.1.0", 15.0, "boot")
    assert (facts["simulated"], facts["serial"], facts["interval_seconds"]) == ("true", "SIMULATED-00000", "15")


def test_a_desktops_role_is_its_chassis_and_a_servers_its_work() -> None:
    roles = {(m.kind, m.role) for m in build_fleet("seed", 200)}
    assert {role for kind, role in roles if kind != "server"} == {"desktop", "laptop", "device"}
    assert {"files", "mail", "database"} <= {role for kind, role in roles if kind == "server"}
