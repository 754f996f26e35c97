"""`keskidee agent once`: one reading of this machine, or of a recorded one, as Prometheus text or JSON on stdout."""

from __future__ import annotations

import json
import sys
from contextlib import closing

from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.gather.output import (
    NOTHING_READ,
    READ,
    SCHEMA,
    USAGE,
    as_prometheus,
    by_family,
    machine_at,
    number_text,
    silent,
    taken,
    write_stdout,
)
from keskidee_agent.host.facts import facts_of
from keskidee_report.model import ABSENT, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Reading


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `once`."""
    parser = subparsers.add_parser("once", help="print one reading of this machine", description=__doc__)
    parser.add_argument("--format", choices=("prometheus", "json"), default="prometheus", help="default: prometheus")
    parser.add_argument("--root", metavar="DIR", help="read the machine recorded in DIR instead of this one")
    parser.add_argument("--textfile", metavar="DIR", help="read *.prom files of DIR too, as node_exporter does")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the reading, and on stderr what could not be read. Status: 0 something was read, 1 nothing, 2 usage."""
    try:
        machine = machine_at(args.root, args.textfile)
    except OSError as error:
        sys.stderr.write(f"keskidee: --root {args.root}: {error.strerror}\n")
        return USAGE
    with closing(machine):
        return print_reading(args, machine)


def print_reading(args: argparse.Namespace, machine: Machine) -> int:
    """As `run`, of this machine."""
    readings = Gatherer(machine, warn=silent).round()
    if args.format == "json":
        write_stdout(json.dumps(as_json(machine, readings), ensure_ascii=False, indent=1) + "\n")
    else:
        write_stdout(as_prometheus(sample for reading in readings for sample in reading.samples))
    for reading in readings:
        if reading.outcome not in (OK, ABSENT):
            sys.stderr.write(f"keskidee: {reading.source}: {reading.outcome}: {reading.reason}\n")
    if any(reading.samples for reading in readings):
        return READ  # also where the reader of stdout has seen enough (`| head`)
    sys.stderr.write(f"keskidee: nothing to read {'on this machine' if args.root is None else 'in ' + args.root}\n")
    return NOTHING_READ


def as_json(machine: Machine, readings: Sequence[Reading]) -> dict[str, Any]:
    """One reading in the form of the contract: schema, taken_at, machine, families, outcomes."""
    families = [
        {
            "name": family.name,
            "kind": family.kind,
            "help": family.help,
            "unit": family.unit,
            "samples": [[labels, _json_number(value)] for labels, value in samples],
        }
        for family, samples in by_family(sample for reading in readings for sample in reading.samples)
    ]
    outcomes = [
        {"source": r.source, "outcome": r.outcome, "reason": r.reason, "seconds": round(r.seconds, 6)} for r in readings
    ]
    facts = facts_of(machine)
    taken_at = taken(machine)
    return {"schema": SCHEMA, "taken_at": taken_at, "machine": facts, "families": families, "outcomes": outcomes}


def _json_number(value: float) -> float | str:
    """JSON has no word for NaN and the infinities: these are texts, as in the text format."""
    return value if value - value == 0 else number_text(value)
