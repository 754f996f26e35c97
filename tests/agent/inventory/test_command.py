"""`keskidee agent inventory`: items by kind as JSON; failures on stderr and as outcomes; an exit status."""

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from keskidee_agent.host.machine import Machine
from keskidee_agent.inventory import command
from keskidee_agent.inventory.gather import by_kind, found_sources, gathered, source_of
from keskidee_report.items import Item, item
from keskidee_report.model import ABSENT, DENIED, FAILED, OK, TIMED_OUT, Denied, Malformed, NotHere
from tests.agent.recordings import write_files

DMIDECODE = """\
# dmidecode 3.4
Handle 0x0010, DMI type 16, 23 bytes
Physical Memory Array
\tUse: System Memory
\tError Correction Type: None
\tMaximum Capacity: 32 GB
\tNumber Of Devices: 2

Handle 0x0011, DMI type 17, 40 bytes
Memory Device
\tArray Handle: 0x0010
\tSize: 8 GB
\tForm Factor: SODIMM
\tLocator: DIMM 0
\tType: DDR4
\tSpeed: 3200 MT/s
\tManufacturer: 80CE
\tSerial Number: 12345678

Handle 0x0012, DMI type 17, 40 bytes
Memory Device
\tSize: No Module Installed
\tLocator: DIMM 1
"""


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return command.run(parser.parse_args(["inventory", *arguments]))


def source(read: object, **constants: object) -> object:
    return source_of("one", SimpleNamespace(read=read, **constants))


def test_json_has_the_shape_of_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, {"commands/dmidecode": DMIDECODE, "calls.json": '{"time": 1700000000}'})
    status = run("--root", str(tmp_path))
    document = json.loads(capsys.readouterr().out)
    memory = {
        "key": "DIMM 0",
        "slot": "DIMM 0",
        "size_bytes": 8 << 30,
        "type": "DDR4",
        "form_factor": "SODIMM",
        "speed_transfers_per_second": 3_200_000_000,
        "maker": "Samsung",
        "maker_code": "80CE",
    }
    assert (status, list(document), document["taken_at"]) == (
        0,
        ["schema", "taken_at", "machine", "items", "outcomes"],
        1700000000,
    )
    assert document["items"]["memory"] == [memory]
    assert document["items"]["memory_slot"] == [{"key": "DIMM 1", "slot": "DIMM 1"}]


def test_every_source_has_its_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = run("--root", str(tmp_path))
    captured = capsys.readouterr()
    outcomes = json.loads(captured.out)["outcomes"]
    assert (status, [row["source"] for row in outcomes]) == (1, [source.name for source in found_sources("linux")])
    assert {row["outcome"] for row in outcomes} == {ABSENT}
    assert captured.err == f"keskidee: nothing to read in {tmp_path}\n"


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert run("--root", str(tmp_path / "none")) == 2


def test_what_is_for_another_system_is_not_loaded() -> None:
    everywhere, linux = ({source.name for source in found_sources(platform)} for platform in ("", "linux"))
    others = {source.name for source in found_sources() if source.platforms in (("windows",), ("darwin",))}
    assert everywhere - linux == others
    assert {kind for source in found_sources() for kind in source.kinds} == {
        kind for source in found_sources("linux") for kind in source.kinds
    }  # else what Windows told would never be gone where Linux was put over it


def test_linux_loads_nothing_that_would_cost_an_eighth_of_an_inventory() -> None:
    code = "import sys; from keskidee_agent.inventory import gather; gather.found_sources('linux'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"dataclasses", "inspect", "pkgutil", "plistlib", "requests", "xml", "yaml", "keskidee_config"}
    assert heavy & set(done.stdout.split()) == set()


def test_every_source_names_the_kinds_it_gives() -> None:
    assert [source.name for source in found_sources() if not source.kinds] == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotHere("no such"), ABSENT),
        (Denied("needs root"), DENIED),
        (Malformed("odd", "x"), FAILED),
        (OSError(5, "broken"), FAILED),
        (KeyError("ours"), FAILED),
    ],
)
def test_items_before_a_failure_stand(error: Exception, outcome: str) -> None:
    def read(_: Machine) -> Iterator[Item]:
        yield item("thing", "a", {"x": 1})
        raise error

    [found] = gathered(Machine(), [source(read)])  # type: ignore[list-item]
    assert (found.outcome, found.items) == (outcome, (Item("thing", "a", {"x": 1}),))


def test_a_source_that_hangs_costs_itself() -> None:
    ended = threading.Event()
    hangs = source(lambda _: ended.wait() and [], DEADLINE_SECONDS=0.01)
    works = source(lambda _: [item("thing", "a", {})])
    outcomes = [found.outcome for found in gathered(Machine(), [hangs, works])]  # type: ignore[list-item]
    ended.set()
    assert outcomes == [TIMED_OUT, OK]


def test_a_source_for_another_system_is_absent() -> None:
    [found] = gathered(Machine(platform="darwin"), [source(None, PLATFORMS=("linux",))])  # type: ignore[list-item]
    assert (found.outcome, found.reason) == (ABSENT, "not on darwin")


def test_keys_are_unique_in_their_kind() -> None:
    twins = source(lambda _: [item("a", "x", {}), item("a", "x", {}), item("b", "x", {}), item("a", "x", {})])
    assert {kind: [each.key for each in items] for kind, items in by_kind(gathered(Machine(), [twins])).items()} == {  # type: ignore[list-item]
        "a": ["x", "x #2", "x #3"],
        "b": ["x"],
    }


def test_a_disk_that_two_sources_tell_of_is_one() -> None:
    smartctl = source(lambda _: [item("disk", "IOService:/a", {"serial": "S1", "wear_ratio": 0.1, "model": "exact"})])
    system = source(lambda _: [item("disk", "disk0", {"serial": "s1", "model": "x"}), item("disk", "disk1", {})])
    assert by_kind(gathered(Machine(), [smartctl, system])) == {  # type: ignore[list-item]
        "disk": [
            Item("disk", "disk0", {"serial": "S1", "model": "exact", "wear_ratio": 0.1}),
            Item("disk", "disk1", {}),
        ]
    }


def test_two_disks_of_one_source_stay_two_whatever_their_serial_numbers() -> None:
    paths = source(lambda _: [item("disk", name, {"serial": "S1"}) for name in ("sda", "sdb")])
    assert len(by_kind(gathered(Machine(), [paths]))["disk"]) == 2  # type: ignore[list-item]


def test_a_text_is_one_line_without_what_no_store_takes() -> None:
    assert item("a", "k\0", {"x": " a\x1b[1m\nb\ud800 ", "y": "", "z": None, "w": False}) == Item(
        "a", "k", {"x": "a [1m b?", "w": False}
    )
