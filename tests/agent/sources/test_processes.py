"""Processes that end while they are counted, and a stat that is none."""

from pathlib import Path
from shutil import copytree

import pytest

from keskidee_agent.host.machine import Machine
from keskidee_agent.sources import processes
from keskidee_report.model import Malformed
from tests.agent.recordings import FIXTURES, reading_at, reading_of, values


def test_a_process_that_ended_a_moment_ago_is_left_out(tmp_path: Path) -> None:
    copytree(FIXTURES / "processes" / "three_processes", tmp_path, dirs_exist_ok=True)
    (tmp_path / "proc" / "20" / "stat").unlink()
    found = values(reading_at("processes", tmp_path))
    assert (found["node_processes_pids", ()], found["node_processes_threads", ()]) == (2, 2)


def test_files_of_processes_are_not_kept_open() -> None:
    machine = Machine()
    for _ in range(2):
        machine.begin_round()
        reading_of("processes", machine)
    kept = len(machine._open)
    machine.close()
    assert kept == 2  # the two limits


@pytest.mark.parametrize("content", ["", "1 (a) S 1\n", "1 a S " + "1 " * 40 + "\n", "1 (a) Q " + "1 " * 40 + "\n"])
def test_another_stat_of_a_process_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        processes.parse(content.encode())
