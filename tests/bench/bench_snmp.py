"""A switch of 48 ports, polled by us, by snmp_exporter and by pysnmp: CPU of a poll, all of it included.

Ours is the poller's own process with a real collector: asked, read, made a report, kept on disk, sent and acknowledged.
The exporter's is a scrape. pysnmp only walks the same two tables and throws away what it reads.
"""

import asyncio
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import yaml

from tests.bench.cost import cpu_seconds
from tests.bench.house import KESKIDEE, Collector
from tests.bench.stand import Stand, program, say
from tests.bench.switch import COMMUNITY, PORTS, switch
from tests.bench.table import Row
from tests.e2e.test_snmp_exporter import IF_TABLE, IF_X_TABLE, if_mib
from tests.processes import Process, find_free_port

EXPORTER = "prometheus-snmp-exporter"
PEERS = (EXPORTER,)
DEVICES, INTERVAL_SECONDS = 40, 5
"""The same switch under so many names: many polls in a short window."""
MINUTE = 60.0


def run(stand: Stand) -> Iterator[Row]:
    """All three ask the same switch, one after the other, and the best window of each counts."""
    with switch(stand) as address:
        collector = Collector(stand, stand.folder / "collector", tls=True)
        poller = start_poller(stand, collector, address)
        windows, seconds = (1, 10) if stand.quick else (5, 20)
        say(f"{DEVICES} times {PORTS} ports, each {INTERVAL_SECONDS} s: {windows} windows of {seconds} s")
        ours = min(_of_a_poll(collector, poller, seconds) for _ in range(windows))
        poller.stop()
        theirs = _of_a_scrape(stand, address, windows)
        walk = min(_of_a_walk(address) for _ in range(1 if stand.quick else 3))
    yield Row(
        what=f"snmp: {PORTS}-port switches polled a minute on one core, readings rendered (TLS, durable)",
        ours=f"{MINUTE / ours:,.0f} ({1000 * ours:.2f} ms a poll)",
        peer=f"{MINUTE / theirs:,.0f} ({1000 * theirs:.1f} ms a scrape)",
        measured=theirs / ours,
        first=3,
        stretch=6,
        at_most=False,
    )
    yield Row(
        what=f"snmp: CPU of a poll / of bulk_walk_cmd of pysnmp {version('pysnmp')} (gufo-snmp {version('gufo-snmp')})",
        ours=f"{1000 * ours:.2f} ms",
        peer=f"{1000 * walk:.0f} ms",
        measured=ours / walk,
        first=1 / 30,
        stretch=1 / 100,
    )


def start_poller(stand: Stand, collector: Collector, address: str) -> Process:
    """The poller of an agent that is enrolled, in the middle of its polls."""
    state, config = stand.folder / "agent", stand.folder / "agent.yml"
    community = stand.folder / "community"
    community.write_text(COMMUNITY)
    devices = [
        {
            "name": f"switch-{number}",
            "address": address,
            "community_file": str(community),
            "interval_seconds": INTERVAL_SECONDS,
        }
        for number in range(DEVICES)
    ]
    config.write_text(yaml.safe_dump({"collector": collector.url, "devices": devices}))
    enrol = [*KESKIDEE, "agent", "enrol", collector.url, "--token-file", "-", "--state", str(state)]
    subprocess.run(enrol, input=collector.token("join"), text=True, check=True, timeout=60, stdout=subprocess.DEVNULL)
    words: list[str | Path] = [*KESKIDEE, "agent", "run", "--devices", "--config", config, "--state", state]
    process = Process(words, state.with_name("poller"))
    stand.adopt(process)
    stand.wait(lambda: collector.stored() > 3 * DEVICES, "three polls of each device", 120)
    return process


def _of_a_poll(collector: Collector, poller: Process, seconds: float) -> float:
    before, polls = cpu_seconds(poller.pid), collector.stored()
    time.sleep(seconds)
    return (cpu_seconds(poller.pid) - before) / (collector.stored() - polls)


def _of_a_scrape(stand: Stand, address: str, windows: int) -> float:
    configuration = stand.folder / "snmp.yml"
    configuration.write_text(if_mib())
    url = f"http://127.0.0.1:{find_free_port()}"
    argv: list[str | Path] = [
        program(EXPORTER), f"--config.file={configuration}", f"--web.listen-address={url.removeprefix('http://')}",
    ]  # fmt: skip
    exporter = stand.start(argv, f"{url}/")
    costs = []
    for _ in range(windows + 1):
        before = cpu_seconds(exporter.pid)
        for _ in range(10):
            with urllib.request.urlopen(f"{url}/snmp?module=if_mib&target={address}", timeout=60) as answer:
                assert answer.read().count(b"\nifHCInOctets{") == PORTS
        costs.append((cpu_seconds(exporter.pid) - before) / 10)
    return min(costs[1:])


def _of_a_walk(address: str) -> float:
    """In an interpreter of its own: the engine's caches grow."""
    script = "import sys; from tests.bench.bench_snmp import walked; print(walked(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", script, address], capture_output=True, text=True, check=True)
    return float(done.stdout)


def walked(address: str) -> float:
    """CPU seconds of pysnmp's walk of ifTable and ifXTable, names not resolved, by 25 rows a message."""
    return asyncio.run(_walk(address))


async def _walk(address: str) -> float:
    from pysnmp.hlapi.v3arch import asyncio as hlapi  # type: ignore[import-untyped]  # it carries no types

    engine = hlapi.SnmpEngine()
    target = await hlapi.UdpTransportTarget.create((address, 161), timeout=10)
    began, rows = 0.0, 0
    for table in ("1.3.6.1.2.1.1", IF_TABLE, IF_X_TABLE):
        if table == IF_TABLE:  # the first walk loads what is loaded once
            began, rows = time.process_time(), 0
        answers = hlapi.bulk_walk_cmd(
            engine, hlapi.CommunityData(COMMUNITY), target, hlapi.ContextData(), 0, 25,
            hlapi.ObjectType(hlapi.ObjectIdentity(table)), lexicographicMode=False, lookupMib=False,
        )  # fmt: skip
        async for _, _, _, found in answers:
            rows += len(found)
    assert rows > PORTS * 30, rows
    return time.process_time() - began
