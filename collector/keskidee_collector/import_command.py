"""`keskidee register import-inventory FILE`: the running collector takes what a stick brought from elsewhere."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_collector.running import NotReached, collector_directory, fail, running_on

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_import(commands: Any, add_data: Callable[[argparse.ArgumentParser], None]) -> None:
    """Adds `import-inventory`."""
    parser = commands.add_parser("import-inventory", help="take an inventory that was carried here in a file")
    parser.add_argument("file", metavar="FILE", type=Path, help="what `keskidee agent inventory` printed there")
    add_data(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the asset that it went to."""
    try:
        packed = zlib.compress(args.file.read_bytes())
    except OSError as error:
        return fail(f"{args.file}: {error.strerror}")
    try:
        answer = running_on(collector_directory(args.data)).ask("POST", "/v1/assets/inventory", packed)
    except NotReached as error:
        return fail(f"{args.file}: {error}")
    asset = answer.json()
    sys.stdout.write(
        f"{asset['id']} {asset['name']} {asset['maker']} {asset['model']} {asset['serial']}".rstrip() + "\n"
    )
    return 0
