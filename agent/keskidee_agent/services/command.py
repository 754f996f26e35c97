"""`keskidee agent services`: reads the services of the settings once, as Prometheus text on stdout."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `services`."""
    parser = subparsers.add_parser("services", help="read the services of the settings once", description=__doc__)
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings (default: agent.yml, where there is one)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Status: 0 one of them is well, 1 none is, 2 none is set. What failed is a line on stderr."""
    from keskidee_agent.gather.output import NOTHING_READ, READ, USAGE, write_stdout
    from keskidee_agent.services.reading import page, read_all, reason_in
    from keskidee_agent.transport.identity import settings_of

    services = settings_of(args.config).services
    if not services:
        sys.stderr.write("keskidee: no services are set; `services:` in agent.yml names them\n")
        return USAGE
    found = read_all(services)
    write_stdout(page(found.items(), at=time.time()))
    failed = {name: reason for name, samples in found.items() if (reason := reason_in(samples))}
    for name, reason in failed.items():
        sys.stderr.write(f"keskidee: {name}: {reason}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    if len(failed) < len(found):
        os._exit(READ)  # a thread that hangs in the system's resolver would be waited for
    os._exit(NOTHING_READ)
