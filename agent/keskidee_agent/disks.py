"""`keskidee agent disks`: as root, leaves what smartctl says of each disk where the agent may read it.

Root's second helper, for an agent without root's rights: deploy/systemd/keskidee-disks.timer runs it now and then.
It starts smartctl alone, with fixed words, and looks into nothing that it copies.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from keskidee_agent.firmware import Unsafe, group_of, opened, put, remove
from keskidee_agent.handed import DISKS
from keskidee_agent.once import NOTHING_READ, READ, USAGE, machine_at
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from keskidee_agent.machine import Machine

ENDING = ".json"
LONGEST_BYTES = 1 << 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `disks`."""
    parser = subparsers.add_parser(
        "disks", help="as root: hand the health of disks to an agent without root's rights", description=__doc__
    )
    parser.add_argument("--output", metavar="DIR", default=f"/{DISKS}", help="default: %(default)s")
    parser.add_argument("--group", metavar="GROUP", help="who may read it, where DIR is made (default: your own group)")
    parser.add_argument("--root", metavar="DIR", help="read the machine recorded in DIR instead of this one")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Copies. Status: 0 copied, or there is no disk or no smartctl; 1 a disk did not answer; 2 an unsafe DIR."""
    try:
        machine = machine_at(args.root)
        folder = opened(args.output, group_of(args.group))
    except (Unsafe, LookupError) as error:
        sys.stderr.write(f"keskidee: {error}\n")
        return USAGE
    try:
        silent = hand_over(machine, folder)
    finally:
        os.close(folder)
    for sentence in silent:
        sys.stderr.write(f"keskidee: {sentence}\n")
    return NOTHING_READ if silent else READ


def hand_over(machine: Machine, folder: int) -> list[str]:
    """Asks each disk, takes away what is left of those that are gone; gives what did not answer."""
    from keskidee_agent.inventory.sources.disk import asked, names_of

    names, silent = names_of(machine), []
    for name in names:
        try:
            put(folder, name + ENDING, asked(machine, name)[:LONGEST_BYTES])
        except NotHere:
            remove(folder, name + ENDING)
        except (Denied, Malformed, TimedOut, OSError) as error:
            silent.append(f"{name}: {error}")
    for left in os.listdir(folder):
        if left.endswith(ENDING) and left.removesuffix(ENDING) not in names:
            with suppress(OSError):
                remove(folder, left)
    return silent
