"""Copies everything that matters, of one moment: of a running collector, which goes on, or of one that is stopped."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from keskidee_collector.backup import archive
from keskidee_collector.store.copies import Pinned
from keskidee_report import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keskidee_collector.backup.archive import Manifest
    from keskidee_collector.state import State
    from keskidee_collector.store.writer import Job

COPY_FOLDER = "backup.new"
"""In the data directory, while a backup is made and sent."""
SPARE_BYTES = 64 * 1024 * 1024
"""What a copy leaves free for the collector that goes on."""
HOLD_SECONDS = 30.0


class NoCopy(Exception):
    """No copy can be made, in one line."""


class Copy:
    """The files of one moment, in a folder of their own until they are discarded."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self.manifest = manifest

    def pieces(self) -> Iterator[bytes]:
        """The tar of it."""
        return archive.pieces(self._folder, self.manifest)

    def discard(self) -> None:
        """Frees the disk."""
        discard(self._folder.parent)


def discard(directory: Path) -> None:
    """Removes what a backup left behind that was killed."""
    shutil.rmtree(directory / COPY_FOLDER, ignore_errors=True)


async def copy_running(state: State) -> Copy:
    """Copies a running collector of this process: everything that was acknowledged before is in it. Raises NoCopy."""
    await state.days.write(state.now())
    pinned = await _pinned_together(state)
    taken_at = state.now()
    return await asyncio.to_thread(_copied, state.directory, pinned, taken_at)


def copy_stopped(directory: Path, taken_at: float) -> Copy:
    """Copies a data directory that the caller has locked. Raises NoCopy."""
    pinned: dict[str, Pinned] = {}
    for name in archive.DATABASES:
        path = directory / name
        if not path.is_file():
            raise NoCopy(f"{path}: no such file; is this the data directory of a collector?")
        pinned[name] = _pin(path)
    return _copied(directory, pinned, taken_at)


async def _pinned_together(state: State) -> dict[str, Pinned]:
    """Both databases at one moment: while each is pinned, both writers stand still."""
    meeting = threading.Barrier(len(archive.DATABASES), timeout=HOLD_SECONDS)
    pinned: dict[str, Pinned] = {}

    def hold(name: str) -> Job:
        def job(_connection: object) -> None:
            try:
                meeting.wait()
                pinned[name] = _pin(state.directory / name)
                meeting.wait()
            except BaseException:
                meeting.abort()
                raise

        return job

    held = [state.register.writer.save(hold("register.db")), state.reports.writer.save(hold("reports.db"))]
    failures = [error for error in await asyncio.gather(*held, return_exceptions=True) if error is not None]
    if failures:
        for each in pinned.values():
            each.close()
        told = [error for error in failures if not isinstance(error, threading.BrokenBarrierError)]
        raise NoCopy(str(told[0]) if told else "the databases could not be held together for a moment")
    return pinned


def _pin(path: Path) -> Pinned:
    try:
        return Pinned(path)
    except sqlite3.Error as error:
        raise NoCopy(f"{path}: {error}") from error


def _copied(directory: Path, pinned: dict[str, Pinned], taken_at: float) -> Copy:
    discard(directory)
    folder = directory / COPY_FOLDER
    with ExitStack() as stack:
        for each in pinned.values():
            stack.callback(each.close)
        try:
            revisions = {name: each.revision() for name, each in pinned.items()}
            if "" in revisions.values():
                raise NoCopy(f"{directory}: its databases are not those of a collector")
            _check_room(directory, sum(each.size_bytes for each in pinned.values()))
            (folder / "tls").mkdir(mode=0o700, parents=True)
            folder.chmod(0o700)
            for name, each in pinned.items():
                each.copy(folder / name)
            for name in (*archive.AUTHORITY, archive.SETTINGS):
                if (directory / name).is_file():
                    shutil.copy2(directory / name, folder / name)
            manifest = archive.describe(folder, version=__version__, taken_at=taken_at, revisions=revisions)
        except (OSError, sqlite3.Error) as error:
            discard(directory)
            reason = error.strerror if isinstance(error, OSError) else error
            raise NoCopy(f"{directory}: no copy could be made: {reason}") from error
    return Copy(folder, manifest)


def _check_room(directory: Path, wanted_bytes: int) -> None:
    free = shutil.disk_usage(directory).free
    if free < wanted_bytes + SPARE_BYTES:
        wanted = (wanted_bytes + SPARE_BYTES) >> 20
        raise NoCopy(f"{directory}: a backup needs {wanted} MiB there while it is made, and {free >> 20} MiB are free")
