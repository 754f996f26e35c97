"""What one source of the inventory makes of a recorded machine, for tests."""

from pathlib import Path

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.gather import Found, found_sources, read
from keskidee_report.items import Item, Value
from tests.agent.recordings import write_files

SOURCES = {source.name: source for source in found_sources()}


def found_in(root: Path, source: str, files: dict[str, str | bytes]) -> Found:
    """The source's result for the machine that these files are."""
    return read(SOURCES[source], RecordedMachine(str(write_files(root, files))))


def items_in(root: Path, source: str, files: dict[str, str | bytes]) -> list[Item]:
    """Its items, in their order."""
    return list(found_in(root, source, files).items)


def items(root: Path, source: str) -> list[dict[str, Value]]:
    """The fields of each item of a machine that was written already."""
    [found] = [read(each, RecordedMachine(str(root))) for each in found_sources() if each.name == source]
    return [dict(item.fields) for item in found.items]
