"""`keskidee agent inventory`: what this machine, or a recorded one, is made of, as JSON on stdout."""

from __future__ import annotations

import gc
import json
import os
import sys

from keskidee_agent.gather.output import NOTHING_READ, READ, SCHEMA, USAGE, machine_at, taken, write_stdout
from keskidee_agent.host.facts import facts_of
from keskidee_report.model import ABSENT, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.gather import Found

NICENESS = 19


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `inventory`."""
    parser = subparsers.add_parser("inventory", help="print what this machine is made of", description=__doc__)
    parser.add_argument("--format", choices=("json", "glpi"), default="json", help="default: json")
    parser.add_argument("--root", metavar="DIR", help="read the machine recorded in DIR instead of this one")
    parser.add_argument("--background", action="store_true", help="give way to everything else on this machine")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the inventory, on stderr what could not be read. Status: 0 something was read, 1 nothing, 2 usage."""
    from keskidee_agent.inventory.gather import gathered

    try:
        machine = machine_at(args.root)
    except OSError as error:
        sys.stderr.write(f"keskidee: --root {args.root}: {error.strerror}\n")
        return USAGE
    if args.background and hasattr(os, "nice"):
        os.nice(NICENESS)
    gc.disable()  # nothing that is made here is thrown away
    try:
        return _print(args, machine, gathered(machine))
    finally:
        gc.enable()


def _print(args: argparse.Namespace, machine: Machine, results: Sequence[Found]) -> int:
    document = as_json(machine, results)
    glpi = args.format == "glpi"
    if glpi:
        from keskidee_report.glpi import as_glpi

        document = as_glpi(document)
    write_stdout(json.dumps(document, ensure_ascii=False, indent=1) + "\n" if glpi else as_lines(document))
    for found in results:
        if found.outcome not in (OK, ABSENT):
            sys.stderr.write(f"keskidee: {found.source.name}: {found.outcome}: {found.reason}\n")
    if any(found.items for found in results):
        return READ
    sys.stderr.write(f"keskidee: nothing to read {'on this machine' if args.root is None else 'in ' + args.root}\n")
    return NOTHING_READ


def as_json(machine: Machine, results: Sequence[Found]) -> dict[str, Any]:
    """An inventory in the form of the contract: schema, taken_at, machine, items by kind, outcomes."""
    from keskidee_agent.inventory.gather import by_kind

    items = {
        kind: [
            {"key": item.key, **{name: value for name, value in item.fields.items() if name != "key"}} for item in of
        ]
        for kind, of in by_kind(results).items()
    }
    outcomes = [
        {
            "source": found.source.name,
            "outcome": found.outcome,
            "reason": found.reason,
            "seconds": round(found.seconds, 6),
            "kinds": list(found.source.kinds),
            **({"moving": list(found.source.moving)} if found.source.moving else {}),
        }
        for found in results
    ]
    facts = {**_facts(items.get("system", [])), **facts_of(machine)}
    taken_at = taken(machine)
    return {"schema": SCHEMA, "taken_at": taken_at, "machine": facts, "items": items, "outcomes": outcomes}


def as_lines(document: Mapping[str, Any]) -> str:
    """The inventory as JSON with an item a line, for a person with `grep`; json's own `indent` would cost as much as
    all that was read.
    """
    parts = [f'"{name}": {_text(document[name])}' for name in document if name not in ("items", "outcomes")]
    kinds = [f'\n  "{kind}": {_rows(items)}' for kind, items in document["items"].items()]
    parts.append(f'"items": {{{",".join(kinds)}}}')
    parts.append(f'"outcomes": {_rows(document["outcomes"])}')
    return "{\n " + ",\n ".join(parts) + "}\n"


def _rows(rows: Sequence[Any]) -> str:
    return "[" + ",".join(f"\n   {_text(row)}" for row in rows) + "]"


_text = json.JSONEncoder(ensure_ascii=False).encode


def _facts(systems: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Maker, model, serial and UUID where only the SMBIOS table, or a recording of dmidecode, tells them."""
    return {
        name: str(systems[0][name]) for name in ("maker", "model", "serial", "uuid") if systems and name in systems[0]
    }
