"""`keskidee agent doctor`: what each source can read here, which right is missing and the command that gives it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from keskidee_agent.gather import Gatherer
from keskidee_agent.once import NOTHING_READ, READ, SCHEMA, USAGE, machine_at, silent, write_stdout
from keskidee_report.model import ABSENT, DENIED, OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from keskidee_agent.gather import Source
    from keskidee_report.model import Reading

HEADINGS = ("SOURCE", "OUTCOME", "SECONDS", "SAMPLES", "REASON")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `doctor`."""
    parser = subparsers.add_parser("doctor", help="say what can be read here and what is missing", description=__doc__)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--root", metavar="DIR", help="examine the machine recorded in DIR instead of this one")
    parser.add_argument("--textfile", metavar="DIR", help="examine *.prom files of DIR too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the table. Status: 0 all is well, 1 a source is denied or in trouble, 2 usage."""
    try:
        machine = machine_at(args.root, args.textfile)
    except OSError as error:
        sys.stderr.write(f"keskidee: --root {args.root}: {error.strerror}\n")
        return USAGE
    gatherer = Gatherer(machine, warn=silent)
    readings = gatherer.round()
    if args.format == "json":
        write_stdout(json.dumps(as_json(gatherer.sources, readings), ensure_ascii=False, indent=1) + "\n")
    else:
        write_stdout(as_text(gatherer.sources, readings))
    return READ if all(reading.outcome in (OK, ABSENT) for reading in readings) else NOTHING_READ


def as_json(sources: Sequence[Source], readings: Sequence[Reading]) -> dict[str, object]:
    """`{"schema", "sources": [{"source", "outcome", "reason", "seconds", "samples", "missing_right", "command"}]}`."""
    rows = [
        {
            "source": reading.source,
            "outcome": reading.outcome,
            "reason": reading.reason,
            "seconds": round(reading.seconds, 6),
            "samples": len(reading.samples),
            "missing_right": source.right if reading.outcome == DENIED else "",
            "command": source.grant if reading.outcome == DENIED else "",
        }
        for source, reading in zip(sources, readings, strict=True)
    ]
    return {"schema": SCHEMA, "sources": rows}


def as_text(sources: Sequence[Source], readings: Sequence[Reading]) -> str:
    """The table for a person: a line a source, and below one that is denied the right and the command."""
    rows = [HEADINGS]
    rows += [(r.source, r.outcome, f"{r.seconds:.4f}", str(len(r.samples)), r.reason) for r in readings]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    advice = {source.name: source for source in sources}
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join((*cells, row[-1])).rstrip())
        if row[1] == DENIED and advice[row[0]].right:
            indent = " " * (widths[0] + 2)
            lines.append(f"{indent}needs: {advice[row[0]].right}")
            lines.append(f"{indent}run:   {advice[row[0]].grant}")
    return "\n".join(lines) + "\n"
