"""A real agent polls a real snmpd, and a recorded UPS, for a real collector: metrics, assets, and who is silent."""

from __future__ import annotations

import hashlib
import os
import signal
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from keskidee_agent.transport.identity import read_identity
from tests.agent.devices.boards import PASSWORD, USER, FakeBoard, recorded, served
from tests.agent.devices.simulator import Simulator
from tests.agent.devices.test_boards import FOLDER
from tests.agent.listening import certified
from tests.collector.served import Served
from tests.processes import find_free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.processes import Process, Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
AGENT = [sys.executable, "-m", "keskidee", "agent"]
SECONDS = 120
UP = "keskidee_device_up"
UPS = "apc_smt750x-nmc2"


@pytest.fixture
def snmpd(program: Callable[[str], Path], start: Start, tmp_path: Path) -> tuple[int, Process]:
    """A running snmpd: its port, and the process."""
    port = find_free_port()
    configuration = tmp_path / "snmpd.conf"
    configuration.write_text(f"agentAddress udp:127.0.0.1:{port}\nrocommunity secret-1\nsysLocation Castries\n")
    (tmp_path / "persistent").mkdir()
    argv: list[str | Path] = [program("snmpd"), "-f", "-Lo", "-C", "-c", configuration]
    environment = {"SNMP_PERSISTENT_DIR": os.fspath(tmp_path / "persistent")}
    return port, start(argv, ready="NET-SNMP version", environment=environment)


@pytest.fixture
def ups(shared_data: Path, tmp_path: Path) -> Iterator[Simulator]:
    (tmp_path / "simulator").mkdir()
    simulator = Simulator(tmp_path / "simulator", [shared_data / "snmp" / f"{UPS}.snmprec"])
    yield simulator
    simulator.stop()


def enrolled(collector: Served, folder: Path) -> Path:
    """The state folder of an agent that is enrolled there."""
    command = [*AGENT, "enrol", f"http://127.0.0.1:{collector.port}", "--token-file", "-", "--state", str(folder)]
    subprocess.run(command, input=collector.token(), text=True, check=True, capture_output=True)
    return folder


def asset(collector: Served, name: str) -> Any:
    """The asset of this name, once its inventory was taken and its first report read."""
    rows = collector.ask("GET", f"/v1/assets?q={name}").json["assets"]
    return next((row for row in rows if row["name"] == name and row["kind"] and row["inventory_at"] is not None), None)


def states(collector: Served) -> dict[str, str]:
    """The state of each machine by instance."""
    return {row["instance"]: row["state"] for row in collector.administer("GET", "/v1/machines").json["machines"]}


def test_a_device_of_the_settings_is_polled_reported_and_kept_as_an_asset(
    collector: Served, snmpd: tuple[int, Process], start: Start, tmp_path: Path
) -> None:
    state = enrolled(collector, tmp_path / "agent")
    (tmp_path / "community").write_text("secret-1\n")
    device = {"name": "core-1", "address": "127.0.0.1", "port": snmpd[0], "interval_seconds": 5, "asset_tag": "SPC-1"}
    settings = tmp_path / "agent.yml"
    settings.write_text(yaml.safe_dump({"devices": [device | {"community_file": str(tmp_path / "community")}]}))
    agent = start([*AGENT, "run", "--state", str(state), "--config", str(settings), "--interval", "2"], ready=None)

    wait_until(lambda: asset(collector, "core-1"), "the inventory of the snmpd", SECONDS)
    wait_until(lambda: collector.sample(UP, "/metrics", instance="core-1") == 1, "its report", SECONDS)
    page = collector.samples("/metrics")
    octets = "ifHCInOctets_total"  # the parser of the tests ends counters so; the page does not
    assert "lo" in {dict(labels)["ifName"] for name, labels in page if name == octets}
    core = asset(collector, "core-1")
    assert (core["kind"], core["asset_tag"], core["state"]) == ("server", "SPC-1", "in use")
    items = collector.ask("GET", f"/v1/assets/{core['id']}").json["items"]
    [system] = [row["fields"] for row in items if row["kind"] == "device"]
    assert system["location"] == "Castries"

    snmpd[1].stop()
    wait_until(lambda: states(collector).get("core-1") == "silent", "the device's silence", SECONDS)
    assert collector.sample(UP, "/metrics", instance="core-1") == 0
    assert states(collector)[read_identity(state).instance] == "on"

    settings.write_text("{}\n")
    agent.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: "retired" in states(collector).values(), "the end of a device that is in no settings", SECONDS)


