"""`keskidee collector token`: made, listed, taken out of force."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from keskidee_collector.commands.shown import add_data, ask, moment, number, print_table

if TYPE_CHECKING:
    import argparse

DAYS_AT_MOST, USES_AT_MOST = 36_500, 1_000_000


def add_token(commands: Any) -> None:
    """Adds `token` to the commands of the collector."""
    token = commands.add_parser("token", help="tokens that let machines join and Prometheus read")
    actions = token.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a token; it is printed once, on stdout")
    create.add_argument(
        "--scope", choices=("join", "metrics", "api", "api-write"), default="join",
        help="join: machines; metrics: Prometheus and who reads the pages; api: who reads the register too; "
        "api-write: who also changes it (default: join)",
    )  # fmt: skip
    create.add_argument("--site", default="", help="site of the machines that join with it; one of another is refused")
    create.add_argument(
        "--role", default="", help="their role, likewise: server, desktop, ... (default: by system and chassis)"
    )
    create.add_argument("--days", type=_days, help="how long it holds (default: join 7 days, others for good)")
    create.add_argument("--uses", type=_uses, help="how many machines may join with it (default: any number)")
    listed = actions.add_parser("list", help="every token: what it is for, and whether it is in force")
    revoke = actions.add_parser("revoke", help="take a token out of force")
    revoke.add_argument("id", help="its id, from `token list`")
    for parser, run in ((create, run_token_create), (listed, run_token_list), (revoke, run_token_revoke)):
        add_data(parser)
        parser.set_defaults(run=run)


def run_token_create(args: argparse.Namespace) -> int:
    """Prints a new token."""
    days = args.days if args.days is not None else (7 if args.scope == "join" else None)
    asked = {"scope": args.scope, "site": args.site, "role": args.role, "uses": args.uses}
    answer = ask(args.data, "POST", "/v1/tokens", asked | {"seconds": days * 86400 if days else None})
    if answer is None:
        return 1
    print(answer["token"])
    holds = f"until {moment(answer['expires_at'])}" if answer["expires_at"] else "for good"
    print(f"token {answer['id']}: scope {args.scope}, holds {holds}", file=sys.stderr)
    return 0


def run_token_list(args: argparse.Namespace) -> int:
    """Prints the tokens, without their texts, which nobody keeps."""
    answer = ask(args.data, "GET", "/v1/tokens")
    if answer is None:
        return 1
    rows = [
        (t["id"], t["standing"], t["scope"], t["site"], t["role"], moment(t["expires_at"]), number(t["uses_left"]))
        for t in answer["tokens"]
    ]
    print_table(("ID", "STANDING", "SCOPE", "SITE", "ROLE", "EXPIRES", "USES LEFT"), rows)
    return 0


def run_token_revoke(args: argparse.Namespace) -> int:
    """Takes a token out of force."""
    return 1 if ask(args.data, "DELETE", f"/v1/tokens/{args.id}") is None else 0


def _days(text: str) -> float:
    """A length of time. Raises ArgumentTypeError, which argparse tells."""
    from argparse import ArgumentTypeError

    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days <= DAYS_AT_MOST:
        raise ArgumentTypeError(f"a number of days over 0, {DAYS_AT_MOST} at most, not {text!r}")
    return days


def _uses(text: str) -> int:
    """A count of machines. Raises ArgumentTypeError."""
    from argparse import ArgumentTypeError

    if not text.isdecimal() or not 0 < int(text) <= USES_AT_MOST:
        raise ArgumentTypeError(f"a number of machines from 1 to {USES_AT_MOST}, not {text!r}")
    return int(text)
