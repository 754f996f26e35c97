"""The Alertmanager configuration we ship: Debian's amtool accepts it, and alerts go where they should."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "alertmanager" / "alertmanager.yml"


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


def test_no_secret_stands_in_the_file() -> None:
    forbidden = ("password", "secret", "token", "credentials", "api_key", "bearer_token")
    assert [key for key in keys_of(yaml.safe_load(CONFIGURATION.read_text())) if key.endswith(forbidden)] == []


def keys_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [name for key, inner in value.items() for name in (key, *keys_of(inner))]
    if isinstance(value, list):
        return [key for inner in value for key in keys_of(inner)]
    return []
