"""`keskidee collector backup` and `restore`: everything that matters in one file, and back."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from keskidee_collector.commands.running import REGISTER, NotReached, collector_directory, fail, running_on

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from keskidee_collector.backup.archive import Manifest

STANDARD = Path("-")
COPY_SECONDS = 3600.0
"""The collector answers when its copy is made, which takes a slow disk a while."""
TELL_BYTES = 32 * 1024 * 1024
"""Where less than this is moved nobody wants to hear of progress."""
PIECE_BYTES = 256 * 1024
PACK_LEVEL = 1
"""What is large is packed already: reports, and samples that wait."""


def add_backup(commands: Any, add_data: Callable[[argparse.ArgumentParser], None]) -> None:
    """Adds `backup` to the commands of the collector."""
    backup = commands.add_parser(
        "backup", help="everything that matters in one file, while the collector runs",
        description="Writes the register, the reports and what waits to be passed on, the agents' authority and the "
        "settings to one file, as of one moment, while the collector runs or after it was stopped. Who has the file "
        "can pose as the collector: keep it as you keep a private key.",
    )  # fmt: skip
    backup.add_argument("file", metavar="FILE", type=Path, help="replaced when the backup is whole; - is stdout")
    add_data(backup)
    backup.set_defaults(run=run_backup)


def add_restore(commands: Any) -> None:
    """Adds `restore` to the commands of the collector."""
    from keskidee_config import data_directory

    restore = commands.add_parser(
        "restore", help="a backup becomes a data directory, on an empty machine",
        description="Checks a backup and puts it where `keskidee up` or `keskidee collector serve` with the same "
        "--data finds it. Agents go on by themselves.",
    )  # fmt: skip
    restore.add_argument("file", metavar="FILE", type=Path, help="- is stdin")
    restore.add_argument(
        "--data", metavar="DIR", type=Path, default=data_directory(),
        help="becomes DIR/collector, or DIR where that is called collector (default: %(default)s)",
    )  # fmt: skip
    restore.add_argument("--force", action="store_true", help="move aside what is in the data directory")
    restore.set_defaults(run=run_restore)


def run_backup(args: argparse.Namespace) -> int:
    """Writes a backup to a file or to stdout."""
    from keskidee_collector.backup.backup import NoCopy
    from keskidee_collector.files import InUse, only_one

    file, directory = args.file, collector_directory(args.data)
    if file == STANDARD and sys.stdout.isatty():
        return fail("a backup is no text: name a file, or send stdout to one")
    if file != STANDARD and file.exists() and not file.is_file():
        return fail(f"{file}: not a file; - is stdout")
    try:
        if not (directory / REGISTER).exists():
            raise NoCopy(f"{directory}: no {REGISTER} there; name the collector's data directory with --data")
        with _replaced(file) as out:
            try:
                with only_one(directory):
                    _back_up_stopped(directory, out)
            except InUse:
                _back_up_running(directory, out)
    except (NoCopy, NotReached) as error:
        return fail(str(error))
    return 0


def _back_up_stopped(directory: Path, out: BinaryIO) -> None:
    from keskidee_collector.backup import archive
    from keskidee_collector.backup.backup import copy_stopped

    copy = copy_stopped(directory, time.time())
    try:
        _pack(copy.pieces(), archive.length(copy.manifest), out)
    finally:
        copy.discard()


def _back_up_running(directory: Path, out: BinaryIO) -> None:
    import requests

    with running_on(directory).ask("POST", "/v1/backup", seconds=COPY_SECONDS, stream=True) as answer:
        try:
            _pack(answer.iter_content(PIECE_BYTES), int(answer.headers["Content-Length"]), out)
        except requests.RequestException as error:
            raise NotReached(f"the collector ended before the backup did: {type(error).__name__}") from error


def _pack(pieces: Iterator[bytes], expected: int, out: BinaryIO) -> None:
    """Packs a tar. Raises NotReached where some is missing, OSError."""
    import gzip

    progress = Progress("backup", expected)
    with gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=PACK_LEVEL, mtime=0) as packed:
        for piece in pieces:
            packed.write(piece)
            progress.add(len(piece))
    if progress.done != expected:
        raise NotReached("the collector ended before the backup did")


@contextmanager
def _replaced(file: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes its name when it is whole and durable; or stdout."""
    from keskidee_collector.files import sync_folder

    if file == STANDARD:
        yield sys.stdout.buffer
        return
    beside = file.with_name(file.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
        sync_folder(file.parent)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(beside)):
            raise OSError(error.errno, error.strerror, str(file)) from error  # a full disk does not say which file
        raise


def run_restore(args: argparse.Namespace) -> int:
    """Makes a data directory of a backup."""
    from keskidee_collector.backup.restore import SETTINGS, NotEmpty, restore
    from keskidee_collector.backup.unpacking import NotUsable
    from keskidee_collector.files import InUse

    directory = restored_directory(args.data)
    name = "stdin" if args.file == STANDARD else str(args.file)
    try:
        with _opened(args.file) as source:
            done = restore(source, directory, force=args.force, begin=_begin)
    except NotUsable as error:
        return fail(f"{name}: {error}")
    except (NotEmpty, InUse) as error:
        return fail(str(error))
    at = datetime.fromtimestamp(done.manifest.taken_at, UTC)
    sys.stderr.write(f"restored {directory} as it was at {at:%Y-%m-%d %H:%M:%SZ}\n")
    if done.aside:
        sys.stderr.write(f"what was there is in {done.aside}\n")
    if (directory / SETTINGS).exists():
        sys.stderr.write(f"its settings are in {directory / SETTINGS}, for --config\n")
    return 0


def restored_directory(data: Path) -> Path:
    """The folder that `collector_directory` and `keskidee up` find again in `data`."""
    return data if data.name == "collector" or (data / REGISTER).exists() else data / "collector"


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if file == STANDARD:
        yield cast("BinaryIO", sys.stdin.buffer)
        return
    with open(file, "rb") as source:
        yield source


def _begin(manifest: Manifest) -> Callable[[int], None]:
    return Progress("restore", manifest.size_bytes).add


class Progress:
    """Tells a terminal how far it is, once a percent; a pipe or a log is told nothing."""

    def __init__(self, what: str, total_bytes: int) -> None:
        self._what = what
        self._total = total_bytes
        self._told = -1
        self._tells = sys.stderr.isatty() and total_bytes > TELL_BYTES
        self.done = 0

    def add(self, size: int) -> None:
        """So many bytes more."""
        self.done += size
        percent = self.done * 100 // self._total
        if self._tells and percent != self._told:
            self._told = percent
            sys.stderr.write(f"\r{self._what} {percent} %")
            sys.stderr.flush()
            if percent == 100:
                self.end()

    def end(self) -> None:
        """Leaves the line."""
        if self._tells:
            self._tells = False
            sys.stderr.write("\n")
