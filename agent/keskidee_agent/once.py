"""`keskidee agent once`: one reading of this machine, or of a recorded one, as Prometheus text or JSON on stdout."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing, suppress

from keskidee_agent.facts import facts_of
from keskidee_agent.files import Here
from keskidee_agent.gather import Gatherer
from keskidee_agent.machine import Machine
from keskidee_report.model import ABSENT, OK
from keskidee_report.pages import BOUNDS, Unfit, arranged, page_family
from keskidee_report.rules import clean_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from typing import Any

    from keskidee_report.model import Family, Reading, Sample

SCHEMA = 1
READ, NOTHING_READ, USAGE = 0, 1, 2


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


def machine_at(root: str | None, textfile_directory: str | None = None) -> Machine:
    """This machine, or the one recorded in the folder `root`. Raises OSError where that is no folder."""
    if root is None:
        machine = Machine()
    else:
        from keskidee_agent.recorded import RecordedMachine

        os.listdir(root)
        machine = RecordedMachine(root)
    if textfile_directory:
        machine.textfile_directory, machine.here = textfile_directory, Here()
    return machine


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


def taken(machine: Machine) -> float | None:
    """The machine's clock, or None in a recording without one."""
    from keskidee_report.model import Malformed, NotHere

    try:
        return machine.time()
    except (NotHere, Malformed):
        return None


def as_prometheus(samples: Iterable[Sample]) -> str:
    """Prometheus text format 0.0.4: HELP and TYPE once a family, its samples together."""
    lines = []
    for family, name, rows in _page_families(samples):
        help_text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
        lines.append(f"# HELP {name} {help_text}\n# TYPE {name} {family.kind}\n")
        lines += [f"{row}{_labels(labels)} {number_text(value)}\n" for row, labels, value in rows]
    return "".join(lines)


def _page_families(samples: Iterable[Sample]) -> list[tuple[Family, str, list[tuple[str, dict[str, str], float]]]]:
    """The families of the text: what travels as `x_bucket`, `x_sum` and `x_count` is one histogram `x` here."""
    pages: dict[str, tuple[Family, list[tuple[str, dict[str, str], float]]]] = {}
    for family, of_family in by_family(samples):
        name = page_family(family.name, family.kind, of_family[0][0])
        pages.setdefault(name, (family, []))[1].extend([(family.name, labels, value) for labels, value in of_family])
    for name, (family, rows) in pages.items():
        if family.kind in BOUNDS:
            with suppress(Unfit):  # as the file has it; a collector would refuse it
                rows[:] = [rows[at] for at in arranged(name, family.kind, [row[:2] for row in rows])]
    return [(family, name, rows) for name, (family, rows) in pages.items()]


def by_family(samples: Iterable[Sample]) -> list[tuple[Family, list[tuple[dict[str, str], float]]]]:
    """The samples in groups of one family name, in the order in which the families came."""
    groups: dict[str, tuple[Family, list[tuple[dict[str, str], float]]]] = {}
    for family, labels, value in samples:
        groups.setdefault(family.name, (family, []))[1].append((labels, value))
    return list(groups.values())


def number_text(value: float) -> str:
    """A value as the text format has it: the shortest digits that read back the same, no point where none is needed."""
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):  # NaN is not itself
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join([f'{name}="{_escaped(value)}"' for name, value in labels.items()]) + "}"


def _escaped(value: str) -> str:
    if not value.isprintable():  # what a device or a disk says of itself must not steer the terminal that shows it
        value = clean_text(value, len(value))
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def write_stdout(text: str) -> None:
    """Writes UTF-8 with plain newlines on every system; no more where the reader has gone away."""
    try:
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:
            sys.stdout.write(text)
        else:
            sys.stdout.flush()
            binary.write(text.encode("utf-8", "replace"))
            binary.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def silent(line: str) -> None:
    """Outcomes are told after the reading, in words for a person."""
