"""Dock, VPN, Wi-Fi, a new board and a copied disk: 1, 1, 1, 1 and 2 machines, at a real collector."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.commands.renewal import renew
from keskidee_agent.host.facts import facts_of
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.transport.identity import Identity, read_identity, write_identity
from keskidee_agent.transport.route import Route
from tests.agent.recordings import write_files
from tests.collector.served import Agent, Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.processes import Start

pytestmark = pytest.mark.slow

AGENT = [sys.executable, "-m", "keskidee", "agent"]
DMI = "sys/class/dmi/id/"
LAPTOP: dict[str, str | bytes] = {
    "etc/hostname": "pc-01\n",
    "etc/machine-id": "b08dfa6083e7567a1921a715000001fb\n",
    DMI + "sys_vendor": "LENOVO\n",
    DMI + "product_serial": "PF2ABCDE\n",
    DMI + "product_uuid": "4c4c4544-004e-3610-8032-b7c04f414932\n",
    DMI + "chassis_type": "10\n",
    "sys/block/nvme0n1/device/serial": "S4EVNX0M123456\n",
    "sys/class/net/wlan0/address": "9c:b6:d0:00:00:01\n",
}
DOCK: dict[str, str | bytes] = {
    "sys/class/net/enx00/address": "00:50:b6:00:00:07\n",
    "sys/block/sda/removable": "1\n",
    "sys/block/sda/device/serial": "STICK\n",
}
BOARD: dict[str, str | bytes] = {
    DMI + "product_uuid": "5d5d5d55-005e-3610-8032-b7c04f414932\n",
    DMI + "product_serial": "PF9ZZZZZ\n",
}
OTHER_DISK: dict[str, str | bytes] = {"sys/block/nvme0n1/device/serial": "S4EVNX0M999999\n"}
ROWS = {
    "a dock": (DOCK, 1),
    "a VPN": ({"sys/class/net/tun0/address": "\n"}, 1),
    "another Wi-Fi card": ({"sys/class/net/wlan0/address": "9c:b6:d0:00:00:99\n"}, 1),
    "another host name": ({"etc/hostname": "pc-77\n"}, 1),
    "another disk": (OTHER_DISK | {"etc/machine-id": "c08dfa6083e7567a1921a715000001fc\n"}, 1),
    "another board": (BOARD, 1),
    "its disk copied to another machine": (BOARD | OTHER_DISK, 2),
}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("collector"), {})
    yield served
    served.stop()


def facts(root: Path, files: dict[str, str | bytes]) -> dict[str, str]:
    return facts_of(RecordedMachine(str(write_files(root, LAPTOP | files))))


@pytest.mark.parametrize(("change", "machines"), ROWS.values(), ids=ROWS.keys())
def test_what_changes_about_a_machine_and_how_many_there_are_then(
    collector: Served, tmp_path: Path, change: dict[str, str | bytes], machines: int
) -> None:
    agent = collector.enrol("pc-01")
    assert collector.post(agent, agent.body(facts=facts(tmp_path / "before", {}))).status == 200
    after = Agent(id=agent.id, credential=agent.credential, instance=agent.instance)
    told = facts(tmp_path / "after", change)
    status = collector.post(after, after.body(facts=told)).status
    if status == 401:
        after.id, after.credential = renewed(collector, after, tmp_path / "state")
        status = collector.post(after, after.body(facts=told)).status
    rows = collector.administer("GET", "/v1/machines").json["machines"]
    instances = {row["id"]: row["instance"] for row in rows}
    mine = [row for row in rows if instances[agent.id] in (row["instance"], row["clone_of"])]
    assert (status, [row["state"] for row in mine]) == (200, ["on"] * machines)


def renewed(collector: Served, agent: Agent, state: Path) -> tuple[str, str]:
    """What the resident starts when it is told 401; id and credential after it."""
    url = f"http://127.0.0.1:{collector.port}"
    before = Identity(
        machine_id=agent.id, credential=agent.credential, instance=agent.instance, site="", role="", collector=url
    )
    write_identity(state, before, None)
    renew(state, url, ca_file="", route=Route(), session_id=agent.encoder.session.hex())
    after = read_identity(state)
    return after.machine_id, after.credential


@pytest.mark.parametrize(("change", "status"), [("revoke", 403), ("retire", 410)])
def test_who_is_sent_away_hears_it_on_the_connection_that_it_has_and_that_ends(
    collector: Served, change: str, status: int
) -> None:
    agent, line = collector.enrol("pc-01"), collector.line()
    line.send(agent.request(agent.body()))
    statuses = [line.answer().status]
    collector.administer("POST", f"/v1/machines/{agent.id}/{change}")
    line.send(agent.request(agent.body()))
    statuses.append(line.answer().status)
    assert (statuses, line.is_closed()) == ([200, status], True)
    line.close()


def test_who_enrols_again_with_its_state_goes_on_under_its_record(collector: Served, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{collector.port}"
    command = [*AGENT, "enrol", url, "--token-file", "-", "--state", str(tmp_path)]
    found = []
    for more in ([], ["--force"]):
        subprocess.run([*command, *more], input=collector.token(), text=True, check=True, capture_output=True)
        found.append(read_identity(tmp_path))
    statuses = [
        collector.ask("POST", f"/v1/machines/{each.machine_id}/reports", b"nothing", token=each.credential).status
        for each in reversed(found)
    ]
    assert (found[0].machine_id, found[0].instance) == (found[1].machine_id, found[1].instance)
    assert statuses == [422, 401]  # the new one holds (the body is no report), and then the old one no more


@pytest.mark.timeout(120)
def test_two_agents_on_one_credential_become_two_machines_by_themselves(
    collector: Served, tmp_path: Path, start: Start
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    command = [*AGENT, "enrol", f"http://127.0.0.1:{collector.port}", "--token-file", "-", "--state", str(first)]
    subprocess.run(command, input=collector.token(), text=True, check=True, capture_output=True)
    shutil.copytree(first, second)
    for state in (first, second):
        start([*AGENT, "run", "--state", str(state), "--interval", "1"], ready=None)
    until = time.monotonic() + 80

    def heard() -> dict[str, float]:
        """Of the two, those that were heard, and when."""
        rows = collector.administer("GET", "/v1/machines").json["machines"]
        mine = {read_identity(state).machine_id for state in (first, second)}
        return {row["id"]: row["last_report_at"] for row in rows if row["id"] in mine and row["last_report_at"]}

    while len(heard()) < 2:
        assert time.monotonic() < until
        time.sleep(0.2)
    ids, refused = set(heard()), collector.counts()["clone"]
    stored = collector.counts()["stored"]
    while collector.counts()["stored"] < stored + 6:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert set(heard()) == ids
    assert collector.counts()["clone"] == refused
