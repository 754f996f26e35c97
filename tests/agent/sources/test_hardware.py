"""The sources of the hardware in what one recorded machine cannot show: rounds, missing rights, odd devices."""

import errno
import re
from pathlib import Path

import pytest

from keskidee_agent.host import sysfs
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import cpu_vulnerabilities, cpufreq, cpuinfo, edac, nvme, pcidevice, rapl
from keskidee_report.model import ABSENT, FAILED, OK, Malformed
from keskidee_report.rules import is_name
from tests.agent.recordings import FIXTURES, reading_at, reading_of, values, write_files

HARDWARE = [
    *(
        "cpu_vulnerabilities",
        "cpufreq",
        "cpuinfo",
        "edac",
        "hwmon",
        "nvme",
        "nvmesubsystem",
        "pcidevice",
        "powersupplyclass",
        "rapl",
    ),
    *("tapestats", "thermal_zone", "watchdog"),
]


@pytest.mark.parametrize("source", HARDWARE)
def test_a_machine_that_has_nothing_of_it_is_absent(source: str, tmp_path: Path) -> None:
    assert reading_at(source, tmp_path).outcome == ABSENT


@pytest.mark.parametrize("case", sorted(case for source in HARDWARE for case in (FIXTURES / source).iterdir()), ids=str)
def test_many_rounds_give_what_the_first_gave(case: Path) -> None:
    machine = RecordedMachine(str(case))
    first = reading_of(case.parent.name, machine).samples
    for _ in range(20):
        machine.begin_round()
        assert reading_of(case.parent.name, machine).samples == first


@pytest.mark.parametrize("source", ["cpufreq", "thermal_zone", "rapl"])
def test_names_and_labels_are_the_same_objects_in_later_rounds(source: str) -> None:
    [case] = (FIXTURES / source).iterdir()
    machine = RecordedMachine(str(case))
    first, *others = [
        [(id(family), id(labels)) for family, labels, _ in reading_of(source, machine).samples] for _ in range(20)
    ]
    assert others == [first] * len(others)


class DumbGauge(RecordedMachine):
    """A battery whose driver gets no answer when asked for its voltage, and a processor's memory for its energy."""

    answer = 0

    def content(self, path: str) -> bytes:
        if path.endswith(("/voltage_now", ":0:1/energy_uj")):
            raise OSError(self.answer, "no answer")
        return super().content(path)


@pytest.mark.parametrize("answer", [errno.EIO, errno.ENODATA, errno.ETIMEDOUT, errno.EREMOTEIO, 524])
def test_an_attribute_that_the_hardware_does_not_answer_costs_no_other(answer: int, tmp_path: Path) -> None:
    battery = "sys/class/power_supply/BAT0"
    files: dict[str, str | bytes] = {f"{battery}/capacity": "81\n", f"{battery}/voltage_now": "11800000\n"}
    machine = DumbGauge(str(write_files(tmp_path, files)))
    machine.answer = answer
    names = [name for name, _ in values(reading_of("powersupplyclass", machine))]
    assert names == ["node_power_supply_capacity", "node_power_supply_info"]


