"""Recorded machines for tests: the fixture folders, and folders written on the spot."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from keskidee_agent.gather.gather import found_sources, read
from keskidee_agent.host.machine import Machine
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_report.model import Reading

FIXTURES = Path(__file__).parents[1] / "fixtures"
Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
SOURCES = {source.name: source for source in found_sources()}


def cases() -> list[Path]:
    """Every recorded machine of a source: tests/fixtures/<source>/<case>."""
    return sorted(case for name in SOURCES for case in (FIXTURES / name).glob("*") if case.is_dir())


def reading_of(source: str, machine: Machine) -> Reading:
    """One source's result, as a first round gives it."""
    return read(SOURCES[source], machine)


def reading_at(source: str, root: Path) -> Reading:
    """The same for the machine recorded in a folder."""
    return reading_of(source, RecordedMachine(str(root)))


def write_files(root: Path, files: dict[str, str | bytes]) -> Path:
    """Files with their contents under `root`."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def values(reading: Reading) -> dict[Series, float]:
    """Each series with its value; asserts that none comes twice."""
    found = {(family.name, tuple(sorted(labels.items()))): value for family, labels, value in reading.samples}
    assert len(found) == len(reading.samples)
    return found


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
