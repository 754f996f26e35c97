"""Files that matter are written beside, fsynced and renamed: a power cut leaves the old file or the new one."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNNING_FILE = "collector.json"
"""In a data directory while a collector runs on it: how this host's commands reach it."""


class InUse(Exception):
    """A collector is running on this data directory, in one line."""


def pretend_instead(directory: Path) -> str:
    """Where pretend machines may be meant (`keskidee up --simulate`): the end of a sentence that names their folder."""
    home = directory.parent if directory.name == "collector" else directory
    pretend = home / "simulated"
    return f"; the pretend machines of --simulate are in --data {pretend}" if (pretend / "collector").is_dir() else ""


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Two programs on one data directory would overwrite each other: the second is refused. Raises InUse, OSError."""
    with open(directory / "lock", "w") as lock:
        if os.name == "posix":
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InUse(
                    f"{directory}: another collector is running here; stop it, or name another directory with --data"
                ) from error
        yield


def keep_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replaces a file durably; readable by its owner alone unless `mode` says otherwise."""
    beside = path.with_name(path.name + ".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
