"""`make bench`: our cost beside our peers', in the same windows, as a table on stdout.

A benchmark is a file `bench_*.py` here with PEERS and `run(stand)`, which yields rows. Nothing else names it.
"""

import argparse
import importlib
import os
import platform
import sys
import tempfile
import time
import traceback
from importlib.metadata import version
from pathlib import Path

from tests.bench.stand import Missing, Stand, say, version_of
from tests.bench.table import Row, write

BUSY_LOAD = 0.5
HERE = Path(__file__).parent


def main() -> int:
    names = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(names)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="short windows and small fleets: no figures to publish")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    modules = [importlib.import_module(f"tests.bench.bench_{name}") for name in options.names or names]
    for line in heading(sorted({peer for module in modules for peer in module.PEERS}), quick=options.quick):
        print(line)
    rows: list[Row] = []
    for module in modules:
        rows += measure(module.__name__.rpartition("bench_")[2], module.run, quick=options.quick)
    print(write(rows))
    return 1 if any(row.verdict in {"MISSED", "not measured"} for row in rows) else 0


def heading(peers: list[str], *, quick: bool) -> list[str]:
    """Versions, machine and date."""
    lines = [f"keskidee {version('keskidee')}, Python {platform.python_version()}"]
    for peer in peers:
        try:
            lines.append(version_of(peer))
        except Missing as missing:
            lines.append(str(missing))
    machine = (
        f"{os.cpu_count()} processors, Linux {platform.release()}, {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}"
    )
    if os.getloadavg()[0] > BUSY_LOAD:
        machine += f"; load {os.getloadavg()[0]:.1f} before the start: others run here, so trust the ratios only"
    return [*lines, machine, *(["quick run: no figures to publish"] if quick else []), ""]


def measure(name: str, run, *, quick: bool) -> list[Row]:  # type: ignore[no-untyped-def]
    """The rows of one benchmark; where it fails, what it had yielded, and a row that says so."""
    say(f"benchmark {name}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix=f"keskidee-bench-{name}-") as folder:
        stand = Stand(Path(folder), quick=quick)
        try:
            rows.extend(run(stand))
        except Missing as missing:
            rows.append(Row(what=f"{name}: {missing}", ours="", first=0.0, stretch=0.0))
        except Exception:  # noqa: BLE001 - the other benchmarks go on, and this one's row says that it failed
            traceback.print_exc()
            print(stand.logs(), file=sys.stderr)
            rows.append(Row(what=f"{name}: failed, see above", ours="", first=0.0, stretch=0.0))
        finally:
            stand.stop()
    return rows


if __name__ == "__main__":
    sys.exit(main())
