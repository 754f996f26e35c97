"""Traps and informs of net-snmp's own tools, heard by a real poller: counted, in the event log, and polled at once."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from keskidee_agent.transport.identity import read_identity
from tests.collector.served import Served
from tests.e2e.test_devices import asset, enrolled
from tests.processes import find_free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.processes import Start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="more than one address of loopback"),
]
AGENT = [sys.executable, "-m", "keskidee", "agent"]
SECONDS = 120
OFTEN, SELDOM, STRANGER = "127.0.0.1", "127.0.0.2", "127.0.0.3"
COUNT, REFUSED = "keskidee_traps_total", "keskidee_traps_refused_total"
LINK_DOWN, COLD_START = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.1"
ON_BATTERY, UNAUTHENTICATED = "1.3.6.1.2.1.33.2.1", "1.3.6.1.6.3.1.1.5.5"
PRINTER_ALERT, PAPER_OUT = "1.3.6.1.2.1.43.18.2.0.1", ["1.3.6.1.2.1.43.18.1.1.7.1.4", "i", "808"]
PORT_7 = ["1.3.6.1.2.1.2.2.1.1.7", "i", "7"]
V2C = ["-v", "2c", "-c", "blue-sky"]
V3 = ["-v", "3", "-u", "monitor", "-l", "authPriv", "-a", "SHA", "-A", "a passphrase", "-x", "AES", "-X", "another one"]
ENGINE = ["-e", "0x8000000001020304"]


class House:
    """A collector, a poller of two addresses of one snmpd, and who sends notifications to it."""

    def __init__(self, folder: Path, program: Callable[[str], Path], start: Start) -> None:
        (folder / "first").mkdir()
        self.collector = Served(folder / "first", {})
        self._program, self._folder = program, folder
        self.port = find_free_port()
        snmp = find_free_port()
        lines = [f"agentAddress udp:{OFTEN}:{snmp},udp:{SELDOM}:{snmp}", "rocommunity secret-1"]
        (folder / "snmpd.conf").write_text("\n".join([*lines, ""]))
        (folder / "persistent").mkdir()
        self.environment = {"SNMP_PERSISTENT_DIR": os.fspath(folder / "persistent")}
        argv: list[str | Path] = [program("snmpd"), "-f", "-Lo", "-C", "-c", folder / "snmpd.conf"]
        start(argv, ready="NET-SNMP version", environment=self.environment)
        for name, text in {"snmp": "secret-1", "traps": "blue-sky", "auth": V3[9], "priv": V3[13]}.items():
            (folder / name).write_text(f"{text}\n")
        devices = [
            {"name": name, "address": address, "port": snmp, "interval_seconds": interval_seconds,
             "community_file": str(folder / "snmp"), "timeout_seconds": 10}
            for name, address, interval_seconds in (("often", OFTEN, 5), ("seldom", SELDOM, 3600))
        ]  # fmt: skip
        user = {"user": "monitor", "auth": f"SHA:{folder / 'auth'}", "priv": f"AES:{folder / 'priv'}"}
        traps = {
            "listen": f"127.0.0.1:{self.port}", "community_files": [str(folder / "traps")], "users": [user],
        }  # fmt: skip
        self.settings = folder / "agent.yml"
        self.settings.write_text(yaml.safe_dump({"devices": devices, "traps": traps}))
        self.state = enrolled(self.collector, folder / "agent")
        words = ["run", "--state", str(self.state), "--config", str(self.settings), "--interval", "2"]
        self.agent = start([*AGENT, *words], ready="traps=heard", environment=None)

    def send(self, version: Sequence[str], *told: str, source: str = OFTEN, informs: bool = False) -> int:
        """A notification of snmptrap: its exit status, which for an inform says whether it was answered."""
        words = [*version, *(["-Ci"] if informs else []), "-m", "", "-t", "10", "-r", "2", f"--clientaddr={source}"]
        argv: list[str | Path] = [self._program("snmptrap"), *words, f"127.0.0.1:{self.port}", *told]
        environment = os.environ | self.environment
        return subprocess.run(argv, env=environment, capture_output=True, check=False).returncode

    def events(self, name: str) -> list[tuple[str, str, int]]:
        """The event log of a device: what, of which part, how often."""
        found = asset(self.collector, name)
        rows = [] if found is None else self.collector.ask("GET", f"/v1/assets/{found['id']}/events").json["events"]
        return sorted((row["kind"], row["subject"], row["count"]) for row in rows)

    def count(self, name: str, **labels: str) -> float | None:
        return self.collector.sample(name, "/metrics", **labels)


@pytest.fixture
def house(tmp_path: Path, program: Callable[[str], Path], start: Start) -> Iterator[House]:
    here = House(tmp_path, program, start)
    yield here
    here.collector.stop()


def test_notifications_of_every_version_are_counted_kept_and_bring_a_poll_on(house: House) -> None:
    assert house.count("keskidee_device_up", instance="seldom") is None
    v1 = ["-v", "1", "-c", "blue-sky"]
    assert house.send(V2C, "", COLD_START, source=SELDOM) == 0
    assert house.send(v1, "1.3.6.1.4.1.99999", "192.0.2.7", "2", "0", "4711", *PORT_7) == 0
    assert house.send(V2C, "", ON_BATTERY) == 0
    assert house.send(V2C, "", PRINTER_ALERT, *PAPER_OUT, informs=True) == 0
    assert house.send([*V3, *ENGINE], "", UNAUTHENTICATED) == 0
    assert house.send(V3, "", LINK_DOWN, *PORT_7, informs=True) == 0
    assert house.send(["-v", "2c", "-c", "guess"], "", LINK_DOWN, "1.3.6.1.2.1.2.2.1.1.8", "i", "8") == 0
    assert house.send(V2C, "", LINK_DOWN, "1.3.6.1.2.1.2.2.1.1.9", "i", "9", source=STRANGER) == 0

    counts: dict[str, Any] = {"linkDown": 2, "upsOnBattery": 1, "paperOut": 1, "authenticationFailure": 1, "linkUp": 0}

    def told() -> dict[str, Any]:
        return {kind: house.count(COUNT, instance="often", trap=kind) for kind in counts}

    wait_until(lambda: told() == counts, "the counts of what was told", SECONDS)
    wait_until(lambda: house.count(REFUSED, instance="often", reason="community") == 1, "what was refused", SECONDS)
    poller = {"instance": read_identity(house.state).instance, "reason": "stranger"}
    wait_until(lambda: house.count(REFUSED, **poller) == 1, "the stranger's, counted by the poller", SECONDS)
    wait_until(lambda: house.count("keskidee_device_up", instance="seldom") == 1, "a poll at once", SECONDS)
    events = [("authenticationFailure", "", 1), ("linkDown", "7", 2), ("paperOut", "4", 1), ("upsOnBattery", "", 1)]
    wait_until(lambda: house.events("often") == events, "the event log", SECONDS)
    assert house.events("seldom") == [("coldStart", "", 1)]
    doctor = [*AGENT, "doctor", "--state", str(house.state), "--config", str(house.settings)]
    said = subprocess.run(doctor, capture_output=True, text=True, check=False).stdout
    [line] = [line for line in said.splitlines() if line.startswith("TRAPS")]
    assert line == f"TRAPS      heard on 127.0.0.1:{house.port}"