def test_a_device_that_was_added_at_the_collector_is_polled_by_the_agent_that_it_names(
    collector: Served, ups: Simulator, start: Start, tmp_path: Path
) -> None:
    state = enrolled(collector, tmp_path / "agent")
    start([*AGENT, "run", "--state", str(state), "--interval", "2"], ready=None)
    device = {"name": "ups-1", "address": "127.0.0.1", "port": ups.port, "community": UPS, "interval_seconds": 5}
    named = {"poller": read_identity(state).instance, "timeout_seconds": 20}
    assert collector.administer("POST", "/v1/devices", device | named).status == 201

    wait_until(lambda: asset(collector, "ups-1"), "the inventory of the UPS", SECONDS)
    assert {name: asset(collector, "ups-1")[name] for name in ("kind", "maker", "model", "serial")} == {
        "kind": "power",
        "maker": "APC",
        "model": "Smart-UPS X 750",
        "serial": "AS1907242163",
    }
    wait_until(lambda: collector.sample(UP, "/metrics", instance="ups-1") == 1, "its report", SECONDS)
    charge = "keskidee_ups_battery_charge_ratio"
    assert {name for name, labels in collector.samples("/metrics") if ("instance", "ups-1") in labels} >= {charge}


@pytest.fixture
def board(tmp_path: Path) -> Iterator[FakeBoard]:
    with served(recorded(FOLDER / "dell_idrac9"), certified(tmp_path / "board", "idrac.example")) as board:
        yield board


def test_a_server_board_of_the_settings_is_polled_by_redfish_and_its_parts_are_in_the_register(
    collector: Served, board: FakeBoard, start: Start, tmp_path: Path
) -> None:
    state = enrolled(collector, tmp_path / "agent")
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    pem = ssl.get_server_certificate(("127.0.0.1", board.port))
    device = {
        "name": "srv-07-board",
        "address": board.url,
        "user": USER,
        "password_file": str(tmp_path / "password"),
        "fingerprint": hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest(),
        "interval_seconds": 5,
    }
    settings = tmp_path / "agent.yml"
    settings.write_text(yaml.safe_dump({"devices": [device]}))
    agent = start([*AGENT, "run", "--state", str(state), "--config", str(settings), "--interval", "2"], ready=None)

    wait_until(lambda: asset(collector, "srv-07-board"), "the inventory of the board", SECONDS)
    named = asset(collector, "srv-07-board")
    assert {name: named[name] for name in ("kind", "maker", "model", "serial")} == {
        "kind": "server",
        "maker": "Dell",
        "model": "PowerEdge R640",
        "serial": "7KQX2Z3",
    }
    items = collector.ask("GET", f"/v1/assets/{named['id']}").json["items"]
    serials = {row["fields"].get("serial") for row in items if row["kind"] in ("memory", "disk", "power_supply")}
    assert serials == {
        "402B1D6F", "402B1D70", "S45PNA0M123401", "S45PNA0M123402", "CNDED009BG070", "CNDED009BG071",
    }  # fmt: skip

    machines = collector.administer("GET", "/v1/machines").json["machines"]
    [machine] = [row["id"] for row in machines if row["instance"] == "srv-07-board"]
    page = f"/metrics/machines/{machine}"
    wait_until(lambda: collector.sample(UP, page, instance="srv-07-board") == 1, "its report", SECONDS)
    series = collector.samples(page)
    told = {name: value for (name, labels), value in series.items() if ("sensor", "System Board Inlet Temp") in labels}
    fan = {
        dict(labels)["state"]: value
        for (_, labels), value in series.items()
        if ("class", "fan") in labels and ("part", "System Board Fan1B") in labels
    }
    assert (told, fan) == ({"keskidee_sensor_celsius": 23}, {"ok": 0, "warning": 0, "critical": 1})

    agent.popen.send_signal(signal.SIGTERM)
    wait_until(lambda: not board.tokens, "the end of the board's session", SECONDS)
