"""`keskidee register import FILE`, `import-inventory FILE` and `reconcile`: the running collector takes lists of
purchases, and what a stick brought from elsewhere, and finds the machines of what was bought.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_collector.commands.running import NotReached, collector_directory, fail, running_on

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

TAKEN_SECONDS = 300.0
"""Five thousand lines take some seconds, on a slow disk more."""


def add_import(commands: Any, add_data: Callable[[argparse.ArgumentParser], None]) -> None:
    """Adds `import`, `import-inventory` and `reconcile`."""
    purchases = commands.add_parser(
        "import", help="take a list of purchases: CSV, an asset a line",
        description="Takes a list of purchases: CSV in UTF-8, with columns as in `register export`, in any order. A"
        " line is of the asset with its asset_id, asset_tag or serial, else of a new one; an empty cell changes"
        " nothing. Wrong lines are named, and then none is taken. From Excel: days as yyyy-mm-dd, serials as text,"
        " and save as CSV UTF-8.",
    )  # fmt: skip
    purchases.add_argument("file", metavar="FILE", type=Path, help="the list; - is standard input")
    purchases.set_defaults(run=run_purchases)
    inventory = commands.add_parser("import-inventory", help="take an inventory that was carried here in a file")
    inventory.add_argument("file", metavar="FILE", type=Path, help="what `keskidee agent inventory` printed there")
    inventory.set_defaults(run=run)
    reconcile = commands.add_parser("reconcile", help="make one of a machine and its purchase, by serial number")
    reconcile.set_defaults(run=run_reconcile)
    for parser in (purchases, inventory, reconcile):
        add_data(parser)


def run_purchases(args: argparse.Namespace) -> int:
    """Prints how many assets were entered and changed."""
    answer = _brought(args, "/v1/assets/purchases")
    if isinstance(answer, int):
        return answer
    sys.stdout.write(f"entered {answer['entered']}, changed {answer['changed']}, unchanged {answer['unchanged']}\n")
    return 0


def run_reconcile(args: argparse.Namespace) -> int:
    """Prints each pair that became one, each that contradicts itself, and how many are left on both sides."""
    try:
        told = running_on(collector_directory(args.data)).ask("POST", "/v1/assets/reconcile").json()
    except NotReached as error:
        return fail(str(error))
    for pair in told["joined"]:
        sys.stdout.write(f"{pair['asset_id']} {pair['name']} {pair['serial']} has its purchase\n")
    for pair in told["contradicting"]:
        fields = ", ".join(pair["against"])
        sys.stdout.write(f"{pair['asset_id']} {pair['name']} {pair['serial']} and its purchase differ in {fields}\n")
    sys.stdout.write(f"{told['waiting']} bought and not seen, {told['without_purchase']} seen without a purchase\n")
    return 0


def run(args: argparse.Namespace) -> int:
    """Prints the asset that it went to."""
    asset = _brought(args, "/v1/assets/inventory")
    if isinstance(asset, int):
        return asset
    sys.stdout.write(
        f"{asset['id']} {asset['name']} {asset['maker']} {asset['model']} {asset['serial']}".rstrip() + "\n"
    )
    return 0


def _brought(args: argparse.Namespace, path: str) -> dict[str, Any] | int:
    """What the collector says of a file, or the exit status where that failed."""
    try:
        content = sys.stdin.buffer.read() if str(args.file) == "-" else args.file.read_bytes()
    except OSError as error:
        return fail(f"{args.file}: {error.strerror}")
    try:
        answer: dict[str, Any] = (
            running_on(collector_directory(args.data)).ask("POST", path, zlib.compress(content)).json()
        )
    except NotReached as error:
        return fail(f"{args.file}: {error}")
    return answer
