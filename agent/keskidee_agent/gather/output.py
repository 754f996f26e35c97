"""What was read, for a person or a script: which machine is asked, Prometheus text, stdout, exit statuses."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from keskidee_agent.host.files import Here
from keskidee_agent.host.machine import Machine
from keskidee_report.model import Malformed, NotHere
from keskidee_report.pages import BOUNDS, Unfit, arranged, page_family
from keskidee_report.rules import clean_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_report.model import Family, Sample

SCHEMA = 1
READ, NOTHING_READ, USAGE = 0, 1, 2


def machine_at(root: str | None, textfile_directory: str | None = None) -> Machine:
    """This machine, or the one recorded in the folder `root`. Raises OSError where that is no folder."""
    if root is None:
        machine = Machine()
    else:
        from keskidee_agent.host.recorded import RecordedMachine

        os.listdir(root)
        machine = RecordedMachine(root)
    if textfile_directory:
        machine.textfile_directory, machine.here = textfile_directory, Here()
    return machine


def taken(machine: Machine) -> float | None:
    """The machine's clock, or None in a recording without one."""
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
