"""Processes of the agent's own: how one ends, and how words reach a program of Windows whole."""

import os
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keskidee_agent.resident import child
from tests.waiting import wait_until


@given(st.text(alphabet=st.sampled_from('ab \t"\\é'), max_size=12))
@example("")
@example(r"C:\Program Files\keskidee\Scripts\python.exe")
@example("C:\\a folder\\")
@example(r"say \\\"so\"")
def test_a_word_is_quoted_as_programs_of_windows_take_it_apart(word: str) -> None:
    assert child.quoted(word) == subprocess.list2cmdline([word])


@pytest.mark.parametrize("status", [0, 3])
def test_how_a_process_has_ended_is_told_once_it_has(status: int) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    process = child.begin([sys.executable, "-c", f"import os; os.read({reader}, 1); os._exit({status})"])
    os.close(reader)
    assert child.status_of(process) is None
    os.close(writer)
    told: list[int | None] = [None]

    def is_told() -> bool:
        told[0] = child.status_of(process)
        return told[0] is not None

    wait_until(is_told)
    assert told == [status << 8]


def test_one_is_run_to_its_end() -> None:
    assert child.run([sys.executable, "-c", "import sys; sys.exit(2)"]) == 2
