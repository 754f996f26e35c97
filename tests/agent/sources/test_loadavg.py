"""The load averages: the kernel's line, and the systems that have none."""

from types import SimpleNamespace

import pytest

from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.host.machine import Machine
from keskidee_agent.sources import loadavg
from keskidee_report.model import ABSENT, Malformed
from tests.agent.recordings import SOURCES, reading_of, values


def test_the_first_three_numbers_are_the_averages() -> None:
    assert loadavg.parse(b"0.21 0.05 12.30 2/719 19737\n") == [0.21, 0.05, 12.3]


@pytest.mark.parametrize(
    "line", [b"0.21 0.05 12.30\n", b"0.21 0.05 -1 2/719 19737\n", b"a b c d e\n", b"1 2 3 4 5\n\n"]
)
def test_another_line_is_refused(line: bytes) -> None:
    with pytest.raises(Malformed):
        loadavg.parse(line)


def test_macos_says_the_same_through_psutil() -> None:
    macos = Machine(platform="darwin", psutil=SimpleNamespace(getloadavg=lambda: (1.234, 0.5, 0.25)))
    assert values(reading_of("loadavg", macos)) == {
        ("node_load1", ()): 1.23,
        ("node_load5", ()): 0.5,
        ("node_load15", ()): 0.25,
    }


def test_windows_has_no_load_average() -> None:
    [reading] = Gatherer(Machine(platform="windows"), sources=[SOURCES["loadavg"]]).round()
    assert (reading.outcome, reading.reason) == (ABSENT, "not on windows")
