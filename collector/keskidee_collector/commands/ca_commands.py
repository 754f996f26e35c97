"""`keskidee collector ca`: shows the agents' authority and replaces it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from keskidee_collector.commands.running import NotReached, collector_directory, fail, running_on

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

NAMED = 20
STAGES = {
    "settled": "one authority, {first}",
    "handing_out": "{last} is handed out; {first} still signs. `ca rotate --finish` does not wait for who lacks it",
    "in_use": "{first} signs; {last} is still trusted. `ca rotate --finish` ends that",
}
ROTATE = """\
Makes another authority and hands it to the agents over the connections that they trust. After a day, and once everybody
heard in two weeks has it, it signs the server's certificate; 30 days later the old one is trusted no more. Where
Prometheus reads from another host, copy tls/ca.pem there meanwhile: it holds both."""


def add_ca(commands: Any, add_data: Callable[[argparse.ArgumentParser], None]) -> None:
    """Adds `ca` to the command line."""
    ca = commands.add_parser("ca", help="the authority that agents trust: its state; replace it without a visit")
    actions = ca.add_subparsers(title="actions", metavar="ACTION", required=True)
    status = actions.add_parser("status", help="which authority signs, and which machines lack the next one")
    rotate = actions.add_parser("rotate", help="hand out another one, which takes over later", description=ROTATE)
    rotate.add_argument(
        "--finish", action="store_true", help="go one stage on now; machines that lack it must enrol again"
    )
    for parser in (status, rotate):
        add_data(parser)
        parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Shows how far it is, after a step where one was asked for."""
    step = {"finish": args.finish} if hasattr(args, "finish") else None
    try:
        running = running_on(collector_directory(args.data))
        progress = running.ask("GET" if step is None else "POST", "/v1/ca/rotation", step).json()
    except NotReached as error:
        return fail(str(error))
    ids = progress["authorities"]
    since = datetime.fromtimestamp(progress["since"], UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    stage = STAGES[progress["stage"]].format(first=ids[0], last=ids[-1])
    lacking = progress["lacking"]
    named = f" ({', '.join(lacking[:NAMED])}{', ...' * (len(lacking) > NAMED)})" if lacking else ""
    sys.stdout.write(f"{stage} (since {since})\nmachines heard lately that lack the newest: {len(lacking)}{named}\n")
    return 0
