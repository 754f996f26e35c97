"""Fixtures and options of all tests. tests/README.md says how to use them."""

import os
import tarfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from tests.processes import Process, Start, find_free_port
from tests.programs import find_program

CHECKOUT = Path(__file__).parents[1]
SHARED_DATA = Path(os.environ.get("KESKIDEE_SHARED_DATA") or CHECKOUT.parent / "shared" / "data")
WINE = Path(os.environ.get("KESKIDEE_WINE") or CHECKOUT.parent / "wine")
STARTED = pytest.StashKey[list[Process]]()

# A deadline would make slow machines fail; speed is a benchmark, never a timed test.
hypothesis_settings.register_profile("keskidee", deadline=None, print_blob=True)
hypothesis_settings.register_profile("quick", deadline=None, print_blob=True, max_examples=20)  # `make check`
hypothesis_settings.load_profile("keskidee")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write golden files anew instead of comparing with them")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by the fixtures they take, and skips those whose recordings are not here.

    Those of several programs come first: they wait more than they work, some for minutes, and others run meanwhile.
    """
    items.sort(key=lambda item: "e2e" not in item.path.parts)
    absent = pytest.mark.skip(reason=f"no recordings in {SHARED_DATA}")
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "program" in fixtures:
            item.add_marker(pytest.mark.real)
        if "shared_data" in fixtures:
            item.add_marker(pytest.mark.shared_data)
        if item.get_closest_marker("shared_data") and not SHARED_DATA.is_dir():
            item.add_marker(absent)
        if item.get_closest_marker("wine") and not is_wine_here():
            item.add_marker(pytest.mark.skip(reason=f"no CPython for Windows in {WINE}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names and counts the tests that did not run because their recordings, or wine, are absent."""
    if not SHARED_DATA.is_dir():
        tell_absent(terminalreporter, "shared_data", "recordings", f"{SHARED_DATA} (KESKIDEE_SHARED_DATA)")
    if not is_wine_here():
        tell_absent(terminalreporter, "wine", "wine", f"CPython for Windows in {WINE} (KESKIDEE_WINE)")


def tell_absent(terminalreporter: pytest.TerminalReporter, mark: str, what: str, where: str) -> None:
    """A section of the summary: how many tests with this mark were skipped, and which."""
    skipped = terminalreporter.stats.get("skipped", [])
    names = sorted({report.nodeid for report in skipped if mark in getattr(report, "keywords", ())})
    if names:
        files = sorted({name.partition("::")[0] for name in names})
        terminalreporter.section(f"{what} absent")
        terminalreporter.write_line(f"{len(names)} tests did not run: there is no {where}")
        for file in files:
            tests = [name.partition("::")[2] for name in names if name.startswith(f"{file}::")]
            terminalreporter.write_line(f"  {file}: {', '.join(tests)}")


def is_wine_here() -> bool:
    """Whether WINE is a folder with Python for Windows and what runs it."""
    return (WINE / "wine.sh").is_file() and (WINE / "winpy" / "cp313" / "python.exe").is_file()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the logs of the programs that a failed test had started."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {process.name}", process.log_tail()) for process in item.stash.get(STARTED, [])]
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recordings from other projects; a test that takes it is skipped where it is absent."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def wine() -> Path:
    """A folder with `wine.sh`, and CPython for Windows with psutil in `winpy`; tests that take it are marked `wine`."""
    return WINE


@pytest.fixture(scope="session")
def node_exporter_roots(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """node_exporter's own recorded machine: the folders proc, sys, udev, usr and textfile."""
    folder = tmp_path_factory.mktemp("node_exporter")
    with tarfile.open(shared_data / "node_exporter_fixtures" / "roots.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "tar_filter", None)  # Debian 12's Python 3.11.2 has no filters
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def program() -> Callable[[str], Path]:
    """`program("prometheus")`: where a real program is. Absent, it is a failure with CI=true, otherwise a skip."""
    return find_program


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """`free_port()`: a port of 127.0.0.1 that nobody listens on, another each time."""
    return find_free_port


@pytest.fixture
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """`start([program, ...], ready="http://127.0.0.1:9090/-/ready")`: a running Process, stopped after the test."""
    started = request.node.stash.setdefault(STARTED, [])

    def start_one(argv, *, ready=None, timeout_seconds=30, environment=None, cwd=None):  # type: ignore[no-untyped-def]
        process = Process(argv, tmp_path / f"process-{len(started)}", environment=environment, cwd=cwd)
        started.append(process)
        if ready is not None:
            process.wait_ready(ready, timeout_seconds)
        return process

    yield start_one
    for process in reversed(started):
        process.stop()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """`golden(path, actual)`: the text must equal the file's. `pytest --update` writes the file; review its diff."""

    def compare(path: Path, actual: str) -> None:
        if request.config.getoption("--update"):
            path.write_text(actual, encoding="utf-8", newline="")
        assert actual == path.read_text(encoding="utf-8")

    return compare
