"""A backup becomes a data directory, whole or not at all: it is unpacked beside, checked, and renamed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from keskidee_collector.backup import archive
from keskidee_collector.backup.unpacking import NotUsable, unpack
from keskidee_collector.files import only_one, sync_folder
from keskidee_collector.state import ALIVE_FILE
from keskidee_collector.store.copies import Pinned
from keskidee_collector.store.database import is_known

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keskidee_collector.backup.archive import Manifest

SETTINGS = "restored-settings.yml"
"""Not `settings.yml`, which a start writes."""


class NotEmpty(Exception):
    """There is something in the data directory already, in one line."""


class Restored(NamedTuple):
    """What was restored, and where what was there before is now (None: there was nothing)."""

    manifest: Manifest
    aside: Path | None


def restore(
    source: BinaryIO,
    directory: Path,
    *,
    force: bool,
    begin: Callable[[Manifest], Callable[[int], None]],
) -> Restored:
    """Restores a backup to a data directory that is empty or not there, or with `force` in place of what is there.

    `begin` is told of the manifest, and what it returns of the progress. Raises NotEmpty, NotUsable, InUse, OSError;
    then everything is as it was before.
    """
    directory = directory.resolve()
    is_there = _is_there(directory)
    if is_there and not force:
        raise NotEmpty(f"{directory}: not empty; --force moves what is there aside")
    beside = directory.with_name(directory.name + ".restoring")
    is_new = not directory.parent.exists()
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700, parents=True)
    try:
        manifest = unpack(source, beside, lambda found: _begin(found, beside, begin))
        _check_databases(beside)
        _finish(beside, manifest)
        _give_to_owner_of(directory if directory.exists() else directory.parent, beside)
        return Restored(manifest, _take_place(beside, directory, is_there=is_there))
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        if is_new:
            directory.parent.rmdir()
        raise


def _is_there(directory: Path) -> bool:
    try:
        return any(directory.iterdir())
    except FileNotFoundError:
        return False


def _begin(
    manifest: Manifest, folder: Path, begin: Callable[[Manifest], Callable[[int], None]]
) -> Callable[[int], None]:
    for name, revision in manifest.revisions.items():
        if _unknown(name, revision):
            raise NotUsable(f"written by a newer keskidee ({manifest.version}, {revision})")
    free = shutil.disk_usage(folder).free
    if free < manifest.size_bytes:
        raise NotUsable(f"it needs {manifest.size_bytes >> 20} MiB on {folder.parent}, and {free >> 20} MiB are free")
    return begin(manifest)


def _check_databases(folder: Path) -> None:
    for name in archive.DATABASES:
        try:
            with Pinned(folder / name) as database:
                problem = database.problem() or _unknown(name, database.revision())
        except sqlite3.Error as error:
            problem = str(error)
        if problem:
            raise NotUsable(f"damaged: {name}: {problem}")


def _unknown(name: str, revision: str) -> str:
    return "" if is_known(name.removesuffix(".db"), revision) else f"unknown revision {revision or 'none'}"


def _finish(folder: Path, manifest: Manifest) -> None:
    """What a backup does not hold as a file: the last sign of life, which tells a start who was silent then."""
    (folder / ALIVE_FILE).touch(mode=0o600)
    os.utime(folder / ALIVE_FILE, (manifest.taken_at, manifest.taken_at))
    if (folder / archive.SETTINGS).exists():
        (folder / archive.SETTINGS).rename(folder / SETTINGS)
    for each in (*[path for path in folder.iterdir() if path.is_dir()], folder):
        sync_folder(each)


def _give_to_owner_of(place: Path, folder: Path) -> None:
    """Root restores for the account that runs the collector."""
    if os.name != "posix" or os.geteuid() != 0:
        return
    owner = place.stat()
    for each in (folder, *folder.rglob("*")):
        os.chown(each, owner.st_uid, owner.st_gid)


def _take_place(beside: Path, directory: Path, *, is_there: bool) -> Path | None:
    """Where what was there is now. A kill between the two renames leaves both, and the directory free."""
    if not is_there:
        beside.rename(directory)
        sync_folder(directory.parent)
        return None
    aside = directory.with_name(f"{directory.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    with only_one(directory):
        directory.rename(aside)
        beside.rename(directory)
    sync_folder(directory.parent)
    return aside
