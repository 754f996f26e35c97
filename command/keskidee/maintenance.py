"""`keskidee maintenance`: while somebody works on a site or a machine, its alerts tell nobody.

It is a silence of Alertmanager, which keeps it, ends it by itself, and shows it on its page like any other.
"""

from __future__ import annotations

import difflib
import getpass
import json
import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from keskidee.alerting import ALERTMANAGER, Server, Unreached, add_address, alertmanager_at

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
LONGEST_SECONDS = 31 * 86400
SIGN = "keskidee maintenance"
"""How a comment begins by which our silences are told from others."""

EXAMPLE = """\
examples
  keskidee maintenance start --site apia --for 2h --reason "new switch"
  keskidee maintenance start --asset ICT-0417 --for 30m
  keskidee maintenance list
  keskidee maintenance end --site apia"""


def add_commands(subparsers: Any) -> None:
    """Adds `maintenance` to the command line."""
    from argparse import RawDescriptionHelpFormatter

    from keskidee_config import data_directory

    parser = subparsers.add_parser(
        "maintenance", help="silence the alerts of a site or an asset for a while", epilog=EXAMPLE,
        formatter_class=RawDescriptionHelpFormatter,
        description="Silences the alerts of a site or an asset in Alertmanager while somebody works on it.",
    )  # fmt: skip
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    start = actions.add_parser("start", help="silence from now on, for a time; the id is printed on stdout")
    start.add_argument(
        "--for", dest="seconds", metavar="TIME", type=seconds_of, required=True, help="2h, 30m, 1h30m, 1d"
    )
    start.add_argument("--reason", metavar="TEXT", default="", help="for whoever looks why nothing was said")
    start.add_argument("--by", metavar="NAME", default="", help="who works there (default: your account)")
    listed = actions.add_parser("list", help="what is silent now, until when, by whom and why")
    listed.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    end = actions.add_parser("end", help="end a silence before its time")
    end.add_argument("id", nargs="?", help="its id, from `start` or `list`")
    for each, run, needed in ((start, run_start, True), (end, run_end, False)):
        subject = each.add_mutually_exclusive_group(required=needed)
        subject.add_argument("--site", metavar="SITE", type=_name, help="everything at a site")
        subject.add_argument(
            "--asset", metavar="ASSET", type=_name, help="one machine: asset tag, serial, instance or id"
        )
        each.add_argument(
            "--data", metavar="DIR", type=Path, default=data_directory(),
            help="the collector's data directory (default: %(default)s)",
        )  # fmt: skip
        each.set_defaults(run=run)
    listed.set_defaults(run=run_list)
    for each in (start, listed, end):
        add_address(each, "alertmanager", ALERTMANAGER)


class NotKnown(Exception):
    """No site or asset of this name, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose alerts are meant: the label, its value, and how people call it."""

    label: str
    value: str
    called: str

    @property
    def matchers(self) -> list[dict[str, Any]]:
        """As Alertmanager writes them."""
        return [{"name": self.label, "value": self.value, "isRegex": False, "isEqual": True}]


