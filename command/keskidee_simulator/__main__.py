"""`python -m keskidee_simulator`: pretend machines that report to a collector."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keskidee_simulator.sites import Cut

TOKEN_VARIABLE = "KESKIDEE_TOKEN"  # noqa: S105 - the name of the variable
REGISTER_VARIABLE = "KESKIDEE_REGISTER_TOKEN"


def main(arguments: list[str] | None = None) -> int:
    """Reads the command line and simulates until it is stopped. Exit status 2: something on it was wrong."""
    options = _options_of(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    from keskidee_simulator.connection import Unreachable
    from keskidee_simulator.enrolment import Refused

    try:
        _simulate(options)
    except (ValueError, OSError) as error:
        print(f"keskidee_simulator: {error}", file=sys.stderr)
        return 2
    except (Refused, Unreachable) as error:
        print(f"keskidee_simulator: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _options_of(arguments: list[str] | None) -> argparse.Namespace:
    """The command line; one that is wrong ends the program with one line and status 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error(f"argument --count: {options.count} machines")
    if options.interval is not None and not 0.1 <= options.interval <= 3600:
        parser.error(f"argument --interval: {options.interval:g} s, where 0.1 to 3600 are allowed")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keskidee_simulator",
        description="Pretend machines that enrol with a collector and report to it through the real protocol.",
        epilog=f"The join token comes from --token-file or from {TOKEN_VARIABLE}. With a token of the scope api-write"
        f" in {REGISTER_VARIABLE}, what was bought is entered in the register.",
    )
    parser.add_argument("--collector", required=True, metavar="URL", help="http://HOST:PORT or https://HOST:PORT")
    parser.add_argument("--count", required=True, type=int, metavar="N", help="how many machines")
    parser.add_argument("--state", required=True, type=Path, metavar="DIR", help="keeps their credentials")
    parser.add_argument("--token-file", type=Path, metavar="FILE")
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="the agents' CA; fetched and checked where not given"
    )
    parser.add_argument("--seed", default="keskidee", help="another seed is another fleet")
    parser.add_argument("--interval", type=float, metavar="S", help="seconds; the collector's own where not given")
    parser.add_argument(
        "--steady", action="store_true", help="nobody sleeps, goes off, falls silent or tells an inventory: for load"
    )
    parser.add_argument(
        "--cut",
        action="append",
        default=[],
        type=cut,
        metavar="SITE:AFTER:SECONDS",
        help="a site's link is down so long",
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="stop at the end of standard input")
    return parser


def _simulate(options: argparse.Namespace) -> None:
    """Simulates as the command line and the environment say, until it is stopped."""
    from keskidee_simulator.simulation import run

    token = options.token_file.read_text(encoding="utf-8") if options.token_file else os.environ.get(TOKEN_VARIABLE, "")
    run(
        options.collector,
        token,
        options.count,
        options.state,
        options.seed,
        ca_file=options.ca_file,
        interval_seconds=options.interval,
        steady=options.steady,
        exit_with_parent=options.exit_with_parent,
        cuts=options.cut,
        register_token=os.environ.get(REGISTER_VARIABLE, ""),
    )


def cut(text: str) -> Cut:
    """A link that goes so many seconds from now, for so many. Raises ArgumentTypeError, which argparse tells."""
    from keskidee_simulator.sites import SITES, Cut

    site, _, times = text.partition(":")
    after, _, seconds = times.partition(":")
    if site not in {known.name for known in SITES}:
        raise argparse.ArgumentTypeError(f"no site {site!r}; there are {', '.join(known.name for known in SITES)}")
    try:
        begins_at = time.time() + float(after)
        return Cut(site=site, begins_at=begins_at, ends_at=begins_at + float(seconds))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not SITE:AFTER:SECONDS") from None


if __name__ == "__main__":
    sys.exit(main())
