"""Records what an agent of this version sends, for collectors to come: `python -m tests.collector.wire_recording`.

Run once a minor version, when it is released; a recording is never made again. It writes into
`tests/fixtures/wire/<version>`: `enrol.json` (the body of the enrolment), `posts.json` (name, seconds after NOON and
answer of each POST, in order) and the bodies, `<name>.post`. test_older_agents.py plays them to today's collector.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_report import __version__
from keskidee_report.codec import Encoder, envelope, facts_frame, goodbye_frame
from keskidee_report.delta import Snapshot, delta_of
from keskidee_report.model import DENIED, OK, Family, Reading
from tests.collector.inside import NOON, Agent, Inside

if TYPE_CHECKING:
    from keskidee_report.codec import Report

FOLDER = Path(__file__).parents[1] / "fixtures" / "wire"
BOOT_MS = 3_600_000
FACTS = {
    "hostname": "srv-01", "os": "linux", "os_name": "Debian GNU/Linux 12 (bookworm)", "interval_seconds": "15",
    "vendor": 'Fabricante "Ñ" \\ S.A.', "chassis": "server",
}  # fmt: skip
INFO = Family("keskidee_agent_info", "gauge", "The agent that reports; the value is always 1", digits=0)
LOAD = Family("node_load1", "gauge", "Load average over 1 minute", digits=2)
CPU = Family("node_cpu_seconds_total", "counter", "Seconds the CPUs spent in each mode", digits=2)
BYTES = Family("node_network_receive_bytes_total", "counter", "Bytes received", digits=0)
CELSIUS = Family("node_hwmon_temp_celsius", "gauge", "Temperature")
BUCKET = Family("backup_seconds_bucket", "histogram", "How long backups took", digits=0)
SUM = Family("backup_seconds_sum", "histogram", "How long backups took")
COUNT = Family("backup_seconds_count", "histogram", "How long backups took", digits=0)
OLD = Family("old_style", "untyped", "A value of a script")


def minor_version() -> str:
    """The folder of this version's recording."""
    return ".".join(__version__.split(".")[:2])


def readings(number: int, *, interfaces: int = 2) -> list[Reading]:
    """A round with every kind of family and column; what changes with `number` is what changes on a machine."""
    network = [BYTES((1 << 53) + 1000 * number, device=f"eth{port}") for port in range(interfaces)]
    script = [BUCKET(number, le="5.0"), BUCKET(number + 1, le="+Inf"), SUM(2.5 * number), COUNT(number + 1)]
    modes = [CPU(100.25 + number, cpu=str(cpu), mode=mode) for cpu in range(2) for mode in ("idle", "user")]
    return [
        Reading("agent", OK, "", 0.000_2, [INFO(1, version=__version__)]),
        Reading("loadavg", OK, "", 0.000_1, [LOAD(0.25 + number)]),
        Reading("cpu", OK, "", 0.001, modes),
        Reading("netdev", OK, "", 0.002, network),
        Reading("hwmon", OK, "", 0.003, [CELSIUS(40.0625 + number, chip="acpi/\"tz\"", sensor="temp1"),
                                         CELSIUS(float("nan"), chip="i2c", sensor="")]),
        Reading("dmi", DENIED if number % 2 else OK, "needs root: /sys/é" if number % 2 else "", 0.000_3, []),
        Reading("textfile", OK, "", 0.000_4, [*script, OLD(float("inf"), note="ünïcode\n")]),
    ]  # fmt: skip


