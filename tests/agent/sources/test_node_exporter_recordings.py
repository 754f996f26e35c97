"""node_exporter's own recorded machine gives what node_exporter gives for it (see ../shared/data/README.md)."""

import json
from pathlib import Path

import pytest

from keskidee_report.model import ABSENT, OK
from tests.agent.recordings import SOURCES, Series, reading_at, values

COLLECTORS = (
    *("cpu", "cpufreq", "cpuinfo", "diskstats", "dmi", "edac", "filefd", "hwmon", "loadavg", "mdadm", "meminfo"),
    *(
        "netclass",
        "netstat",
        "nvme",
        "os",
        "powersupplyclass",
        "pressure",
        "sockstat",
        "stat",
        "thermal_zone",
        "vmstat",
    ),
)

# families that another source of ours gives
OURS = {"node_cpu_frequency_hertz": "cpuinfo"}

# families that the expected file leaves out by its own filter, though these collectors give them
NOT_IN_THE_FILE = {
    "node_cpu_bug_info",
    "node_cpu_flag_info",
    "node_cpu_info",
    "node_cpu_core_throttles_total",
    "node_cpu_isolated",
    "node_cpu_package_throttles_total",
    "node_disk_device_mapper_backing_device_info",
    "node_network_transmit_queue_length",
}

# what node_exporter was told not to look at
IGNORED = {"hwmon": {("chip", "bogus")}, "netclass": {("device", "dmz"), ("device", "int")}}


@pytest.fixture(scope="module")
def roots(node_exporter_roots: Path) -> Path:
    return node_exporter_roots


@pytest.mark.shared_data
@pytest.mark.parametrize("collector", COLLECTORS)
def test_series_and_values_are_node_exporters(collector: str, roots: Path, shared_data: Path) -> None:
    families = json.loads((shared_data / "node_exporter_fixtures" / "expected_P1.json").read_text(encoding="utf-8"))
    expected = {
        (name, tuple(sorted(labels.items()))): float(value)
        for family_name, family in families.items()
        if OURS.get(family_name, family["collector"]) == collector
        for name, labels, value in family["samples"]
    }
    found = {
        key: value
        for key, value in values(reading_at(collector, roots)).items()
        if key[0] not in NOT_IN_THE_FILE and not IGNORED.get(collector, set()).intersection(key[1])
    }
    assert found == expected


@pytest.mark.shared_data
@pytest.mark.parametrize("collector", COLLECTORS)
def test_kinds_are_node_exporters(collector: str, roots: Path, shared_data: Path) -> None:
    families = json.loads((shared_data / "node_exporter_fixtures" / "expected_P1.json").read_text(encoding="utf-8"))
    expected = {
        name: family["type"] for name, family in families.items() if OURS.get(name, family["collector"]) == collector
    }
    found = {family.name: family.kind for family, _, _ in reading_at(collector, roots).samples}
    assert {name: kind for name, kind in found.items() if name not in NOT_IN_THE_FILE} == expected


@pytest.mark.shared_data
def test_every_source_reads_the_recording(roots: Path) -> None:
    readings = [reading_at(source, roots) for source in SOURCES]
    assert [(each.source, each.reason) for each in readings if each.outcome not in (OK, ABSENT)] == []


@pytest.mark.shared_data
def test_throttles_and_isolated_processors_are_those_of_the_recording(roots: Path) -> None:
    found = values(reading_at("cpu", roots))
    expected: dict[Series, float] = {("node_cpu_isolated", (("cpu", cpu),)): 1 for cpu in "13459"}
    for core, package, count in (("0", "0", 5), ("1", "0", 0), ("0", "1", 0), ("1", "1", 9)):
        expected["node_cpu_core_throttles_total", (("core", core), ("package", package))] = count
    for package, count in (("0", 30), ("1", 6)):
        expected["node_cpu_package_throttles_total", (("package", package),)] = count
    assert {key: value for key, value in found.items() if key[0] in NOT_IN_THE_FILE} == expected