def seconds_of(text: str) -> int:
    """The seconds of `2h`, `30m` or `1h30m`. Raises ArgumentTypeError, which argparse tells."""
    from argparse import ArgumentTypeError

    parts = re.findall(r"(\d+)([mhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ArgumentTypeError(f"write a time as 2h, 30m, 1h30m or 1d, not {text!r}")
    seconds = sum(int(number) * UNITS[unit] for number, unit in parts)
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ArgumentTypeError(f"from 1m to {LONGEST_SECONDS // 86400}d, not {text}")
    return seconds


def _name(text: str) -> str:
    from argparse import ArgumentTypeError

    if not text.strip():
        raise ArgumentTypeError("a name is missing")
    return text


def run_start(args: argparse.Namespace) -> int:
    """Begins one."""
    return _run(lambda: _start(args))


def run_list(args: argparse.Namespace) -> int:
    """Prints what is silent now."""
    return _run(lambda: _list(args))


def run_end(args: argparse.Namespace) -> int:
    """Ends one, or all of a site or an asset."""
    if sum(map(bool, (args.id, args.site, args.asset))) != 1:
        sys.stderr.write("keskidee maintenance end: name one: an ID, --site SITE or --asset ASSET\n")
        return 2
    return _run(lambda: _end(args))


def _run(work: Callable[[], None]) -> int:
    try:
        work()
    except (Unreached, NotKnown) as error:
        sys.stderr.write(f"keskidee maintenance: {error}\n")
        return 1
    return 0


def _start(args: argparse.Namespace) -> None:
    subject = subject_of(args)
    now = time.time()
    comment = f"{SIGN}: {subject.called}" + (f": {args.reason}" if args.reason else "")
    ends_at = _iso(now + args.seconds)
    silence = {
        "matchers": subject.matchers,
        "startsAt": _iso(now),
        "endsAt": ends_at,
        "createdBy": args.by or _account(),
        "comment": comment,
    }
    answer = alertmanager_at(args.alertmanager).ask("POST", "/api/v2/silences", body=silence)
    print(answer["silenceID"])
    print(f"{subject.called}: no alert tells anybody until {_shown(ends_at)}", file=sys.stderr)


def _list(args: argparse.Namespace) -> None:
    silences = _in_force(alertmanager_at(args.alertmanager))
    if args.format == "json":
        print(json.dumps(silences, ensure_ascii=False, indent=2))
        return
    rows = [
        (each["id"], _matched(each["matchers"]), _shown(each["endsAt"]), each["createdBy"], _reason(each["comment"]))
        for each in sorted(silences, key=lambda each: str(each["endsAt"]))
    ]
    header = ("ID", "SILENT", "UNTIL", "BY", "REASON")
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    for row in (header, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _end(args: argparse.Namespace) -> None:
    server = alertmanager_at(args.alertmanager)
    silences = _in_force(server)
    if args.id:
        ended = [each["id"] for each in silences if each["id"] == args.id]
        called = args.id
    else:
        subject = subject_of(args)
        called = subject.called
        ours = [each for each in silences if each["comment"].startswith(SIGN)]
        ended = [each["id"] for each in ours if each["matchers"] == subject.matchers]
    if not ended:
        raise NotKnown(f"no maintenance is going on: {called}; see `keskidee maintenance list`")
    for each in ended:
        server.ask("DELETE", f"/api/v2/silence/{each}")
    print(f"{called}: alerts tell again", file=sys.stderr)


def _in_force(server: Server) -> list[dict[str, Any]]:
    """The silences that have not ended, whoever made them."""
    silences: list[dict[str, Any]] = server.ask("GET", "/api/v2/silences")
    return [each for each in silences if each["status"]["state"] != "expired"]


def subject_of(args: argparse.Namespace) -> Subject:
    """Whom the options name. A site that no machine is at, and an asset that reports nothing, are refused: NotKnown.

    A misspelt name would silence nothing, and nobody would notice before the pager rings.
    """
    from keskidee_collector.commands.running import NotReached, collector_directory, running_on

    try:
        running = running_on(collector_directory(args.data))
        machines = running.ask("GET", "/v1/machines").json()["machines"]
        if args.asset:
            found = _machine_ids(args.asset, machines) or _machine_ids_by_asset(args.asset, running)
    except NotReached as error:
        if args.asset:
            raise NotKnown(str(error)) from None
        print(f"keskidee maintenance: taken as it is, unchecked: {error}", file=sys.stderr)
        return Subject(label="site", value=args.site, called=f"site {args.site}")
    if args.site:
        sites = {machine["site"] for machine in machines}
        if args.site not in sites:
            raise NotKnown(f"no machine is at a site {args.site!r}{_advice(args.site, sites)}")
        return Subject(label="site", value=args.site, called=f"site {args.site}")
    instances = [machine["instance"] for machine in machines if machine["id"] in found]
    if len(instances) != 1:
        what = "more than one asset is" if instances else "no asset that reports is"
        raise NotKnown(f"{what} called {args.asset!r}{_advice(args.asset, {m['instance'] for m in machines})}")
    return Subject(label="instance", value=instances[0], called=f"machine {instances[0]}")


def _machine_ids(name: str, machines: list[dict[str, Any]]) -> set[str]:
    return {machine["id"] for machine in machines if name in (machine["id"], machine["instance"])}


def _machine_ids_by_asset(name: str, running: Any) -> set[str]:
    """The machines of the assets with this tag, or else this serial."""
    for field in ("asset_tag", "serial"):
        rows = running.ask("GET", f"/v1/assets?{urlencode({field: name})}").json()["assets"]
        if rows:
            return {row["machine_id"] for row in rows if row["machine_id"]}
    return set()


def _advice(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(filter(None, known)), n=1)
    return f", did you mean {near[0]}?" if near else "; `keskidee collector machines list` shows all"


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account that the system does not know
        return "keskidee"


def _matched(matchers: list[dict[str, Any]]) -> str:
    """The matchers as people say them (`site apia`), or as Alertmanager writes them where they are not ours."""
    signs = {(True, False): " ", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    return ", ".join(f"{m['name']}{signs[m.get('isEqual', True), m['isRegex']]}{m['value']}" for m in matchers)


def _reason(comment: str) -> str:
    return comment.split(": ", 2)[2] if comment.startswith(SIGN) and comment.count(": ") > 1 else comment


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")
