"""`keskidee collector ...` and `keskidee register ...`. Imports what costs memory or time only when it runs."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_collector.commands.ca_commands import add_ca
from keskidee_collector.commands.import_command import add_import
from keskidee_collector.commands.keeping import add_backup, add_restore
from keskidee_collector.commands.running import NotReached, collector_directory, fail, running_on

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Sequence

    from keskidee_config import CollectorSettings

EXAMPLES = """\
examples
  keskidee collector serve --config /etc/keskidee/collector.yml
  keskidee collector token create --site apia --role desktop --days 2    the desktops of one office may join
  keskidee collector token create --scope metrics                        Prometheus may read
  keskidee collector machines list
  keskidee collector machines retire pc-01                               it is gone for good
  keskidee collector backup /backup/keskidee.tar.gz"""
REGISTER_EXAMPLES = """\
examples
  keskidee register import list.csv                                      purchases in
  keskidee register export --format xlsx --output assets.xlsx            assets and their history out
  keskidee register days --from 2027-01-01 --to 2027-03-31 --output quarter.csv"""
DAYS_AT_MOST, USES_AT_MOST = 36_500, 1_000_000
DATA_HELP = "the collector's data directory, or the one of `keskidee up` (default: %(default)s)"


def add_commands(subparsers: Any) -> None:
    """Adds `collector` and `register` to the command line."""
    _add_collector(subparsers)
    _add_register(subparsers)


def _add_collector(subparsers: Any) -> None:
    collector = subparsers.add_parser(
        "collector", help="the server that hears agents",
        description="Runs the server that hears agents, and tells a running one what to do.", epilog=EXAMPLES,
    )  # fmt: skip
    commands = collector.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve = commands.add_parser("serve", help="run the collector", description="Runs the collector until Ctrl-C.")
    serve.add_argument("--config", metavar="FILE", type=Path, help="settings (see collector.example.yml)")
    serve.add_argument(
        "--data", metavar="DIR", type=Path, help="data directory, made if it is not there (default: as in the settings)"
    )
    serve.add_argument("--listen", metavar="HOST:PORT", help="default 127.0.0.1:5375; other than loopback means TLS")
    serve.set_defaults(run=run_serve)
    _add_token(commands)
    _add_machines(commands)
    add_ca(commands, _add_data)
    add_backup(commands, _add_data)
    add_restore(commands)


def _add_token(commands: Any) -> None:
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
        _add_data(parser)
        parser.set_defaults(run=run)


def _add_machines(commands: Any) -> None:
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
        _add_data(parser)
        parser.set_defaults(run=run_machine_change, change=change)
    _add_data(listed)
    listed.set_defaults(run=run_machines_list)


def _add_register(subparsers: Any) -> None:
    register = subparsers.add_parser(
        "register", help="the asset register", epilog=REGISTER_EXAMPLES,
        description="Takes purchases into the asset register, and gives out what it knows.",
    )  # fmt: skip
    commands = register.add_subparsers(title="commands", metavar="COMMAND", required=True)
    export = commands.add_parser("export", help="assets: what and where they are, how bought, first and last seen")
    export.add_argument(
        "--format", choices=("csv", "xlsx", "json", "glpi"), default="csv",
        help="default: csv; xlsx, for Excel, has their history too, json also what they are made of, glpi an inventory "
        "a line",
    )  # fmt: skip
    export.add_argument(
        "--output", metavar="FILE", type=Path, help="default: standard output; with glpi a folder is given a file each"
    )
    _add_data(export)
    export.set_defaults(run=run_export)
    add_import(commands, _add_data)
    days = commands.add_parser("days", help="a line a machine and day: when it was on, its boots, memory, disks")
    days.add_argument("--format", choices=("csv",), default="csv", help="default: csv")
    days.add_argument("--from", dest="first", metavar="DAY", type=_day, help="first UTC day, YYYY-MM-DD")
    days.add_argument("--to", dest="last", metavar="DAY", type=_day, help="last UTC day, included")
    days.add_argument("--output", metavar="FILE", type=Path, help="default: standard output")
    _add_data(days)
    days.set_defaults(run=run_days)


def _add_data(parser: argparse.ArgumentParser) -> None:
    from keskidee_config import data_directory

    parser.add_argument("--data", metavar="DIR", type=Path, default=data_directory(), help=DATA_HELP)


def run_serve(args: argparse.Namespace) -> int:
    """Runs the collector."""
    from keskidee_collector.serving import loop
    from keskidee_collector.serving.serve import CannotStart, Running, serve, setup_logging
    from keskidee_config import data_directory

    settings = collector_settings(args.config, args.listen)
    data = args.data or (Path(settings.data_directory) if settings.data_directory else data_directory() / "collector")
    setup_logging()

    @asynccontextmanager
    async def ready(running: Running) -> AsyncIterator[None]:
        print(f"ready {running.url}/", flush=True)
        yield

    try:
        loop.run(serve(settings, collector_directory(data), ready))
    except CannotStart as error:
        return fail(str(error))
    return 0


def collector_settings(config: Path | None, listen: str | None) -> CollectorSettings:
    """The settings of a file, or the defaults, with the address from the command line. Raises ConfigError."""
    from dataclasses import replace

    from keskidee_config import CollectorSettings, ConfigError, host_and_port, load

    settings = load(CollectorSettings, config) if config else CollectorSettings()
    if listen is None:
        return settings
    try:
        host_and_port(listen)
    except ValueError as error:
        raise ConfigError(f"--listen: {error}") from None
    return replace(settings, listen=listen)


def run_token_create(args: argparse.Namespace) -> int:
    """Prints a new token."""
    days = args.days if args.days is not None else (7 if args.scope == "join" else None)
    asked = {"scope": args.scope, "site": args.site, "role": args.role, "uses": args.uses}
    answer = _ask(args.data, "POST", "/v1/tokens", asked | {"seconds": days * 86400 if days else None})
    if answer is None:
        return 1
    print(answer["token"])
    holds = f"until {_moment(answer['expires_at'])}" if answer["expires_at"] else "for good"
    print(f"token {answer['id']}: scope {args.scope}, holds {holds}", file=sys.stderr)
    return 0


def run_token_list(args: argparse.Namespace) -> int:
    """Prints the tokens, without their texts, which nobody keeps."""
    answer = _ask(args.data, "GET", "/v1/tokens")
    if answer is None:
        return 1
    rows = [
        (t["id"], t["standing"], t["scope"], t["site"], t["role"], _moment(t["expires_at"]), _number(t["uses_left"]))
        for t in answer["tokens"]
    ]
    _table(("ID", "STANDING", "SCOPE", "SITE", "ROLE", "EXPIRES", "USES LEFT"), rows)
    return 0


def run_token_revoke(args: argparse.Namespace) -> int:
    """Takes a token out of force."""
    return 1 if _ask(args.data, "DELETE", f"/v1/tokens/{args.id}") is None else 0


def run_machines_list(args: argparse.Namespace) -> int:
    """Prints every machine with its state."""
    answer = _ask(args.data, "GET", "/v1/machines")
    if answer is None:
        return 1
    rows = [
        (m["instance"], m["state"], m["site"], m["role"], m["system"], _moment(m["last_report_at"]), m["id"], _note(m))
        for m in sorted(answer["machines"], key=lambda machine: str(machine["instance"]))
    ]
    _table(("INSTANCE", "STATE", "SITE", "ROLE", "SYSTEM", "LAST REPORT", "ID", "NOTE"), rows)
    return 0


def run_machine_change(args: argparse.Namespace) -> int:
    """Revokes, retires, rotates, merges or unmerges one machine, named by instance or id."""
    answer = _ask(args.data, "GET", "/v1/machines")
    if answer is None:
        return 1
    ids = []
    for name in filter(None, (args.machine, getattr(args, "into", None))):
        found = [m["id"] for m in answer["machines"] if name in (m["id"], m["instance"])]
        if len(found) != 1:
            return fail(f"no machine is called {name}; see `keskidee collector machines list`")
        ids += found
    path = f"/v1/machines/{ids[0]}/{args.change}" + (f"?into={ids[1]}" if ids[1:] else "")
    return 1 if _ask(args.data, "POST", path) is None else 0


def run_export(args: argparse.Namespace) -> int:
    """Writes the assets."""
    from keskidee_collector.app import export_assets
    from keskidee_collector.store.database import Unusable

    if args.format == "xlsx" and args.output is None and sys.stdout.isatty():
        return fail("a workbook goes into a file: --output FILE")
    try:
        return export_assets(collector_directory(args.data), args.format, args.output)
    except Unusable as error:
        return fail(str(error))


def run_days(args: argparse.Namespace) -> int:
    """Writes the days of machines as CSV."""
    from keskidee_collector.app import export_days
    from keskidee_collector.store.database import Unusable

    try:
        return export_days(collector_directory(args.data), args.output, args.first or "", args.last or "9999")
    except Unusable as error:
        return fail(str(error))


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


def _day(text: str) -> str:
    """A day as people type it. Raises ArgumentTypeError, which argparse tells."""
    from argparse import ArgumentTypeError
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ArgumentTypeError(f"a day is YYYY-MM-DD, not {text!r}") from None


def _ask(data: Path, method: str, path: str, body: dict[str, Any] | bytes | None = None) -> dict[str, Any] | None:
    """Asks the running collector of a data directory; None, with a line on stderr, where that fails."""
    try:
        answer = running_on(collector_directory(data)).ask(method, path, body)
    except NotReached as error:
        fail(str(error))
        return None
    parsed: dict[str, Any] = answer.json() if answer.content else {}
    return parsed


def _note(machine: dict[str, Any]) -> str:
    words = {"clone_of": "a clone of", "merged_into": "merged into", "like": "looks like"}
    said = [f"{word} {machine[kin]}" for kin, word in words.items() if machine[kin]]
    return ", ".join(["revoked"] * machine["revoked"] + said)


def _moment(seconds: float | None) -> str:
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _number(number: int | None) -> str:
    return "-" if number is None else str(number)


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(str(row[i])) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
