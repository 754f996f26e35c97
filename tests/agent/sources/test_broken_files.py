"""Files that are empty, cut short, no text, no files or forbidden give an outcome: no traceback, no wrong value."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from keskidee_report.model import ABSENT, DENIED, FAILED, OK, Reading
from tests.agent.recordings import SOURCES, as_nobody, cases, reading_at, values

pytestmark = pytest.mark.slow  # all sources times all ways to be broken: together eight seconds

NOT_READ = {"ORIGIN", "expected.prom"}
NOT_TEXT = b"\xff\xfe\x00\xc3( 12 \xe2\x28\xa1 34 kB\n" * 50
CASES = [pytest.param(case, id=f"{case.parent.name}/{case.name}") for case in cases()]


@pytest.fixture
def spoilt(request: pytest.FixtureRequest) -> Iterator[Spoilt]:
    """A copy of the case's recorded machine that a test may spoil, file by file."""
    case: Path = request.node.callspec.params["case"]
    with TemporaryDirectory() as folder:  # pytest's own folders are closed to nobody
        Path(folder).chmod(0o755)
        yield Spoilt(case, Path(folder, "machine"))


class Spoilt:
    """A recorded machine of which one file at a time is not as it should be."""

    def __init__(self, case: Path, root: Path) -> None:
        self.source = case.parent.name
        self.root = Path(shutil.copytree(case, root, symlinks=True))
        self.files = [
            file
            for file in sorted(self.root.rglob("*"))
            if file.is_file() and not file.is_symlink() and file.name not in NOT_READ
        ]

    def read(self) -> Reading:
        SOURCES[self.source].bug = ""
        return reading_at(self.source, self.root)

    def wrong_outcomes(self, spoil: Callable[[Path], object], mend: Callable[[Path], object]) -> list[str]:
        """The files that, spoilt in turn, gave anything but one of the outcomes a source may have."""
        wrong = []
        for file in self.files:
            content = file.read_bytes()
            spoil(file)
            if trouble := self.trouble(self.read()):
                wrong.append(f"{file.relative_to(self.root)}: {trouble}")
            mend(file)
            file.write_bytes(content)
        return wrong

    def trouble(self, reading: Reading) -> str:
        """What is wrong with an outcome: a bug, or a failure that is not the file's."""
        if bug := SOURCES[self.source].bug:
            return bug
        if reading.outcome == FAILED and not reading.reason.startswith("malformed: "):
            return reading.reason
        return "" if reading.outcome in (OK, ABSENT, DENIED, FAILED) else reading.outcome


def nothing(_: Path) -> None:
    """Writing the content back is enough."""


def to_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def to_fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("case", CASES)
def test_an_empty_file_gives_an_outcome(case: Path, spoilt: Spoilt) -> None:
    assert spoilt.wrong_outcomes(lambda file: file.write_bytes(b""), nothing) == []


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_is_no_text_gives_an_outcome(case: Path, spoilt: Spoilt) -> None:
    assert spoilt.wrong_outcomes(lambda file: file.write_bytes(NOT_TEXT), nothing) == []


@pytest.mark.parametrize("case", CASES)
def test_a_folder_in_place_of_a_file_gives_an_outcome(case: Path, spoilt: Spoilt) -> None:
    assert spoilt.wrong_outcomes(to_folder, Path.rmdir) == []


@pytest.mark.parametrize("case", CASES)
def test_a_fifo_in_place_of_a_file_holds_nobody_up(case: Path, spoilt: Spoilt) -> None:
    assert spoilt.wrong_outcomes(to_fifo, Path.unlink) == []


@pytest.mark.parametrize("case", CASES)
def test_a_forbidden_file_gives_an_outcome(case: Path, spoilt: Spoilt) -> None:
    spoilt.read()  # imports what a source needs, while the checkout may still be read: it may be closed to nobody
    wrong = []
    for file in spoilt.files:
        file.chmod(0)
        with as_nobody():
            wrong.append(spoilt.trouble(spoilt.read()))
        file.chmod(0o644)
    assert "".join(wrong) == ""


@pytest.mark.parametrize("case", CASES)
def test_a_file_cut_short_gives_no_wrong_value(case: Path, spoilt: Spoilt) -> None:
    right = values(spoilt.read())
    wrong: list[object] = []
    for file in spoilt.files:
        whole = file.read_bytes()
        for length in cuts(whole):
            file.write_bytes(whole[:length])
            reading = spoilt.read()
            wrong += filter(None, [spoilt.trouble(reading)])
            if whole[length - 1 : length] != b"\n":  # between two lines nothing tells that more should follow
                wrong += [item for item in values(reading).items() if right.get(item[0], item[1]) != item[1]]
        file.write_bytes(whole)
    assert wrong == []


def cuts(whole: bytes) -> list[int]:
    """Where to cut: everywhere in a short file, around each line's end and in between in a long one."""
    if len(whole) < 200:
        return list(range(len(whole)))
    ends = [at for at, byte in enumerate(whole) if byte == 10][:40]
    return sorted(
        {at + step for at in ends for step in (-1, 0, 1) if at + step < len(whole)} | set(range(0, len(whole), 97))
    )
