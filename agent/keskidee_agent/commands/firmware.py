"""`keskidee agent firmware`: copies what the kernel shows of firmware to root alone to where the agent may read it.

Root's helper: it runs once at boot (deploy/systemd/keskidee-firmware.service), so that the agent needs no right of
root's. It reads the files that `handed.py` names and nothing else, starts no program, and looks into nothing it copies.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from keskidee_agent.gather.output import NOTHING_READ, READ, USAGE, machine_at
from keskidee_agent.host.handed import FILES, FOLDER
from keskidee_report.model import Denied, Malformed, NotHere

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from keskidee_agent.host.machine import Machine

FOLDER_MODE, FILE_MODE = 0o750, 0o640


class Unsafe(Exception):
    """The folder is not one in which only we write."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `firmware`."""
    parser = subparsers.add_parser(
        "firmware", help="as root: hand serial numbers to an agent without root's rights", description=__doc__
    )
    add_options(parser, folder=FOLDER, run=run)


def run(args: argparse.Namespace) -> int:
    """Copies. Status: 0 copied, or this machine has no such firmware; 1 a file is denied; 2 usage or an unsafe DIR."""
    return handed_over(args, hand_over)


def add_options(parser: argparse.ArgumentParser, *, folder: str, run: Callable[[argparse.Namespace], int]) -> None:
    """What every helper of root's may be told."""
    parser.add_argument("--output", metavar="DIR", default=f"/{folder}", help="default: %(default)s")
    parser.add_argument("--group", metavar="GROUP", help="who may read it, where DIR is made (default: your own group)")
    parser.add_argument("--root", metavar="DIR", help="read the machine recorded in DIR instead of this one")
    parser.set_defaults(run=run)


def handed_over(args: argparse.Namespace, hand_over: Callable[[Machine, int], list[str]]) -> int:
    """Runs a helper of root's on the open folder and prints what it could not copy. Its status as for `run`."""
    try:
        machine = machine_at(args.root)
        folder = opened(args.output, group_of(args.group))
    except (Unsafe, LookupError) as error:
        sys.stderr.write(f"keskidee: {error}\n")
        return USAGE
    try:
        missing = hand_over(machine, folder)
    finally:
        os.close(folder)
    for sentence in missing:
        sys.stderr.write(f"keskidee: {sentence}\n")
    return NOTHING_READ if missing else READ


def hand_over(machine: Machine, folder: int) -> list[str]:
    """Copies each file into the open folder, takes away the copy of one that is gone; gives what was denied."""
    denied = []
    for path in FILES:
        name = path.rpartition("/")[2]
        try:
            put(folder, name, machine.content(path))
        except NotHere:
            remove(folder, name)
        except (Denied, Malformed) as error:
            remove(folder, name)
            denied.append(str(error))
    return denied


def opened(path: str, group: int) -> int:
    """A descriptor of the folder, made if it is not there. Raises Unsafe where anybody else may write in it."""
    try:
        os.mkdir(path, FOLDER_MODE)
        made = True
    except FileExistsError:
        made = False
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except NotADirectoryError:  # a symbolic link too
        raise Unsafe(f"{path} is no folder") from None
    if made:
        os.fchown(folder, -1, group)
        os.fchmod(folder, FOLDER_MODE)
    status = os.fstat(folder)
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o027:
        os.close(folder)
        raise Unsafe(f"{path}: only its owner may write there and only its group read: chmod 0750, and your own")
    return folder


def put(folder: int, name: str, content: bytes) -> None:
    """Replaces a file as a whole: readable by the folder's group, writable by nobody else."""
    beside = f".{name}.new"
    remove(folder, beside)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(beside, flags, 0o600, dir_fd=folder), "wb") as file:
        file.write(content)
        os.fchown(file.fileno(), -1, os.fstat(folder).st_gid)
        os.fchmod(file.fileno(), FILE_MODE)
    os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)


def remove(folder: int, name: str) -> None:
    """Takes a file away, where there is one."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return


def group_of(name: str | None) -> int:
    """The number of a group. Raises LookupError where nobody knows it."""
    if name is None:
        return os.getegid()
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise LookupError(f"--group: there is no group {name}") from None