def test_a_zone_that_counts_no_energy_now_costs_no_other(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for zone, name in (("intel-rapl:0", "package-0"), ("intel-rapl:0:1", "dram")):
        files |= {f"sys/class/powercap/{zone}/name": name + "\n", f"sys/class/powercap/{zone}/energy_uj": "5000000\n"}
    machine = DumbGauge(str(write_files(tmp_path, files)))
    machine.answer = errno.ENODATA
    assert list(values(reading_of("rapl", machine)).values()) == [5.0]


def test_a_limit_of_the_frequency_that_was_changed_is_seen_within_sixteen_rounds(tmp_path: Path) -> None:
    folder = "sys/devices/system/cpu/cpu3/cpufreq"
    machine = RecordedMachine(str(write_files(tmp_path, {f"{folder}/scaling_max_freq": "3000000\n"})))
    reading_of("cpufreq", machine)
    write_files(tmp_path, {f"{folder}/scaling_max_freq": "2000000\n"})
    found = [next(iter(values(reading_of("cpufreq", machine)).values())) for _ in range(cpufreq.REREAD_ROUNDS)]
    assert found[-1] == 2_000_000_000


def test_a_governor_that_is_not_available_is_refused() -> None:
    with pytest.raises(Malformed):
        cpufreq.governors("ondem", ["ondemand", "powersave"], "0")


def test_a_zone_that_is_switched_off_and_on_again_comes_back(tmp_path: Path) -> None:
    zone = "sys/class/thermal/thermal_zone0"
    files: dict[str, str | bytes] = {f"{zone}/type": "acpitz\n", f"{zone}/temp": "30000\n"}
    machine = RecordedMachine(str(write_files(tmp_path, files)))
    counts = []
    for mode in ("enabled\n", "disabled\n", "enabled\n"):
        write_files(tmp_path, {f"{zone}/mode": mode})
        counts.append(len(reading_of("thermal_zone", machine).samples))
    assert counts == [1, 0, 1]


def test_processors_that_do_not_tell_their_frequency_leave_it_to_the_source_that_measures(tmp_path: Path) -> None:
    content = (FIXTURES / "cpuinfo" / "x86" / "proc/cpuinfo").read_bytes()
    write_files(tmp_path, {"proc/cpuinfo": content})
    assert sum(name == "node_cpu_frequency_hertz" for name, _ in values(reading_at("cpuinfo", tmp_path))) == 2
    write_files(tmp_path, {"proc/cpuinfo": re.sub(rb"(cpu MHz\s*: ).*", rb"\1Unknown", content, count=1)})
    assert sum(name == "node_cpu_frequency_hertz" for name, _ in values(reading_at("cpuinfo", tmp_path))) == 1
    write_files(tmp_path, {cpuinfo.TOLD_BY_HARDWARE: "800000\n"})
    assert sum(name == "node_cpu_frequency_hertz" for name, _ in values(reading_at("cpuinfo", tmp_path))) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Not affected", ("not affected", "")),
        ("Vulnerable", ("vulnerable", "")),
        ("Mitigation: PTI", ("mitigation", "PTI")),
        ("Unknown: No mitigations", ("unknown", "No mitigations")),
        ("Processor vulnerable", ("unknown", "Processor vulnerable")),
    ],
)
def test_the_state_of_a_flaw_is_told_from_what_is_done(text: str, expected: tuple[str, str]) -> None:
    assert cpu_vulnerabilities.parse(text) == expected


@pytest.mark.parametrize(
    ("label", "shown"),
    [("mc#0csrow#1channel#0", "mc0_csrow1_channel0"), ("CPU1_DIMM_A1", "CPU1_DIMM_A1"), ("", "unknown")],
)
def test_a_memory_slot_is_called_as_in_node_exporter(label: str, shown: str) -> None:
    assert edac.dimm_label(label) == shown


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("nvme0n1", "1"),
        ("nvme10c3n12", "12"),
        ("nvme0", ""),
        ("hwmon1", ""),
        ("nvme0n", ""),
        ("ng0n1", ""),
        ("nvmen1", ""),
    ],
)
def test_a_namespace_is_told_by_its_name(name: str, number: str) -> None:
    assert nvme.namespace(name) == number


@pytest.mark.parametrize(
    ("name", "expected"),
    [("package-1", ("package", 1)), ("dram", ("dram", 2)), ("package-0-die-1", ("package-0-die-1", 0))],
)
def test_zones_of_one_kind_are_told_apart_by_their_number(name: str, expected: tuple[str, int]) -> None:
    assert rapl.kind_and_index(name, {"dram": 2}) == expected


@pytest.mark.parametrize("name", ["package-0-die-1", "é", "a" * 300])
def test_any_kind_of_zone_makes_a_name(name: str) -> None:
    called = rapl.family_name(name)
    assert (is_name(called), is_name(called.removeprefix("node_"))) == (True, True)


def test_attributes_without_newlines_are_whole_where_none_has_one() -> None:
    assert sysfs.ended({"a": b"300", "b": b"60"}) == {"a": b"300\n", "b": b"60\n"}


def test_an_attribute_that_lost_its_newline_is_refused(tmp_path: Path) -> None:
    folder = "sys/class/watchdog/watchdog0"
    files: dict[str, str | bytes] = {f"{folder}/timeout": "30", f"{folder}/timeleft": "54\n"}
    assert reading_at("watchdog", write_files(tmp_path, files)).outcome == FAILED
    files = {f"{folder}/timeout": "30", f"{folder}/timeleft": "54"}
    assert reading_at("watchdog", write_files(tmp_path, files)).outcome == OK


@pytest.mark.parametrize(("text", "speed"), [("8.0 GT/s PCIe", 8_000_000_000), ("2.5 GT/s", 2_500_000_000), ("", -1)])
def test_the_speed_of_a_link_is_in_transfers(text: str, speed: int) -> None:
    assert pcidevice.parse_speed(text) == speed


@pytest.mark.parametrize("text", ["8.0", "8.0 GB/s", "x GT/s"])
def test_another_speed_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        pcidevice.parse_speed(text)


@pytest.mark.parametrize("name", ["", "0000:03:00", "0000:03:00.0.1", "0000::00.0", "0000:0g:00.0", "pci0000:00"])
def test_another_address_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        pcidevice.parse_address(name)
