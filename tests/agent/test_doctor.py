"""`keskidee agent doctor`: what can be read, which right is missing, and the command that gives it."""

import argparse
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from keskidee_agent import doctor
from keskidee_agent.doctor import as_json, as_text
from keskidee_agent.gather import Source
from keskidee_report.model import ABSENT, DENIED, OK, Reading
from tests.agent.recordings import SOURCES, write_files

FREE = Source("free", SimpleNamespace(read=iter))
GUARDED = Source("guarded", SimpleNamespace(read=iter, RIGHT="root, for serials", GRANT="sudo chmod a+r /x"))
READINGS = [Reading("free", OK, "", 0.001), Reading("guarded", DENIED, "/x: only root may", 0.25)]


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers())
    return doctor.run(parser.parse_args(["doctor", *arguments]))


def test_the_table_names_the_right_and_the_command() -> None:
    assert as_text([FREE, GUARDED], READINGS) == (
        "SOURCE   OUTCOME  SECONDS  SAMPLES  REASON\n"
        "free     ok       0.0010   0\n"
        "guarded  denied   0.2500   0        /x: only root may\n"
        "         needs: root, for serials\n"
        "         run:   sudo chmod a+r /x\n"
    )


def test_json_names_the_right_and_the_command_where_one_is_missing() -> None:
    rows = as_json([FREE, GUARDED], READINGS)["sources"]
    assert rows == [
        {
            "source": "free",
            "outcome": "ok",
            "reason": "",
            "seconds": 0.001,
            "samples": 0,
            "missing_right": "",
            "command": "",
        },
        {
            "source": "guarded",
            "outcome": "denied",
            "reason": "/x: only root may",
            "seconds": 0.25,
            "samples": 0,
            "missing_right": "root, for serials",
            "command": "sudo chmod a+r /x",
        },
    ]


def test_a_right_that_is_not_missing_is_not_named() -> None:
    readings = [Reading("guarded", ABSENT, "no such thing")]
    assert as_text([GUARDED], readings).count("\n") == 2


def test_a_machine_that_can_be_read_is_status_0(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/loadavg": "0.21 0.05 12.30 2/719 19737\n"})
    assert run("--root", str(tmp_path)) == 0


def test_a_source_in_trouble_is_status_1(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/loadavg": "0.21"})
    assert run("--root", str(tmp_path)) == 1


def test_a_root_that_is_no_folder_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (run("--root", str(tmp_path / "nowhere")), capsys.readouterr().err.count("\n")) == (2, 1)


def test_json_lists_every_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("--root", str(tmp_path), "--format", "json")
    assert [row["source"] for row in json.loads(capsys.readouterr().out)["sources"]] == sorted(SOURCES)
