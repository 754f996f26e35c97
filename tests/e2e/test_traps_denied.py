"""A poller that may not have port 162 polls all the same, and doctor says what opens the port."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.collector.served import Served
from tests.e2e.test_devices import enrolled
from tests.e2e.test_traps import AGENT, SECONDS
from tests.processes import find_free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Start

SETPRIV = shutil.which("setpriv")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(SETPRIV is None or os.getuid() != 0, reason="takes the right away from root with setpriv"),
]


def test_devices_are_polled_while_their_port_is_denied_and_doctor_says_what_opens_it(
    collector: Served, tmp_path: Path, program: Callable[[str], Path], start: Start
) -> None:
    port, settings = find_free_port(), tmp_path / "agent.yml"
    (tmp_path / "snmpd.conf").write_text(f"agentAddress udp:127.0.0.1:{port}\nrocommunity secret-1\n")
    (tmp_path / "secret").write_text("secret-1\n")
    (tmp_path / "persistent").mkdir()
    environment = {"SNMP_PERSISTENT_DIR": os.fspath(tmp_path / "persistent")}
    snmpd: list[str | Path] = [program("snmpd"), "-f", "-Lo", "-C", "-c", tmp_path / "snmpd.conf"]
    start(snmpd, ready="NET-SNMP version", environment=environment)
    device = {"name": "switch-1", "address": "127.0.0.1", "port": port, "interval_seconds": 5}
    settings.write_text(yaml.safe_dump({"devices": [device | {"community_file": str(tmp_path / "secret")}]}))
    where = ["--state", str(enrolled(collector, tmp_path / "agent")), "--config", str(settings)]
    less = [SETPRIV or "", "--bounding-set=-net_bind_service", "--inh-caps=-all", *AGENT]

    start([*less, "run", *where, "--interval", "2"], ready="traps=unheard reason='Permission denied'")

    up = ("keskidee_device_up", "/metrics")
    wait_until(lambda: collector.sample(*up, instance="switch-1") == 1, "the device", SECONDS)
    told = subprocess.run([*less, "doctor", *where], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "\nTRAPS      not heard on 0.0.0.0:162: Permission denied\nneeds      the right to a port" in told.stdout
