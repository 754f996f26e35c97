"""What the collector's commands share: where the data is, what a running collector answers, and how it is printed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_collector.commands.running import NotReached, collector_directory, fail, running_on

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

DATA_HELP = "the collector's data directory, or the one of `keskidee up` (default: %(default)s)"


def add_data(parser: argparse.ArgumentParser) -> None:
    """Adds `--data`: which collector of this host is meant."""
    from keskidee_config import data_directory

    parser.add_argument("--data", metavar="DIR", type=Path, default=data_directory(), help=DATA_HELP)


def ask(data: Path, method: str, path: str, body: dict[str, Any] | bytes | None = None) -> dict[str, Any] | None:
    """Asks the running collector of a data directory; None, with a line on stderr, where that fails."""
    try:
        answer = running_on(collector_directory(data)).ask(method, path, body)
    except NotReached as error:
        fail(str(error))
        return None
    parsed: dict[str, Any] = answer.json() if answer.content else {}
    return parsed


def moment(seconds: float | None) -> str:
    """A time in UTC for a person; seconds since 1970."""
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def number(value: int | None) -> str:
    """A number for a person."""
    return "-" if value is None else str(value)


def print_table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Prints rows below their header, in columns."""
    widths = [max(len(str(row[i])) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
