"""`keskidee agent doctor`: what can be read, which right is missing, and the command that gives it."""

import argparse
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from keskidee_agent.commands import doctor
from keskidee_agent.commands.doctor import Row, as_json, as_text
from keskidee_agent.gather.gather import Source
from keskidee_config import AgentSettings
from keskidee_config.agent import SourceSettings
from keskidee_report.model import ABSENT, DENIED, OK, Reading
from tests.agent.recordings import SOURCES, as_nobody, write_files

FREE = Source("free", SimpleNamespace(read=iter))
GUARDED = Source("guarded", SimpleNamespace(read=iter, RIGHT="root, for serials", GRANT="sudo chmod a+r /x"))
SLOW = Source("slow", SimpleNamespace(read=iter, EVERY_SECONDS=60))
MANY = Source("many", SimpleNamespace(read=iter, EVERY_SECONDS=60, OPT_IN=True))
READINGS = {
    "free": Reading("free", OK, "", 0.001),
    "guarded": Reading("guarded", DENIED, "/x: only root may", 0.25),
    "slow": Reading("slow", OK, "", 0.001),
    "many": Reading("many", OK, "", 0.001),
}


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers())
    return doctor.run(parser.parse_args(["doctor", *arguments]))


def test_a_credential_that_only_another_account_may_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "agent"
    state.mkdir()
    state.chmod(0o700)
    with as_nobody():
        assert run("--state", str(state)) == 2
    said = capsys.readouterr().err
    assert (said.startswith(f"keskidee: {state}/"), said.endswith(": Permission denied\n")) == (True, True)


def row(source: Source, **settings: Any) -> Row:
    return Row(source, READINGS[source.name], AgentSettings(**settings))


def test_the_table_names_the_right_and_the_command() -> None:
    assert as_text([row(FREE), row(GUARDED)]) == (
        "SOURCE   OUTCOME  SECONDS  SAMPLES  READ         REASON\n"
        "free     ok       0.0010   0        each report\n"
        "guarded  denied   0.2500   0        each report  /x: only root may\n"
        "         needs: root, for serials\n"
        "         run:   sudo chmod a+r /x\n"
    )


def test_the_table_says_what_is_read_seldom_or_on_request() -> None:
    assert as_text([row(SLOW), row(MANY)]) == (
        "SOURCE  OUTCOME  SECONDS  SAMPLES  READ        REASON\n"
        "slow    ok       0.0010   0        each 60 s\n"
        "many    ok       0.0010   0        on request\n"
        "\n"
        "on request: to report one, name it in sources.enabled of agent.yml, as enabled: [many]\n"
    )


@pytest.mark.parametrize(
    ("source", "settings", "said"),
    [
        (FREE, {}, "each report"),
        (FREE, {"sources": SourceSettings(disabled=("free",))}, "disabled"),
        (SLOW, {}, "each 60 s"),
        (SLOW, {"interval_seconds": 60}, "each report"),
        (SLOW, {"interval_seconds": 300}, "each report"),
        (MANY, {}, "on request"),
        (MANY, {"sources": SourceSettings(enabled=("many",))}, "each 60 s"),
        (MANY, {"sources": SourceSettings(enabled=("many",), disabled=("many",))}, "disabled"),
    ],
)
def test_when_a_source_is_read_follows_the_settings(source: Source, settings: dict[str, Any], said: str) -> None:
    assert row(source, **settings).is_read == said


def test_json_names_the_right_and_the_command_where_one_is_missing() -> None:
    rows = as_json([row(FREE), row(GUARDED), row(MANY)])["sources"]
    assert rows == [
        {
            "source": "free",
            "outcome": "ok",
            "reason": "",
            "seconds": 0.001,
            "samples": 0,
            "missing_right": "",
            "command": "",
            "off": "",
            "every_seconds": 0,
        },
        {
            "source": "guarded",
            "outcome": "denied",
            "reason": "/x: only root may",
            "seconds": 0.25,
            "samples": 0,
            "missing_right": "root, for serials",
            "command": "sudo chmod a+r /x",
            "off": "",
            "every_seconds": 0,
        },
        {
            "source": "many",
            "outcome": "ok",
            "reason": "",
            "seconds": 0.001,
            "samples": 0,
            "missing_right": "",
            "command": "",
            "off": "on request",
            "every_seconds": 60,
        },
    ]


def test_a_right_that_is_not_missing_is_not_named() -> None:
    absent = Row(GUARDED, Reading("guarded", ABSENT, "no such thing"), AgentSettings())
    assert as_text([absent]).count("\n") == 2


def test_a_source_in_trouble_that_is_off_is_status_0(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/loadavg": "0.21", "agent.yml": "sources: {disabled: [loadavg]}\n"})
    assert run("--root", str(tmp_path), "--config", str(tmp_path / "agent.yml")) == 0


def test_settings_that_are_wrong_are_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, {"agent.yml": "sauces: {}\n"})
    assert (run("--config", str(tmp_path / "agent.yml")), capsys.readouterr().err.count("\n")) == (2, 1)


def test_the_folder_of_text_files_is_that_of_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, {"agent.yml": f"textfile_directory: {tmp_path}\n", "a.prom": "x 1\n"})
    run("--config", str(tmp_path / "agent.yml"), "--format", "json")
    rows = {row["source"]: row for row in json.loads(capsys.readouterr().out)["sources"]}
    assert (rows["textfile"]["outcome"], rows["textfile"]["samples"]) == ("ok", 3)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ("{}", "INVENTORY  each 24 h, and when programs were installed or removed"),
        ("{interval_seconds: 5400}", "INVENTORY  each 1.5 h, and when programs were installed or removed"),
        ("{enabled: false}", "INVENTORY  off, by inventory.enabled of agent.yml"),
    ],
)
def test_it_says_whether_an_inventory_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: str, line: str
) -> None:
    write_files(tmp_path, {"agent.yml": f"inventory: {settings}\n", "proc/loadavg": "0.21 0.05 12.30 2/719 19737\n"})
    run("--root", str(tmp_path), "--config", str(tmp_path / "agent.yml"))
    assert capsys.readouterr().out.splitlines()[-1] == line


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
    assert [row["source"] for row in json.loads(capsys.readouterr().out)["sources"]] == list(SOURCES)
