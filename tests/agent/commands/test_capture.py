"""`keskidee agent capture`: this machine, written down, reads as it does live."""

import argparse
import json
import os
from pathlib import Path

import pytest

from keskidee_agent.commands import capture
from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.gather.output import silent
from keskidee_agent.host.facts import facts_of
from keskidee_agent.host.machine import Machine
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_report.model import Reading
from tests.agent.recordings import write_files

pytestmark = pytest.mark.slow

REDACTED = {
    "address",
    "nodename",
    "domainname",
    "serial",
    "product_serial",
    "product_uuid",
    "board_serial",
    "chassis_serial",
}


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    capture.add_parser(parser.add_subparsers())
    return capture.run(parser.parse_args(["capture", *words]))


def gathered(machine: Machine) -> dict[str, Reading]:
    return {reading.source: reading for reading in Gatherer(machine, warn=silent).round()}


def series(readings: dict[str, Reading]) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {
        (family.name, tuple(sorted([pair for pair in labels.items() if pair[0] not in REDACTED])))
        for reading in readings.values()
        for family, labels, _ in reading.samples
    }


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("machine")
    assert run(str(folder)) == 0
    return folder


@pytest.fixture(scope="module")
def recording(captured: Path) -> dict[str, Reading]:
    return gathered(RecordedMachine(str(captured)))


# what comes and goes between two readings: states of processes, memory pages that were never used before
PASSING = (
    "node_processes_state",
    "node_processes_threads_state",
    "node_tcp_connection_states",
    "node_slabinfo",
    "node_arp",
    "node_cgroups",
)


def test_series_and_labels_are_those_of_the_machine(recording: dict[str, Reading]) -> None:
    live = {one for one in series(gathered(Machine())) if not one[0].startswith(PASSING)}
    assert {one for one in series(recording) if not one[0].startswith(PASSING)} == live


def test_outcomes_are_those_of_the_machine(recording: dict[str, Reading]) -> None:
    live = {name: reading.outcome for name, reading in gathered(Machine()).items()}
    assert {name: reading.outcome for name, reading in recording.items()} == live


def test_nothing_is_left_that_identifies_the_machine(captured: Path) -> None:
    facts = facts_of(Machine())
    own = [facts[name] for name in ("serial", "uuid") if name in facts]
    own += [Path(f"/sys/class/net/{name}/address").read_text().strip() for name in os.listdir("/sys/class/net")]
    if Path("/etc/machine-id").exists():
        own.append(Path("/etc/machine-id").read_text().strip())
    secret = [text.encode() for text in own if text.strip("0:")]
    files = [file for file in captured.rglob("*") if file.is_file() and not file.is_symlink()]
    assert [file for file in files if any(text in file.read_bytes() for text in secret)] == []


def test_the_host_has_another_name(captured: Path) -> None:
    calls = json.loads((captured / "calls.json").read_text(encoding="utf-8"))
    named = (captured / "proc/sys/kernel/hostname").read_text().strip()
    assert (calls["uname"]["nodename"], named == os.uname().nodename) == (named, False)


def test_no_link_leads_out_of_the_recording(captured: Path) -> None:
    machine = RecordedMachine(str(captured))
    links = [str(file.relative_to(captured)) for file in captured.rglob("*") if file.is_symlink()]
    assert (links != [], [link for link in links if not machine.place(link).startswith(str(captured))]) == (True, [])


def test_a_second_recording_has_the_same_pseudonyms(captured: Path, tmp_path: Path) -> None:
    if not Path("/etc/machine-id").exists():
        pytest.skip("this machine has no id")
    run(str(tmp_path / "again"))
    hosts = [(folder / "proc/sys/kernel/hostname").read_text() for folder in (captured, tmp_path / "again")]
    assert hosts[0] == hosts[1]


def test_text_files_are_recorded_on_request(tmp_path: Path) -> None:
    write_files(tmp_path / "files", {"a.prom": "x 1\n"})
    run(str(tmp_path / "machine"), "--textfile", str(tmp_path / "files"))
    found = gathered(RecordedMachine(str(tmp_path / "machine")))["textfile"]
    family, _, value = next(iter(found.samples))
    assert (family.name, value) == ("x", 1)


def test_the_closing_line_says_what_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(str(tmp_path / "machine"))
    captured = capsys.readouterr()
    files = [file for file in (tmp_path / "machine").rglob("*") if file.is_file() and not file.is_symlink()]
    size = sum(file.stat().st_size for file in files)
    assert captured.out.startswith(f"{tmp_path}/machine: {len(files)} files, {size} bytes, ")


def test_a_folder_that_is_not_empty_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, {"precious": "1"})
    assert (run(str(tmp_path)), os.listdir(tmp_path), capsys.readouterr().err.count("\n")) == (2, ["precious"], 1)


def test_a_folder_that_cannot_be_made_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, {"file": ""})
    assert (run(str(tmp_path / "file")), capsys.readouterr().err.count("\n")) == (2, 1)
