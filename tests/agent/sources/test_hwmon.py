"""Chips from round to round, their labels, and the names of their files."""

import os
from pathlib import Path

import pytest

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.host.sensors import clean, family_of, parse, split
from keskidee_agent.sources.hwmon import REREAD_ROUNDS, Chip, chip_labels
from keskidee_report.model import ABSENT, FAILED, OK
from tests.agent.recordings import Series, reading_at, reading_of, values, write_files

CHIP = "sys/class/hwmon/hwmon0"
FILES: dict[str, str | bytes] = {
    f"{CHIP}/name": "nct6779\n",
    f"{CHIP}/temp1_input": "41000\n",
    f"{CHIP}/temp1_max": "84000\n",
    f"{CHIP}/temp1_max_alarm": "0\n",
}


def series(element: str, chip: str = "nct6779") -> Series:
    return f"node_hwmon_temp{element}_celsius", (("chip", chip), ("sensor", "temp1"))


def next_round(machine: RecordedMachine) -> dict[Series, float]:
    machine.begin_round()
    reading = reading_of("hwmon", machine)
    assert reading.outcome == OK, reading.reason
    return values(reading)


@pytest.fixture
def machine(tmp_path: Path) -> RecordedMachine:
    """One chip, read once."""
    machine = RecordedMachine(str(write_files(tmp_path, FILES)))
    assert next_round(machine)[series("")] == 41
    return machine


@pytest.mark.parametrize(("file", "element"), [("temp1_input", ""), ("temp1_max_alarm", "_max_alarm")])
def test_what_is_measured_is_read_in_every_round(file: str, element: str, machine: RecordedMachine) -> None:
    Path(machine.root, CHIP, file).write_text("52500\n")
    assert next_round(machine)[series(element)] == 52.5


def test_a_new_limit_is_seen_soon(machine: RecordedMachine) -> None:
    Path(machine.root, CHIP, "temp1_max").write_text("90000\n")
    assert 90 in [next_round(machine)[series("_max")] for _ in range(REREAD_ROUNDS)]


def test_a_sensor_that_falls_asleep_is_left_out_and_comes_back(machine: RecordedMachine) -> None:
    file = Path(machine.root, CHIP, "temp1_input")
    file.write_text("")
    assert series("") not in next_round(machine)
    file.write_text("41000\n")
    assert next_round(machine)[series("")] == 41


def test_a_chip_that_goes_away_is_gone_and_a_new_one_is_read_at_once(machine: RecordedMachine) -> None:
    root = Path(machine.root)
    (root / CHIP).rename(root / "sys/class/hwmon/hwmon7")
    write_files(root, {"sys/class/hwmon/hwmon7/name": "it8728\n"})
    found = next_round(machine)
    assert (series("") in found, found[series("", "it8728")]) == (False, 41)


def test_a_second_chip_on_a_device_changes_the_label_of_the_first(tmp_path: Path) -> None:
    device = tmp_path / "sys/devices/platform/wmi"
    for entry, name in (("hwmon1", "fans"), ("hwmon2", "rest")):
        write_files(device, {f"hwmon/{entry}/name": f"{name}\n", f"hwmon/{entry}/fan1_input": "900\n"})
        (device / "hwmon" / entry / "device").symlink_to("../..")
    links = tmp_path / "sys/class/hwmon"
    links.mkdir(parents=True)
    machine = RecordedMachine(str(tmp_path))
    found = []
    for entry in ("hwmon1", "hwmon2"):
        (links / entry).symlink_to(f"../../devices/platform/wmi/hwmon/{entry}")
        found.append(sorted({dict(labels)["chip"] for _, labels in next_round(machine)}))
    assert found == [["platform_wmi"], ["platform_wmi_fans", "platform_wmi_rest"]]


def test_names_and_labels_are_the_same_objects_in_the_next_round(machine: RecordedMachine) -> None:
    first, *others = [
        [(id(family), id(labels)) for family, labels, _ in reading_of("hwmon", machine).samples]
        for _ in range(2 * REREAD_ROUNDS)
    ]
    assert others == [first] * len(others)


def test_a_machine_without_chips_is_absent(tmp_path: Path) -> None:
    assert reading_at("hwmon", tmp_path).outcome == ABSENT


def test_what_is_no_folder_is_no_chip(tmp_path: Path) -> None:
    root = write_files(tmp_path, {**FILES, "sys/class/hwmon/README": "no chip\n"})
    os.mkfifo(root / CHIP / "fan1_input")
    assert {dict(labels)["chip"] for _, labels in values(reading_at("hwmon", root))} == {"nct6779"}


def test_a_machine_whose_chips_say_nothing_is_not_a_failure(tmp_path: Path) -> None:
    assert reading_at("hwmon", write_files(tmp_path, {f"{CHIP}/uevent": ""})).outcome != FAILED


@pytest.mark.parametrize(
    ("chips", "labels"),
    [
        ([("a", "x"), ("b", "x")], ["a", "b"]),
        ([("a", "x"), ("a", "y")], ["a_x", "a_y"]),
        ([("a", "x"), ("a", "x"), ("a", "y")], ["a_hwmon0", "a_hwmon1", "a_y"]),
        ([("a", ""), ("a", "y")], ["a_hwmon0", "a_y"]),
        ([("a_x", "n"), ("a", "x"), ("a", "y")], ["a_x", "a_x_hwmon1", "a_y"]),
    ],
)
def test_no_two_chips_share_a_label(chips: list[tuple[str, str]], labels: list[str]) -> None:
    assert chip_labels([Chip(f"hwmon{n}", None, base, name) for n, (base, name) in enumerate(chips)]) == labels


@pytest.mark.parametrize(
    ("file", "parts"),
    [
        ("temp1_crit_alarm", ("temp", 1, "crit_alarm")),
        ("pwm2_auto_point3_temp", ("pwm", 2, "auto_point3_temp")),
        ("fan12", ("fan", 12, "")),
        ("in0_input", ("in", 0, "input")),
        ("temp", ("temp", 0, "")),
        ("beep_enable", ("beep_enable", 0, "")),
        ("power", None),
        ("power_state", None),
        ("bogus1_input", None),
        ("temp1_", None),
        ("temp1input", None),
        ("temp²_input", None),
        ("1_input", None),
        ("temp1_" + "x" * 200, None),
    ],
)
def test_a_file_belongs_to_a_sensor(file: str, parts: object) -> None:
    assert split(file) == parts


def test_a_value_beside_a_bare_one_has_a_name_of_its_own() -> None:
    names = [family_of("fan", element, {}, beside_bare=True) for element in ("", "input")]
    assert [family.name for family in names if family] == ["node_hwmon_fan", "node_hwmon_fan_input_rpm"]


def test_a_name_that_is_no_label_is_made_one() -> None:
    assert clean("0000:04:00.0-É\n") == "0000:04:00_0"


@pytest.mark.parametrize(
    "content", [b"", b"1", b"\n", b"-\n", b"1.5\n", b"1_0\n", b"+1\n", b"N/A\n", b"1" * 30 + b"\n"]
)
def test_what_is_no_whole_number_is_no_value(content: bytes) -> None:
    assert parse(content) is None