class Recorder:
    """An agent of today that speaks to a collector of today, each of its POSTs 15 s after the one before."""

    def __init__(self, collector: Inside, agent: Agent) -> None:
        self._collector = collector
        self._agent = agent
        self._encoder = Encoder(b"session1")
        self._sequence = 0
        self.rows: list[dict[str, Any]] = []
        self.bodies: dict[str, bytes] = {}

    def report(self, *, interfaces: int = 2, encoder: Encoder | None = None, ago_seconds: int = 0) -> Report:
        """The next round."""
        self._sequence += 1
        ms = self._elapsed_ms() - 1000 * ago_seconds
        return (encoder or self._encoder).report(
            readings(self._sequence, interfaces=interfaces),
            sequence=self._sequence, boot_ms=BOOT_MS + ms, wall_ms=int(NOON * 1000) + ms,
        )  # fmt: skip

    def names(self, report: Report, encoder: Encoder | None = None) -> list[bytes]:
        """Its names."""
        return (encoder or self._encoder).schema_frames(report.schema_id)[0]

    def goodbye(self) -> bytes:
        """The last frame."""
        self._sequence += 1
        ms = self._elapsed_ms()
        return goodbye_frame(b"session1", self._sequence, BOOT_MS + ms, int(NOON * 1000) + ms, "shutdown")

    async def post(self, name: str, frames: list[bytes]) -> None:
        """Sends it and keeps it with its answer."""
        ms = self._elapsed_ms()
        body = envelope(b"session1", BOOT_MS + ms, int(NOON * 1000) + ms, frames)
        path = f"/v1/machines/{self._agent.id}/reports"
        answer = await self._collector.ask("POST", path, body, token=self._agent.credential)
        self.bodies[name] = body
        self.rows.append({"name": name, "at": ms // 1000, "status": answer.status, "answer": answer.json})
        self._collector.clock.wait(15)

    def _elapsed_ms(self) -> int:
        return int((self._collector.clock.at - NOON) * 1000)


def delta(base: Snapshot, report: Report) -> tuple[bytes, Snapshot]:
    """The DELTA frame of a report, and the base of the next."""
    found = delta_of(base, report.snapshot)
    assert found is not None
    return found


async def record(collector: Inside, agent: Agent) -> Recorder:
    """Everything that agents do: whole reports, deltas, several in a POST, new names, a backlog, a goodbye."""
    recorder = Recorder(collector, agent)
    earlier = Encoder(b"session0")
    waiting = [recorder.report(encoder=earlier, ago_seconds=ago) for ago in (600, 585, 570)]

    whole = recorder.report()
    await recorder.post("1-whole", [facts_frame(FACTS), *recorder.names(whole), whole.frame])
    frame, base = delta(whole.snapshot, recorder.report())
    await recorder.post("2-delta", [frame])
    first, base = delta(base, recorder.report())
    second, base = delta(base, recorder.report())
    await recorder.post("3-two-deltas", [first, second])
    more = recorder.report(interfaces=3)
    await recorder.post("4-unknown-names", [more.frame])
    await recorder.post("5-new-names", [*recorder.names(more), more.frame])

    backlog, base = [waiting[0].frame], waiting[0].snapshot
    for late in waiting[1:]:
        frame, base = delta(base, late)
        backlog.append(frame)
    await recorder.post("6-backlog", [*recorder.names(waiting[0], earlier), *backlog])
    frame, base = delta(more.snapshot, recorder.report(interfaces=3))
    await recorder.post("7-delta-after-a-backlog", [frame])
    frame, _ = delta(whole.snapshot, recorder.report())
    await recorder.post("8-unknown-base", [frame])
    await recorder.post("9-goodbye", [recorder.goodbye()])
    return recorder


def enrolment() -> bytes:
    """The body with which it joins."""
    facts = {key: value for key, value in FACTS.items() if key != "hostname"}
    return json.dumps({"hostname": FACTS["hostname"], "facts": facts, "evidence": {}, "site": "suva"}).encode()


async def joined(collector: Inside, asked: bytes) -> Agent:
    """A machine that joined with this body."""
    answer = await collector.ask("POST", "/v1/enrol", asked, token=await collector.token())
    assert answer.status == 201, answer
    row = answer.json
    return Agent(id=row["machine_id"], credential=row["credential"], instance=row["instance"])


def main() -> None:
    """Writes the recording of this version, once."""
    folder = FOLDER / minor_version()
    folder.mkdir(parents=True)
    data = Path(tempfile.mkdtemp())

    async def run() -> Recorder:
        collector = Inside(data)
        recorder = await record(collector, await joined(collector, enrolment()))
        collector.state.close()
        return recorder

    recorder = asyncio.run(run())
    shutil.rmtree(data)
    (folder / "enrol.json").write_bytes(enrolment() + b"\n")
    (folder / "posts.json").write_text(json.dumps(recorder.rows, indent=2) + "\n")
    for name, body in recorder.bodies.items():
        (folder / f"{name}.post").write_bytes(body)
    (folder / "ORIGIN").write_text(f"Made by tests/collector/wire_recording.py of keskidee {__version__}.\n")


if __name__ == "__main__":
    main()
