"""The resident agent as a process of its own: reports on its phase, stops at once, survives what happens to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host import clock
from keskidee_agent.transport.identity import Identity, write_identity
from keskidee_report.decode import open_envelope
from tests.agent.collecting import LIMIT, Collector
from tests.agent.listening import Certified, Listener, Request, answer, certified
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

MACHINE_ID = "00112233445566778899aabbccddeeff"
COMMAND = [sys.executable, "-m", "keskidee", "agent", "run"]


@pytest.fixture
def collector() -> Collector:
    return Collector(interval_seconds=1)


@pytest.fixture
def listener(collector: Collector) -> Iterator[Listener]:
    listener = Listener(collector)
    yield listener
    listener.close()


class Agent:
    """A running agent and what it says on stderr."""

    def __init__(self, state: Path, *words: str, stdin: int = subprocess.DEVNULL) -> None:
        self.log = state.parent / "stderr"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*COMMAND, "--state", str(state), *words], stdin=stdin, stderr=log)

    def end(self, number: int) -> float:
        """Sends a signal; seconds until the agent has ended with status 0."""
        started = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(10) == 0
        return time.monotonic() - started

    def told(self) -> list[str]:
        return self.log.read_text().splitlines()


def enrol(state: Path, url: str, ca_pem: bytes | None = None, *, machine_id: str = MACHINE_ID) -> None:
    identity = Identity(
        machine_id=machine_id, credential="c" * 43, instance="pc", site="default", role="server", collector=url
    )
    write_identity(state, identity, ca_pem)


@pytest.fixture
def start(tmp_path: Path, listener: Listener) -> Iterator[Callable[..., Agent]]:
    """`start(*words)`: an agent that is enrolled at the listener and reports each second."""
    agents: list[Agent] = []
    enrol(tmp_path / "state", listener.url)

    def one(*words: str, **options: int) -> Agent:
        agents.append(Agent(tmp_path / "state", "--interval", "1", *words, **options))
        return agents[-1]

    yield one
    for agent in agents:
        print(*agent.told(), sep="\n")
        if agent.process.poll() is None:
            agent.process.kill()
            agent.process.wait()


def test_a_report_comes_at_once_and_then_each_interval_on_the_machines_phase(
    start: Callable[..., Agent], collector: Collector
) -> None:
    start()
    collector.wait_for(lambda: len(collector.came_at) >= 5)
    assert collector.reports[:5] == [0, 1, 2, 3, 4]
    gaps = [after - before for before, after in zip(collector.came_at[1:4], collector.came_at[2:5], strict=True)]
    assert all(0.7 < gap < 1.3 for gap in gaps)


def test_the_facts_name_the_machine_its_agent_and_its_interval(
    start: Callable[..., Agent], collector: Collector
) -> None:
    start()
    collector.wait_for(lambda: collector.facts)
    facts = collector.facts[0]
    assert (facts["hostname"], facts["os"], facts["interval_seconds"]) == (os.uname().nodename, "linux", "1")
    assert facts["interval_own"] == "true"  # it was started with --interval
    assert facts["agent_version"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [(signal.SIGKILL, "crash"), (signal.SIGTERM, "stop"), (signal.SIGUSR2, "upgrade")],
    ids=["KILL", "TERM", "USR2"],
)
def test_the_first_report_says_why_the_agent_was_away(
    start: Callable[..., Agent], collector: Collector, number: int, reason: str
) -> None:
    first = start()
    collector.wait_for(lambda: collector.facts)
    first.process.send_signal(number)
    first.process.wait(10)
    start()
    collector.wait_for(lambda: len(collector.facts) == 2)
    assert [facts["away_reason"] for facts in collector.facts] == ["first_start", reason]
    assert int(collector.facts[1]["away_seconds"]) < 10


def test_the_collectors_interval_is_taken_over_and_told_back(start: Callable[..., Agent], collector: Collector) -> None:
    collector.wishes["interval_seconds"] = 2
    start()
    collector.wait_for(lambda: len(collector.came_at) >= 4)
    assert 1.5 < collector.came_at[3] - collector.came_at[2] < 2.5
    assert [facts["interval_seconds"] for facts in collector.facts] == ["1", "2"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR2], ids=["TERM", "INT", "USR2"])
def test_a_stop_says_goodbye_and_is_quick(start: Callable[..., Agent], collector: Collector, number: int) -> None:
    collector.wishes["interval_seconds"] = 600
    agent = start()
    collector.wait_for(lambda: collector.reports)
    assert agent.end(number) < 2
    assert collector.goodbyes == [("upgrade" if number == signal.SIGUSR2 else "stop", 1)]
    assert agent.told() == []


def test_a_stop_is_quick_while_the_collector_hangs(
    start: Callable[..., Agent], collector: Collector, listener: Listener
) -> None:
    def hang(request: Request) -> bytes:
        collector(request)
        time.sleep(60)
        return b""

    listener.respond = hang
    agent = start("--interval", "60")
    collector.wait_for(lambda: collector.posts)
    assert agent.end(signal.SIGTERM) < 6


def test_a_killed_agent_loses_no_report(start: Callable[..., Agent], collector: Collector) -> None:
    collector.statuses = [503] * 2
    agent = start()
    collector.wait_for(lambda: collector.reports)
    agent.process.kill()
    agent.process.wait()
    start()
    collector.wait_for(lambda: len({session for session, _ in collector.taken}) == 2)
    first = collector.taken[0][0]
    collector.wait_for(lambda: collector.taken[-1][0] != first and len(collector.posts) > 6)
    sequences = [sequence for session, sequence in collector.taken if session == first]
    assert sorted(set(sequences)) == list(range(max(sequences) + 1))  # what was on its way may come twice


def test_reports_of_an_outage_arrive_after_it_with_the_live_one_first(
    tmp_path: Path, start: Callable[..., Agent], collector: Collector, listener: Listener
) -> None:
    start()
    collector.wait_for(lambda: collector.reports)
    collector.statuses = [503] * 2
    collector.wait_for(lambda: not collector.statuses)
    missed = len(collector.reports)
    collector.wait_for(
        lambda: sorted(collector.reports) == list(range(len(collector.reports))) and len(collector.posts) > 5
    )
    assert collector.reports[missed] > missed


def test_twenty_reports_take_one_handshake(tmp_path: Path, collector: Collector) -> None:
    local: Certified = certified(tmp_path / "authority", "127.0.0.1")
    listener = Listener(collector, tls=local.context)
    enrol(tmp_path / "state", listener.url, local.ca_file.read_bytes())
    agent = Agent(tmp_path / "state", "--interval", "1")
    try:
        collector.wait_for(lambda: len(collector.reports) >= 5)
        assert len(collector.connections) == 1
        assert agent.end(signal.SIGTERM) < 2
        assert (collector.goodbyes[0][0], len(collector.connections)) == ("stop", 1)
    finally:
        agent.process.kill()
        agent.process.wait()
        listener.close()


def test_sighup_reads_the_settings_again_in_the_same_process(
    tmp_path: Path, start: Callable[..., Agent], collector: Collector
) -> None:
    config = tmp_path / "agent.yml"
    config.write_text("sources: {disabled: [dmi]}\n")
    agent = start("--config", str(config))
    collector.wait_for(lambda: collector.reports)
    config.write_text("sources: {disabled: [dmi, netdev, cpu, diskstats, filesystem]}\n")
    agent.process.send_signal(signal.SIGHUP)
    collector.wait_for(lambda: len({session for session, _ in collector.taken}) == 2)
    assert collector.goodbyes == []
    assert {facts["away_reason"] for facts in collector.facts} == {"first_start"}
    assert agent.end(signal.SIGTERM) < 2
    assert len(collector.bodies[-2]) < len(collector.bodies[0])


def test_sighup_with_broken_settings_changes_nothing_and_is_told(
    tmp_path: Path, start: Callable[..., Agent], collector: Collector
) -> None:
    config = tmp_path / "agent.yml"
    config.write_text("interval_seconds: 1\n")
    agent = start("--config", str(config))
    collector.wait_for(lambda: collector.reports)
    config.write_text("intervall_seconds: 1\n")
    agent.process.send_signal(signal.SIGHUP)
    before = len(collector.reports)
    collector.wait_for(lambda: len(collector.reports) > before + 3)
    assert len({session for session, _ in collector.taken}) == 1
    assert agent.told() == [
        f"keskidee: {config}:1: intervall_seconds: unknown key, did you mean interval_seconds?",
        "keskidee agent: reload=refused the settings stay as they were",
    ]


def test_another_enrolment_takes_effect_by_itself(
    tmp_path: Path, start: Callable[..., Agent], collector: Collector, listener: Listener
) -> None:
    start()
    collector.wait_for(lambda: collector.reports)
    enrol(tmp_path / "state", listener.url, machine_id="f" * 32)
    collector.wait_for(lambda: len({session for session, _ in collector.taken}) == 2)
    assert listener.requests[-1].line == f"POST /v1/machines/{'f' * 32}/reports HTTP/1.1"


WITHIN = """
import argparse, pathlib, sys
if sys.argv[-1] == "--check":
    sys.exit()
