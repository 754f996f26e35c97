"""When silence is a machine's own trouble, when a site's, when the collector's, and when nobody's."""

from __future__ import annotations

from typing import Any

import pytest

from keskidee_collector.fleet.fleet import Fleet
from keskidee_collector.fleet.machine import Machine
from keskidee_collector.fleet.presence import Presence

NOW = 10_000.0


def fleet_of(*machines: Machine) -> Fleet:
    fleet = Fleet()
    for machine in machines:
        fleet.add(machine)
    return fleet


def heard(seconds_ago: float, name: str, site: str = "suva", role: str = "server", **more: Any) -> Machine:
    """A machine that was heard so long before NOW."""
    given: dict[str, Any] = {"credential_hash": b"", "facts": {}, "enrolled_at": 0.0, "last_report_at": 1.0, **more}
    return Machine(id=name, instance=name, site=site, role=role, heard_ticks=NOW - seconds_ago, **given)


def states(*machines: Machine, since_ticks: float = 0.0) -> dict[str, str]:
    """What each of these machines and their sites is now; the collector listens since then."""
    fleet = fleet_of(*machines)
    look = Presence(fleet, 3, since_ticks).look(NOW)
    return {m.instance: look.state(m) for m in machines} | {f"site {site}": look.site(site) for site in fleet.sites()}


def desktops(count: int, seconds_ago: float, first: int = 0, **more: Any) -> list[Machine]:
    return [heard(seconds_ago, f"pc-{n:02d}", role="desktop", **more) for n in range(first, first + count)]


def test_a_server_that_falls_silent_among_others_is_silent() -> None:
    assert states(heard(50, "files"), heard(5, "mail")) == {"files": "silent", "mail": "on", "site suva": "up"}


def test_a_site_falls_with_all_that_were_on() -> None:
    found = states(heard(60, "files"), heard(50, "mail"), heard(55, "pc", role="desktop"), heard(5, "far", "apia"))
    assert found == {
        "files": "link_down",
        "mail": "link_down",
        "pc": "link_down",
        "site suva": "link_down",
        "far": "on",
        "site apia": "up",
    }


def test_who_was_silent_or_off_before_is_no_part_of_it() -> None:
    found = states(
        *(heard(60, "files"), heard(50, "mail"), heard(100, "dead"), heard(9_000, "off", goodbye="shutdown")),
        *(heard(7_000, "gone", role="laptop"), heard(1, "retired", retired_at=5.0), heard(1, "far", "apia")),
    )
    assert found == {
        "files": "link_down",
        "mail": "link_down",
        "dead": "silent",
        "off": "off",
        "gone": "off",
        "retired": "retired",
        "site suva": "link_down",
        "far": "on",
        "site apia": "up",
    }


def test_the_first_that_speaks_again_ends_it() -> None:
    assert states(heard(600, "files"), heard(605, "mail"), heard(1, "pc", role="desktop")) == {
        "files": "silent",
        "mail": "silent",
        "pc": "on",
        "site suva": "up",
    }


def test_one_machine_alone_is_no_site() -> None:
    assert states(heard(60, "files"), heard(5_000, "pc", role="desktop")) == {
        "files": "silent",
        "pc": "off",
        "site suva": "unknown",
    }


def test_machines_without_a_site_do_not_fall_together() -> None:
    assert states(heard(60, "files", site=""), heard(55, "mail", site="")) == {
        "files": "silent",
        "mail": "silent",
        "site ": "unknown",
    }


def test_a_machine_that_was_never_heard_is_no_sign_of_anything() -> None:
    found = states(heard(60, "files"), heard(55, "new", last_report_at=None))
    assert found == {"files": "silent", "new": "silent", "site suva": "unknown"}


def test_who_reports_seldom_does_not_hide_a_fall() -> None:
    found = states(heard(60, "files"), heard(55, "mail"), heard(200, "slow", interval_seconds=300.0))
    assert found == {"files": "link_down", "mail": "link_down", "slow": "on", "site suva": "link_down"}


def test_a_server_that_says_goodbye_as_the_others_go_says_that_somebody_switches_them_off() -> None:
    found = states(heard(60, "files"), heard(55, "mail"), heard(58, "last", goodbye="shutdown"))
    assert found == {"files": "silent", "mail": "silent", "last": "off", "site suva": "unknown"}


def test_a_desktop_that_says_goodbye_as_the_link_goes_changes_nothing() -> None:
    found = states(heard(60, "files"), heard(55, "mail"), heard(58, "pc", role="desktop", goodbye="shutdown"))
    assert found == {"files": "link_down", "mail": "link_down", "pc": "off", "site suva": "link_down"}


def test_forty_desktops_that_go_home_half_of_them_by_the_plug_are_no_site_that_fell() -> None:
    at_once = states(*desktops(20, 60), *desktops(20, 60, 20, goodbye="shutdown"))
    spread = states(*[heard(60 + 30 * n, f"pc-{n:02d}", role="desktop") for n in range(40)])
    off = {f"pc-{n:02d}": "off" for n in range(40)} | {"site suva": "unknown"}
    assert (at_once, spread) == (off, off)


def test_forty_desktops_that_were_at_work_and_are_gone_at_once_are_a_site_that_fell() -> None:
    assert states(*desktops(40, 60)) == {f"pc-{n:02d}": "link_down" for n in range(40)} | {"site suva": "link_down"}


def test_a_collector_that_just_came_back_waits_for_agents_to_find_it() -> None:
    pair = (heard(60, "files"), heard(55, "mail"))
    assert states(*pair, since_ticks=NOW - 119)["site suva"] == "unknown"
    assert states(*pair, since_ticks=NOW - 120)["site suva"] == "link_down"


def test_a_site_that_had_fallen_before_the_collector_went_away_is_still_down() -> None:
    assert states(heard(60, "files"), heard(55, "mail"), since_ticks=NOW - 1)["site suva"] == "link_down"


def test_where_all_sites_fall_together_it_is_the_collector_that_is_cut_off() -> None:
    there = (heard(60, "files"), heard(55, "mail"), heard(58, "dns", "apia"), heard(52, "proxy", "apia"))
    found = states(*there)
    assert found == {
        **dict.fromkeys(("files", "mail", "dns", "proxy"), "link_down"),
        "site suva": "unknown",
        "site apia": "unknown",
    }
    assert Presence(fleet_of(*there), 3, 0.0).look(NOW).is_cut_off()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((heard(500, "dns", "apia"), heard(505, "proxy", "apia")), id="one after the other"),
        pytest.param((heard(58, "dns", "apia"), heard(5, "proxy", "apia")), id="somebody is heard"),
        pytest.param((heard(58, "dns", "apia"),), id="the other is one machine"),
    ],
)
def test_where_sites_do_not_fall_together_it_is_not(other: tuple[Machine, ...]) -> None:
    fleet = fleet_of(heard(60, "files"), heard(55, "mail"), *other)
    look = Presence(fleet, 3, 0.0).look(NOW)
    assert (look.is_cut_off(), look.site("suva")) == (False, "link_down")


def test_while_the_collector_stood_still_nobody_fell_and_who_was_silent_stays_so() -> None:
    there = (heard(3600 + 5, "files"), heard(3600 + 8, "mail"), heard(3600 + 60, "dead"))
    presence = Presence(fleet_of(*there), 3, 0.0)
    presence.was_away(3600, NOW)
    look = presence.look(NOW)
    assert [look.state(machine) for machine in there] == ["on", "on", "silent"]
    assert presence.look(NOW + 60).site("suva") == "unknown"
