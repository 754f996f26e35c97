"""`keskidee register`: lists of purchases in (import_command.py), assets and days of machines out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_collector.commands.import_command import add_import
from keskidee_collector.commands.running import collector_directory, fail
from keskidee_collector.commands.shown import add_data

if TYPE_CHECKING:
    import argparse

REGISTER_EXAMPLES = """\
examples
  keskidee register import list.csv                                      purchases in
  keskidee register export --format xlsx --output assets.xlsx            assets and their history out
  keskidee register days --from 2027-01-01 --to 2027-03-31 --output quarter.csv"""


def add_register(subparsers: Any) -> None:
    """Adds `register` to the command line."""
    register = subparsers.add_parser(
        "register", help="the asset register", epilog=REGISTER_EXAMPLES,
        description="Takes purchases into the asset register, and gives out what it knows.",
    )  # fmt: skip
    commands = register.add_subparsers(title="commands", metavar="COMMAND", required=True)
    export = commands.add_parser("export", help="assets: what and where they are, how bought, first and last seen")
    export.add_argument(
        "--format", choices=("csv", "xlsx", "json", "glpi"), default="csv",
        help="default: csv; xlsx, for Excel, has their history too, json also what they are made of, glpi an inventory "
        "a line",
    )  # fmt: skip
    export.add_argument(
        "--output", metavar="FILE", type=Path, help="default: standard output; with glpi a folder is given a file each"
    )
    add_data(export)
    export.set_defaults(run=run_export)
    add_import(commands, add_data)
    days = commands.add_parser("days", help="a line a machine and day: when it was on, its boots, memory, disks")
    days.add_argument("--format", choices=("csv",), default="csv", help="default: csv")
    days.add_argument("--from", dest="first", metavar="DAY", type=_day, help="first UTC day, YYYY-MM-DD")
    days.add_argument("--to", dest="last", metavar="DAY", type=_day, help="last UTC day, included")
    days.add_argument("--output", metavar="FILE", type=Path, help="default: standard output")
    add_data(days)
    days.set_defaults(run=run_days)


def run_export(args: argparse.Namespace) -> int:
    """Writes the assets."""
    from keskidee_collector.app import export_assets
    from keskidee_collector.store.database import Unusable

    if args.format == "xlsx" and args.output is None and sys.stdout.isatty():
        return fail("a workbook goes into a file: --output FILE")
    try:
        return export_assets(collector_directory(args.data), args.format, args.output)
    except Unusable as error:
        return fail(str(error))


def run_days(args: argparse.Namespace) -> int:
    """Writes the days of machines as CSV."""
    from keskidee_collector.app import export_days
    from keskidee_collector.store.database import Unusable

    try:
        return export_days(collector_directory(args.data), args.output, args.first or "", args.last or "9999")
    except Unusable as error:
        return fail(str(error))


def _day(text: str) -> str:
    """A day as people type it. Raises ArgumentTypeError, which argparse tells."""
    from argparse import ArgumentTypeError
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ArgumentTypeError(f"a day is YYYY-MM-DD, not {text!r}") from None
