"""How the test run itself behaves: absent recordings and programs, logs of programs that fail, golden files."""

import shutil
from pathlib import Path

import pytest

from tests.processes import NotReady, Process, Start, is_alive
from tests.waiting import wait_until

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow  # each starts a pytest of its own

OURS = Path(__file__).parent
RECORDED = "def test_a(shared_data): pass\ndef test_b(): pass\ndef test_c(shared_data): pass\n"
REAL = "def test_real(program): program('amtool')\n"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty suite with our conftest."""
    folder = pytester.mkpydir("tests")
    for name in ("conftest.py", "processes.py", "programs.py", "programs.txt"):
        shutil.copy(OURS / name, folder)
    shutil.copy(OURS.parent / "pyproject.toml", pytester.path)
    monkeypatch.delenv("CI", raising=False)
    return pytester


def closing_lines(suite: pytest.Pytester, test: str, *options: str) -> list[str]:
    """The output of a run of one test file."""
    (suite.path / "tests" / "test_it.py").write_text(test)
    return suite.runpytest_subprocess("-p", "no:cacheprovider", *options).outlines


def test_absent_recordings_are_named_and_counted_at_the_end(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESKIDEE_SHARED_DATA", "/nonexistent")
    lines = closing_lines(suite, RECORDED)
    start = lines.index("2 tests did not run: there is no /nonexistent (KESKIDEE_SHARED_DATA)")
    assert lines[start + 1] == "  tests/test_it.py: test_a, test_c"


def test_absent_recordings_leave_the_other_tests_running(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESKIDEE_SHARED_DATA", "/nonexistent")
    assert " 1 passed, 2 skipped in " in closing_lines(suite, RECORDED)[-1]


def test_recordings_that_are_there_are_used(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KESKIDEE_SHARED_DATA", str(tmp_path))
    assert " 3 passed in " in closing_lines(suite, RECORDED)[-1]


def test_an_absent_program_is_a_skip_that_names_the_package(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    (suite.path / "tests" / "programs.txt").write_text("amtool-absent prometheus-alertmanager\n")
    lines = closing_lines(suite, REAL.replace("amtool", "amtool-absent"))
    assert any("amtool-absent is not installed: apt-get install prometheus-alertmanager" in line for line in lines)
    assert " 1 skipped in " in lines[-1]


def test_an_absent_program_is_a_failure_in_continuous_integration(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    (suite.path / "tests" / "programs.txt").write_text("amtool-absent prometheus-alertmanager\n")
    monkeypatch.setenv("CI", "true")
    assert " 1 failed in " in closing_lines(suite, REAL.replace("amtool", "amtool-absent"))[-1]


def test_a_test_that_asks_for_a_program_is_not_among_the_fast_ones(suite: pytest.Pytester) -> None:
    assert " 1 deselected in " in closing_lines(suite, REAL, "-m", "not real")[-1]


def test_the_log_of_a_program_is_shown_when_its_test_fails(suite: pytest.Pytester) -> None:
    test = "def test_it(start): start(['echo', 'the last words'], ready='words'); assert 0\n"
    assert "the last words" in closing_lines(suite, test)


def test_golden_files_change_only_when_asked(suite: pytest.Pytester) -> None:
    golden = suite.path / "golden.txt"
    golden.write_text("old")
    test = "from pathlib import Path\ndef test_it(golden): golden(Path('golden.txt'), 'new')\n"
    closing_lines(suite, test)
    before = golden.read_text()
    closing_lines(suite, test, "--update")
    assert (before, golden.read_text()) == ("old", "new")


def test_a_program_that_ends_too_early_is_named_with_its_output(start: Start) -> None:
    with pytest.raises(NotReady, match=r"(?s)sh ended before it was ready.*exit 3.*cannot do this"):
        start(["sh", "-c", "echo cannot do this >&2; exit 3"], ready="http://127.0.0.1:1/")


def test_a_program_that_does_not_listen_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.processes.STOP_SECONDS", 0.2)
    process = Process(["sh", "-c", "trap '' TERM; sleep 600 & echo child $!; wait; wait"], tmp_path)
    child = process.wait_ready(r"^child (\d+)$")
    assert child is not None
    process.stop()
    wait_until(lambda: not is_alive(int(child[1])))  # a killed process ends when it next has a processor
