"""`keskidee agent doctor`: what each source reads here, how often, which right or setting is missing; whether traps of
devices are heard, and on which port; whether the collector can be reached, by which way.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from keskidee_agent.commands.run import INTERVAL_SECONDS
from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.gather.output import NOTHING_READ, READ, SCHEMA, USAGE, machine_at, silent, write_stdout
from keskidee_report.model import ABSENT, DENIED, OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from keskidee_agent.commands.reach import Reach
    from keskidee_agent.gather.gather import Source
    from keskidee_config import AgentSettings
    from keskidee_config.agent import InventorySettings
    from keskidee_report.model import Reading

HEADINGS = ("SOURCE", "OUTCOME", "SECONDS", "SAMPLES", "READ", "REASON")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `doctor`."""
    parser = subparsers.add_parser("doctor", help="say what can be read here and what is missing", description=__doc__)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings (default: agent.yml, where there is one)")
    parser.add_argument(
        "--state",
        metavar="DIR",
        type=Path,
        help="where credential and spool are kept (default: state_directory of agent.yml)",
    )
    parser.add_argument("--root", metavar="DIR", help="examine the machine recorded in DIR instead of this one")
    parser.add_argument("--textfile", metavar="DIR", help="examine *.prom files of DIR too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the table. Status: 0 all is well, 1 a source that is on or the way to the collector fails, 2 usage."""
    from keskidee_agent.commands.ear import ear_as_text, ear_of
    from keskidee_agent.transport.identity import settings_of, state_directory
    from keskidee_config import ConfigError

    try:
        settings = settings_of(args.config)
        machine = machine_at(args.root, args.textfile or (None if args.root else settings.textfile_directory))
        collector = None if args.root else _reach(settings, args.state)
        ear = None if args.root else ear_of(settings, args.state or state_directory(settings.state_directory))
    except ConfigError as error:
        sys.stderr.write(f"keskidee: {error}\n")
        return USAGE
    except OSError as error:
        sys.stderr.write(f"keskidee: {f'--root {args.root}' if args.root else error.filename}: {error.strerror}\n")
        return USAGE
    gatherer = Gatherer(machine, warn=silent)
    readings = gatherer.round()
    rows = [Row(source, reading, settings) for source, reading in zip(gatherer.sources, readings, strict=True)]
    if args.format == "json":
        written = as_json(rows) | {"inventory": asdict(settings.inventory), "collector": reach_as_json(collector)}
        written |= {"traps": None if ear is None else asdict(ear)}
        write_stdout(json.dumps(written, ensure_ascii=False, indent=1) + "\n")
    else:
        heard = ear_as_text(ear, time.time())
        write_stdout(as_text(rows) + inventory_as_text(settings.inventory) + heard + reach_as_text(collector))
    is_reached = collector is None or isinstance(collector, str) or collector.is_reached
    is_heard = ear is None or ear.is_well
    is_well = is_reached and is_heard and all(row.reading.outcome in (OK, ABSENT) for row in rows if row.is_on)
    return READ if is_well else NOTHING_READ


def _reach(settings: AgentSettings, state: Path | None) -> Reach | str:
    """How far one gets to the collector, or in a sentence why there is none to ask. Raises ConfigError."""
    from keskidee_agent.commands.reach import reach
    from keskidee_agent.transport.identity import read_identity, state_directory
    from keskidee_agent.transport.origin import origin_of
    from keskidee_agent.transport.route import route_to
    from keskidee_agent.transport.trust import authorities_of
    from keskidee_config import ConfigError

    state = state or state_directory(settings.state_directory)
    try:
        identity = read_identity(state)
    except ConfigError as error:
        return str(error)
    try:
        origin = origin_of(settings.collector or identity.collector)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    ca_file = authorities_of(settings.ca_file, state, identity) if origin.tls else ""
    return reach(origin, route_to(origin, settings, os.environ), ca_file)


class Row:
    """A source, what it gave here, and whether and how often `agent run` reads it by these settings."""

    def __init__(self, source: Source, reading: Reading, settings: AgentSettings) -> None:
        self.source = source
        self.reading = reading
        self.off = ""
        if source.name in settings.sources.disabled:
            self.off = "disabled"
        elif source.opt_in and source.name not in settings.sources.enabled:
            self.off = "on request"
        interval_seconds = settings.interval_seconds or INTERVAL_SECONDS
        self.every_seconds = source.every_seconds if source.every_seconds > interval_seconds else 0

    @property
    def is_on(self) -> bool:
        return not self.off

    @property
    def is_read(self) -> str:
        """When it is read, in words."""
        return self.off or (f"each {self.every_seconds:g} s" if self.every_seconds else "each report")


def as_json(rows: Sequence[Row]) -> dict[str, object]:
    """`schema` and `sources`: outcome and reason, seconds, samples, the missing right and the command that gives it.

    `off` is empty, "disabled" or "on request"; `every_seconds` is 0 for a source that is read for each report.
    """
    described = [
        {
            "source": row.reading.source,
            "outcome": row.reading.outcome,
            "reason": row.reading.reason,
            "seconds": round(row.reading.seconds, 6),
            "samples": len(row.reading.samples),
            "missing_right": row.source.right if row.reading.outcome == DENIED else "",
            "command": row.source.grant if row.reading.outcome == DENIED else "",
            "off": row.off,
            "every_seconds": row.every_seconds,
        }
        for row in rows
    ]
    return {"schema": SCHEMA, "sources": described}


def as_text(rows: Sequence[Row]) -> str:
    """The table for a person: a line a source, below one that is denied the right and the command, and what is off."""
    cells = [HEADINGS]
    for row in rows:
        reading = row.reading
        measured = (f"{reading.seconds:.4f}", str(len(reading.samples)))
        cells.append((reading.source, reading.outcome, *measured, row.is_read, reading.reason))
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS) - 1)]
    lines = [
        "  ".join((*[cell.ljust(width) for cell, width in zip(line, widths, strict=False)], line[-1])).rstrip()
        for line in cells
    ]
    indent = " " * (widths[0] + 2)
    out = lines[:1]
    for row, line in zip(rows, lines[1:], strict=True):
        out.append(line)
        if row.reading.outcome == DENIED and row.source.right:
            out += [f"{indent}needs: {row.source.right}", f"{indent}run:   {row.source.grant}"]
    on_request = [row.source.name for row in rows if row.off == "on request" and row.reading.outcome != ABSENT]
    if on_request:
        out += [
            "",
            f"on request: to report one, name it in sources.enabled of agent.yml, as enabled: [{on_request[0]}]",
        ]
    return "\n".join(out) + "\n"


def inventory_as_text(settings: InventorySettings) -> str:
    """Whether and how often `agent run` takes the inventory."""
    if not settings.enabled:
        return "\nINVENTORY  off, by inventory.enabled of agent.yml\n"
    return f"\nINVENTORY  each {settings.interval_seconds / 3600:g} h, and when programs were installed or removed\n"


def reach_as_json(collector: Reach | str | None) -> dict[str, object] | None:
    """`url`, `route`, `steps` (name, outcome, detail) and `clock_offset_seconds`, or `reason` where nobody was asked.

    None for a recorded machine.
    """
    if isinstance(collector, str):
        return {"reason": collector}
    return None if collector is None else asdict(collector)


def reach_as_text(collector: Reach | str | None) -> str:
    """The way to the collector for a person, a line a step."""
    if collector is None:
        return ""
    if isinstance(collector, str):
        return f"\nCOLLECTOR  {collector}\n"
    lines = [f"COLLECTOR  {collector.url}", f"way        {collector.route}"]
    lines += [f"{step.name:9}  {step.outcome:7}  {step.detail}" for step in collector.steps]
    return "\n" + "\n".join(lines) + "\n"
