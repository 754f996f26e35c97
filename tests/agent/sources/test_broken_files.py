"""Files that are empty, cut short, no text, no files or forbidden give an outcome: no traceback, no wrong value."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from keskidee_report.model import ABSENT, DENIED, FAILED, OK, Reading
from tests.agent.recordings import SOURCES, cases, reading_at, values

NOT_READ = {"ORIGIN", "expected.prom"}
FILES = [
    pytest.param(case, file.relative_to(case), id=f"{case.parent.name}/{case.name}/{file.relative_to(case)}")
    for case in cases()
    for file in sorted(case.rglob("*"))
    if file.is_file() and not file.is_symlink() and file.name not in NOT_READ
]


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], Path]:
    """A recorded machine that a test may spoil."""

    def copied(case: Path) -> Path:
        return Path(shutil.copytree(case, tmp_path / "machine", symlinks=True))

    return copied


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's rights, where the tests run as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def assert_no_bug(source: str, root: Path) -> Reading:
    """The reading, which must be one of the outcomes that a source may have, and no exception of another kind."""
    SOURCES[source].bug = ""
    reading = reading_at(source, root)
    assert SOURCES[source].bug == ""
    assert reading.outcome in (OK, ABSENT, DENIED, FAILED)
    assert reading.outcome != FAILED or reading.reason.startswith("malformed: ")
    return reading


@pytest.mark.parametrize(("case", "file"), FILES)
def test_an_empty_file_gives_an_outcome(case: Path, file: Path, copy: Callable[[Path], Path]) -> None:
    root = copy(case)
    (root / file).write_bytes(b"")
    assert_no_bug(case.parent.name, root)


@pytest.mark.parametrize(("case", "file"), FILES)
def test_a_file_that_is_no_text_gives_an_outcome(case: Path, file: Path, copy: Callable[[Path], Path]) -> None:
    root = copy(case)
    (root / file).write_bytes(b"\xff\xfe\x00\xc3( 12 \xe2\x28\xa1 34 kB\n" * 50)
    assert_no_bug(case.parent.name, root)


@pytest.mark.parametrize(("case", "file"), FILES)
def test_a_folder_in_place_of_a_file_gives_an_outcome(case: Path, file: Path, copy: Callable[[Path], Path]) -> None:
    root = copy(case)
    (root / file).unlink()
    (root / file).mkdir()
    assert_no_bug(case.parent.name, root)


@pytest.mark.parametrize(("case", "file"), FILES)
def test_a_fifo_in_place_of_a_file_holds_nobody_up(case: Path, file: Path, copy: Callable[[Path], Path]) -> None:
    root = copy(case)
    (root / file).unlink()
    os.mkfifo(root / file)
    assert_no_bug(case.parent.name, root)


@pytest.mark.parametrize(("case", "file"), FILES)
def test_a_forbidden_file_gives_an_outcome(case: Path, file: Path) -> None:
    with TemporaryDirectory() as folder:  # pytest's own folders are closed to nobody
        root = Path(shutil.copytree(case, Path(folder, "machine"), symlinks=True))
        (root / file).chmod(0)
        Path(folder).chmod(0o755)
        with as_nobody():
            assert_no_bug(case.parent.name, root)


@pytest.mark.parametrize(("case", "file"), FILES)
def test_a_file_cut_short_gives_no_wrong_value(case: Path, file: Path, copy: Callable[[Path], Path]) -> None:
    root = copy(case)
    whole = (root / file).read_bytes()
    right = values(reading_at(case.parent.name, root))
    wrong: dict[object, float] = {}
    for length in cuts(whole):
        (root / file).write_bytes(whole[:length])
        reading = assert_no_bug(case.parent.name, root)
        wrong |= {key: value for key, value in values(reading).items() if key in right and right[key] != value}
    assert wrong == {}


def cuts(whole: bytes) -> list[int]:
    """Where to cut: everywhere in a short file, around each line's end and in between in a long one."""
    if len(whole) < 400:
        return list(range(len(whole)))
    ends = [at for at, byte in enumerate(whole) if byte == 10]
    return sorted(
        {at + step for at in ends for step in (-1, 0, 1) if at + step < len(whole)} | set(range(0, len(whole), 97))
    )
