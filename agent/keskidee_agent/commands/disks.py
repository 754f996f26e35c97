"""`keskidee agent disks`: as root, leaves what smartctl says of each disk where the agent may read it.

Root's second helper, for an agent without root's rights: deploy/systemd/keskidee-disks.timer runs it now and then.
It starts smartctl alone, with fixed words, and looks into nothing that it copies.
"""

from __future__ import annotations

import os
from contextlib import suppress

from keskidee_agent.commands.firmware import add_options, handed_over, put, remove
from keskidee_agent.host.handed import DISKS
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from keskidee_agent.host.machine import Machine

LONGEST_BYTES = 1 << 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `disks`."""
    parser = subparsers.add_parser(
        "disks", help="as root: hand the health of disks to an agent without root's rights", description=__doc__
    )
    add_options(parser, folder=DISKS, run=run)


def run(args: argparse.Namespace) -> int:
    """Copies. Status: 0 copied, or there is no disk or no smartctl; 1 a disk did not answer; 2 an unsafe DIR."""
    return handed_over(args, hand_over)


def hand_over(machine: Machine, folder: int) -> list[str]:
    """Asks each disk, those behind RAID controllers too; takes away what is left of those that are gone; gives what
    did not answer.
    """
    from keskidee_agent.inventory.sources.disk import COPIED, asked, behind, copied, names_of

    disks: dict[str, tuple[str, ...]] = {name: (f"/dev/{name}",) for name in names_of(machine)}
    disks |= {copied(key): words for key, words in behind(machine).items()}
    silent = []
    for name, words in disks.items():
        try:
            put(folder, name + COPIED, asked(machine, *words)[:LONGEST_BYTES])
        except NotHere:
            remove(folder, name + COPIED)
        except (Denied, Malformed, TimedOut, OSError) as error:
            silent.append(f"{name}: {error}")
    for left in os.listdir(folder):
        if left.endswith(COPIED) and left.removesuffix(COPIED) not in disks:
            with suppress(OSError):
                remove(folder, left)
    return silent