from keskidee_agent.resident import resident
from keskidee_agent.commands import run
words = argparse.Namespace(
    config=None, state=pathlib.Path(sys.argv[1]), interval=1, collector=None, exit_with_parent=False, log=None
)
sys.exit(resident.run(run.handover(words), read_again=lambda: run.handover(words)))
"""


def test_where_exec_would_be_another_process_the_settings_are_read_again_within(
    tmp_path: Path, collector: Collector, listener: Listener
) -> None:
    enrol(tmp_path / "state", listener.url)
    agent = subprocess.Popen([sys.executable, "-c", WITHIN, str(tmp_path / "state")], stderr=subprocess.PIPE)
    try:
        collector.wait_for(lambda: collector.reports)
        agent.send_signal(signal.SIGHUP)
        collector.wait_for(lambda: len({session for session, _ in collector.taken}) == 2)
        assert collector.goodbyes == []
    finally:
        agent.terminate()
        told = agent.communicate(timeout=20)[1]
    last_word = (tmp_path / "state" / "spool" / "last-word").read_text().split()[2]
    assert (agent.returncode, b"Traceback" in told, last_word) == (0, False, "stop")


def test_a_renewal_that_is_refused_is_not_tried_again_at_once_and_reports_go_on(
    start: Callable[..., Agent], collector: Collector, listener: Listener
) -> None:
    asked: list[bytes] = []

    def refuse(request: Request) -> bytes:
        if "/credential " not in request.line:
            return collector(request)
        asked.append(request.body)
        return answer(404)

    listener.respond = refuse
    collector.wishes["renew_credential"] = 1
    agent = start()
    collector.wait_for(lambda: asked)
    count = len(collector.reports)
    collector.wait_for(lambda: len(collector.reports) >= count + 3)
    told = [line for line in agent.told() if "renewal" in line]
    assert told == ["keskidee agent: renewal=failed reason='the collector gives no new credential (status 404)'"]
    assert (len(asked), b"sha256" in asked[0]) == (1, True)


def test_a_second_agent_on_the_same_folder_is_refused_and_says_so_where_it_shall(
    start: Callable[..., Agent], collector: Collector, tmp_path: Path
) -> None:
    start()
    collector.wait_for(lambda: collector.reports)
    second = start()
    assert second.process.wait(10) == 1
    line = f"keskidee agent: another agent is running on {second.log.parent}/state/spool"
    assert second.told() == [line]
    log = tmp_path / "log"
    third = start("--log", str(log))
    assert (third.process.wait(10), third.told()) == (1, [line])
    moment, _, told = log.read_text().partition(" ")
    assert (time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").tm_year > 2020, told) == (True, f"{line}\n")


def test_the_end_of_its_parent_ends_it_with_a_goodbye(start: Callable[..., Agent], collector: Collector) -> None:
    reader, writer = os.pipe()
    agent = start("--exit-with-parent", stdin=reader)
    os.close(reader)
    collector.wait_for(lambda: collector.reports)
    os.write(writer, b"what is written does not matter")
    collector.wait_for(lambda: len(collector.reports) > 2)
    os.close(writer)
    assert agent.process.wait(5) == 0
    assert collector.goodbyes[0][0] == "stop"


def test_ps_shows_the_command_and_no_secret(start: Callable[..., Agent], collector: Collector, tmp_path: Path) -> None:
    agent = start()
    collector.wait_for(lambda: collector.reports)
    shown = Path(f"/proc/{agent.process.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    assert shown.endswith(f" keskidee_agent.resident.resident agent run --state {tmp_path}/state --interval 1 ")
    environment = Path(f"/proc/{agent.process.pid}/environ").read_bytes().decode()
    assert "c" * 43 not in shown + environment


def test_it_imports_nothing_heavy() -> None:
    script = "import sys, keskidee_agent.resident.resident; print(*sys.modules)"
    folder = Path(clock.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(folder)!r}); {script}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    heavy = {
        "dataclasses",
        "typing",
        "json",
        "logging",
        "re",
        "enum",
        "socket",
        "ssl",
        "signal",
        "threading",
        "subprocess",
    }
    heavy |= {
        "pathlib",
        "http",
        "urllib",
        "psutil",
        "yaml",
        "requests",
        "collections",
        "traceback",
        "inspect",
        "random",
    }
    assert heavy & set(done.stdout.split()) == set()


@given(st.integers(0, 10**12), st.integers(1, 3600))
def test_rounds_lie_on_the_phase_and_missed_ones_are_not_made_up(now_ms: int, interval_seconds: int) -> None:
    interval_ms = interval_seconds * 1000
    phase = clock.phase_ms(MACHINE_ID, interval_ms)
    following = clock.next_round_ms(now_ms, interval_ms, phase)
    assert now_ms < following <= now_ms + interval_ms
    assert following % interval_ms == phase


def test_a_fleet_that_boots_together_is_spread_over_the_interval() -> None:
    phases = [clock.phase_ms(f"{number:032x}", 15_000) for number in range(3000)]
    seconds = [sum(1 for phase in phases if phase // 1000 == second) for second in range(15)]
    assert all(140 < count < 260 for count in seconds)


def test_identity_is_json(tmp_path: Path) -> None:
    enrol(tmp_path, "https://c")
    assert json.loads((tmp_path / "identity.json").read_text())["machine_id"] == MACHINE_ID


def test_services_are_read_by_a_process_of_their_own_and_one_that_hangs_holds_up_no_round(
    start: Callable[..., Agent], collector: Collector, tmp_path: Path
) -> None:
    page = tmp_path / "state" / "services.prom"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = tmp_path / "agent.yml"
        settings.write_text(
            f"services:\n  - {{name: port, tcp: '127.0.0.1:{port}'}}\n"
            f"  - {{name: page, url: 'http://127.0.0.1:{port}/', timeout_seconds: 30}}\n"
        )
        agent = start("--config", str(settings))
        collector.wait_for(lambda: len(collector.reports) >= 3)
        assert not page.exists()  # its process waits for the page that never comes
        silent.close()
    wait_until(page.exists, "the page of services", 60)
    shown = [line for line in page.read_text().splitlines() if line.startswith("probe_success")]
    assert shown == ['probe_success{service="port"} 1', 'probe_success{service="page"} 0']
    collector.wait_for(lambda: tells_of(collector, b"probe_success"))
    agent.end(signal.SIGTERM)


def tells_of(collector: Collector, name: bytes) -> bool:
    """Whether the names that were sent hold this one."""
    return any(name in payload for body in collector.bodies for _, payload in open_envelope(body, LIMIT).frames)
