"""Beside a running node_exporter: the same series with the same labels, and values that lie between two of ours."""

import http.client
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from keskidee_agent.gather.gather import read
from keskidee_agent.host.machine import Machine
from tests.agent.recordings import SOURCES, Series, values
from tests.processes import Start

COLLECTORS = ("cpu", "diskstats", "dmi", "filesystem", "loadavg", "meminfo", "netdev", "os", "stat", "time", "uname")
ATTEMPTS = 20

NEWER_FAMILIES = {"node_filesystem_mount_info", "node_cpu_online"}
"""Families of the newest node_exporter that Debian's does not have."""
NEWER_LABELS = {"node_disk_info": {"rotational"}, "node_filesystem_device_error": {"device_error"}}
"""Labels likewise."""
FLAGS = ("--collector.stat.softirq",)
"""We send softirqs always: ten numbers that tell a network interrupt storm. node_exporter does when asked."""


class Beside:
    """A node_exporter with our sources' collectors, and our own reading of the same machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.machine = Machine()

    def theirs(self) -> dict[Series, float]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name.startswith("node_") and not sample.name.startswith(("node_scrape_", "node_exporter_"))
        }

    def ours(self) -> dict[Series, float]:
        self.machine.begin_round()
        found: dict[Series, float] = {}
        for name in COLLECTORS:
            found |= values(read(SOURCES[name], self.machine))
        return {as_debian(key): value for key, value in found.items() if key[0] not in NEWER_FAMILIES}


def as_debian(key: Series) -> Series:
    """The series without the labels that Debian's node_exporter does not know."""
    name, labels = key
    return name, tuple(label for label in labels if label[0] not in NEWER_LABELS.get(name, set()))


@pytest.fixture
def beside(program: Callable[[str], Path], start: Start, free_port: Callable[[], int]) -> Beside:
    port = free_port()
    flags = [f"--collector.{name}" for name in COLLECTORS]
    command = [str(program("prometheus-node-exporter")), "--collector.disable-defaults", *flags, *FLAGS]
    start([*command, f"--web.listen-address=127.0.0.1:{port}"], ready=f"http://127.0.0.1:{port}/")
    return Beside(port)


def test_series_are_node_exporters(beside: Beside) -> None:
    assert set(beside.ours()) == set(beside.theirs())


def test_values_lie_between_two_of_ours(beside: Beside) -> None:
    """What wavers (free memory) may lie outside once, so a series is right when one of the attempts has it between."""
    wrong = set(beside.theirs())
    last: dict[Series, tuple[float | None, float, float | None]] = {}
    for _ in range(ATTEMPTS):
        before, theirs, after = beside.ours(), beside.theirs(), beside.ours()
        for key in list(wrong):
            low, high = before.get(key), after.get(key)
            last[key] = (low, theirs.get(key, -1), high)
            if key in theirs and low is not None and high is not None and between(low, theirs[key], high):
                wrong.discard(key)
        if not wrong:
            break
    assert {key: last[key] for key in wrong} == {}


def between(one: float, value: float, other: float) -> bool:
    """Whether the value lies between the two, but for the last digits of a double."""
    slack = 1e-9 * max(abs(one), abs(other))
    return min(one, other) - slack <= value <= max(one, other) + slack
