"""The Alertmanager configuration we ship: Debian's amtool accepts it, and alerts go where they should."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "alertmanager" / "alertmanager.yml"
CHAIN = CONFIGURATION.with_name("chain-tests.yml")


def test_amtool_accepts_it(program: Callable[[str], Path]) -> None:
    checked = subprocess.run([program("amtool"), "check-config", CONFIGURATION], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=KeskideeMachineSilent severity=critical site=suva role=server", "on-call"),
        ("alertname=KeskideeMachineSilent severity=critical site=apia role=server", "on-call"),
        ("alertname=KeskideeSiteDown severity=critical site=apia", "on-call"),
        ("alertname=KeskideeSiteDown severity=warning site=suva", "tickets"),
        ("alertname=KeskideeSiteDown severity=warning site=apia", "tickets-apia"),
        ("alertname=KeskideeCollectorCutOff severity=critical", "on-call"),
        ("alertname=KeskideeCollectorDown severity=critical", "on-call"),
        ("alertname=KeskideeDiskFilling severity=warning site=suva role=desktop", "tickets"),
        ("alertname=KeskideeDiskFilling severity=warning site=apia role=desktop", "tickets-apia"),
        ("alertname=KeskideeReportsRefused severity=warning", "tickets"),
        ("alertname=SomethingElse severity=info site=apia", "nobody"),
        ("alertname=Watchdog severity=none", "heartbeat"),
        ("alertname=KeskideeTest severity=critical site=apia", "on-call"),
        ("alertname=KeskideeTest severity=warning site=apia", "tickets-apia"),
        ("alertname=KeskideeTest severity=warning", "tickets"),
        ("alertname=SomebodyElses", "tickets"),
    ],
)
def test_alert_goes_to(labels: str, receiver: str, program: Callable[[str], Path]) -> None:
    routed = subprocess.run(
        [program("amtool"), "config", "routes", "test", f"--config.file={CONFIGURATION}", *labels.split()],
        capture_output=True,
        text=True,
    )
    assert routed.stdout.split() == [receiver], routed.stderr


def test_every_site_with_tickets_of_its_own_has_its_own_hours_and_a_test_alert_minds_none() -> None:
    routes = yaml.safe_load(CONFIGURATION.read_text())["route"]["routes"]
    tickets = {route["receiver"]: route for route in routes if route["receiver"].startswith("tickets")}
    assert {name: route["active_time_intervals"] for name, route in tickets.items()} == {
        "tickets": ["office-hours"],
        "tickets-apia": ["office-hours-apia"],
    }
    test = {"matchers": ["alertname = KeskideeTest"], "group_by": ["..."], "group_wait": "0s"}
    assert [route["routes"] for route in tickets.values()] == [[test], [test]]


def test_office_hours_are_those_of_the_sites_zone() -> None:
    intervals = yaml.safe_load(CONFIGURATION.read_text())["time_intervals"]
    zones = {row["name"]: [each["location"] for each in row["time_intervals"]] for row in intervals}
    assert zones == {"office-hours": ["Pacific/Fiji"], "office-hours-apia": ["Pacific/Apia"]}


def test_what_newer_versions_have_stands_in_comments_that_are_receivers() -> None:
    block = CONFIGURATION.read_text().rpartition("says which it knows.\n#\n")[2]
    receivers = yaml.safe_load("\n".join(line.removeprefix("#") for line in block.splitlines()))
    shipped = {row["name"] for row in yaml.safe_load(CONFIGURATION.read_text())["receivers"]}
    assert {row["name"] for row in receivers} <= shipped


def test_alert_tests_are_watched_and_the_watchdog_always_barks(program: Callable[[str], Path]) -> None:
    tested = subprocess.run([program("promtool"), "test", "rules", CHAIN], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_no_secret_stands_in_the_file() -> None:
    forbidden = ("password", "secret", "token", "credentials", "api_key", "bearer_token")
    assert [key for key in keys_of(yaml.safe_load(CONFIGURATION.read_text())) if key.endswith(forbidden)] == []


def keys_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [name for key, inner in value.items() for name in (key, *keys_of(inner))]
    if isinstance(value, list):
        return [key for inner in value for key in keys_of(inner)]
    return []
