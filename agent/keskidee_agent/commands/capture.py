"""`keskidee agent capture`: writes what all sources read of this machine into a folder, with pseudonyms.

`keskidee agent once --root` reads the folder as it reads this machine. It can be given away with a bug report, or
become a test: serials, UUIDs, hardware and network addresses and host names are replaced. Look through it before:
names of mount points, of users' home folders and the like stay.
"""

from __future__ import annotations

import os
import secrets
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.gather.output import NOTHING_READ, READ, USAGE, machine_at, silent
from keskidee_agent.host.facts import facts_of
from keskidee_agent.host.machine import LINUX, this_platform
from keskidee_report.model import Denied, Malformed, NotHere

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from keskidee_agent.host.recorder import Recorder
    from keskidee_agent.host.redact import Redactor
    from keskidee_report.model import Reading

Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]

PROGRESS_EVERY = 500
LABELS = {"nodename": "hostname", "domainname": "domainname"}
"""Labels whose text is the machine's own name, and the files that hold it."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `capture`."""
    from argparse import RawDescriptionHelpFormatter

    parser = subparsers.add_parser(
        "capture",
        help="record this machine in a folder, without what identifies it",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR", help="a new or empty folder")
    parser.add_argument("--textfile", metavar="DIR", help="record *.prom files of DIR too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes the recording. Status: 0 it is written, 1 nothing could be read or written, 2 usage."""
    if this_platform() != LINUX:
        sys.stderr.write("keskidee: capture works on Linux only so far\n")
        return NOTHING_READ
    try:
        os.makedirs(args.folder, mode=0o700, exist_ok=True)
        if os.listdir(args.folder):
            sys.stderr.write(f"keskidee: {args.folder}: not empty; name a new folder\n")
            return USAGE
    except OSError as error:
        sys.stderr.write(f"keskidee: {args.folder}: {error.strerror}\n")
        return USAGE
    try:
        return _capture(args.folder, args.textfile)
    except OSError as error:
        sys.stderr.write(f"keskidee: {args.folder}: {error.strerror}\n")
        return NOTHING_READ


def _capture(folder: str, textfile: str | None) -> int:
    from keskidee_agent.host.recorder import Recorder
    from keskidee_agent.host.redact import Redactor

    machine = Recorder()
    if textfile:
        machine.textfile_directory = machine.calls["textfile_directory"] = os.path.abspath(textfile)
        machine.here = machine
    gatherer = Gatherer(machine, warn=silent)
    _tell(f"reading {len(gatherer.sources)} sources")
    readings = gatherer.round()
    host = facts_of(machine).get("hostname", "")
    redactor = Redactor(_key(machine))
    redactor.learn_host(host)
    files, size = machine.write(folder, redactor, _progress)
    compared = _compare(folder, readings, redactor)
    replaced = ", ".join(f"{count} {kind}" for kind, count in sorted(redactor.replaced.items())) or "nothing"
    sys.stdout.write(f"{folder}: {files} files, {size} bytes, {compared}; replaced {replaced}\n")
    return READ if any(reading.samples for reading in readings) else NOTHING_READ


def _key(machine: Recorder) -> bytes:
    """Of the machine's id, so that its next recording has the same pseudonyms; where it has none, a random one."""
    try:
        identity = machine.content("etc/machine-id").strip()
    except (NotHere, Denied, Malformed, OSError):
        identity = b""
    return sha256(b"keskidee capture " + (identity or secrets.token_bytes(32))).digest()


def _compare(folder: str, readings: Sequence[Reading], redactor: Redactor) -> str:
    """Reads the recording, and says how many series are as they were read; what is not is told on stderr."""
    recorded = Gatherer(machine_at(folder), warn=silent).round()
    live, again = _series(readings, redactor), _series(recorded, None)
    for what, names in (("missing in", live - again), ("only in", again - live)):
        families = sorted({name for name, _ in names})
        if families:
            _tell(f"{what} the recording: {len(names)} series of {', '.join(families)[:200]}")
    return f"{len(live & again)} of {len(live)} series read back"


def _series(readings: Sequence[Reading], redactor: Redactor | None) -> set[Series]:
    def shown(label: str, text: str) -> str:
        if redactor is None:
            return text
        return redactor.text(text, path=LABELS.get(label, "calls.json"))

    return {
        (family.name, tuple(sorted([(label, shown(label, text)) for label, text in labels.items()])))
        for reading in readings
        for family, labels, _ in reading.samples
    }


def _progress(done: int, of: int) -> None:
    if done % PROGRESS_EVERY == 0:
        _tell(f"writing {of} files and folders: {done * 100 // max(of, 1)} %")


def _tell(line: str) -> None:
    sys.stderr.write(f"keskidee: {line}\n")
