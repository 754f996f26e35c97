"""`keskidee collector machines`: listed, and what is done to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keskidee_collector.commands.running import fail
from keskidee_collector.commands.shown import add_data, ask, moment, print_table

if TYPE_CHECKING:
    import argparse


def add_machines(commands: Any) -> None:
    """Adds `machines` to the commands of the collector."""
    machines = commands.add_parser("machines", help="list machines; revoke, retire, rotate, merge or unmerge one")
    actions = machines.add_subparsers(title="actions", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="every machine with its state")
    revoke = actions.add_parser(
        "revoke", help="refuse a machine's credential from now on: a server is silent then, which is told"
    )
    retire = actions.add_parser("retire", help="the machine is gone for good: take it off every page")
    rotate = actions.add_parser("rotate", help="a new credential with its next report; otherwise once a month")
    merge = actions.add_parser("merge", help="two records are of one machine: one goes on as the other")
    unmerge = actions.add_parser("unmerge", help="take a merge back")
    changes = {"revoke": revoke, "retire": retire, "rotate": rotate, "merge": merge, "unmerge": unmerge}
    for parser in changes.values():
        parser.add_argument("machine", help="its instance or id, from `machines list`")
    merge.add_argument("--into", metavar="MACHINE", required=True, help="the record that goes on, with its name")
    for change, parser in changes.items():
        add_data(parser)
        parser.set_defaults(run=run_machine_change, change=change)
    add_data(listed)
    listed.set_defaults(run=run_machines_list)


def run_machines_list(args: argparse.Namespace) -> int:
    """Prints every machine with its state."""
    answer = ask(args.data, "GET", "/v1/machines")
    if answer is None:
        return 1
    rows = [
        (m["instance"], m["state"], m["site"], m["role"], m["system"], moment(m["last_report_at"]), m["id"], _note(m))
        for m in sorted(answer["machines"], key=lambda machine: str(machine["instance"]))
    ]
    print_table(("INSTANCE", "STATE", "SITE", "ROLE", "SYSTEM", "LAST REPORT", "ID", "NOTE"), rows)
    return 0


def run_machine_change(args: argparse.Namespace) -> int:
    """Revokes, retires, rotates, merges or unmerges one machine, named by instance or id."""
    answer = ask(args.data, "GET", "/v1/machines")
    if answer is None:
        return 1
    ids = []
    for name in filter(None, (args.machine, getattr(args, "into", None))):
        found = [m["id"] for m in answer["machines"] if name in (m["id"], m["instance"])]
        if len(found) != 1:
            return fail(f"no machine is called {name}; see `keskidee collector machines list`")
        ids += found
    path = f"/v1/machines/{ids[0]}/{args.change}" + (f"?into={ids[1]}" if ids[1:] else "")
    return 1 if ask(args.data, "POST", path) is None else 0


def _note(machine: dict[str, Any]) -> str:
    words = {"clone_of": "a clone of", "merged_into": "merged into", "like": "looks like"}
    said = [f"{word} {machine[kin]}" for kin, word in words.items() if machine[kin]]
    return ", ".join(["revoked"] * machine["revoked"] + said)
