"""Space on a mounted file system, by statvfs; in a thread of its own where the call may never come back.

The resident imports this module: `_thread` instead of `threading`, which is 1 MiB.
"""

from __future__ import annotations

import _thread
import os
import time

from keskidee_report.model import TimedOut

MOUNT_SECONDS = 2.0
"""How long a mount that may hang (network, FUSE) is waited for."""


class Space:
    """What statvfs says of a mounted file system: bytes, file nodes, and whether it is read-only."""

    __slots__ = ("avail_bytes", "files", "files_free", "free_bytes", "readonly", "size_bytes")

    def __init__(
        self, size_bytes: int, free_bytes: int, avail_bytes: int, files: int, files_free: int, *, readonly: bool
    ) -> None:
        self.size_bytes = size_bytes
        self.free_bytes = free_bytes
        self.avail_bytes = avail_bytes
        self.files = files
        self.files_free = files_free
        self.readonly = readonly


class Question:
    """A statvfs in a thread of its own, because one on a dead server never returns."""

    def __init__(self, path: bytes) -> None:
        self._path = path
        self._answer: Space | Exception | None = None
        self._waited = False
        self._end = _thread.allocate_lock()
        self._end.acquire()
        _thread.start_new_thread(self._ask, ())

    @property
    def ended(self) -> bool:
        """Whether the thread has come back."""
        return self._answer is not None

    def _ask(self) -> None:
        self._answer = statvfs(self._path)
        self._end.release()

    def answer(self, until: float) -> Space | Exception:
        """What came back by then; one that was waited for in vain before is not waited for again."""
        patience = 0.0 if self._waited else max(0.0, until - time.monotonic())
        self._waited = True
        if self._answer is None and self._end.acquire(timeout=patience):
            self._end.release()
        return self._answer or TimedOut(f"no answer within {MOUNT_SECONDS:g} s")


def statvfs(path: bytes) -> Space | Exception:
    """What the system says of the file system at `path`, or the OSError it raises."""
    try:
        found = os.statvfs(path)
    except OSError as error:
        return error
    unit = found.f_frsize
    return Space(
        found.f_blocks * unit,
        found.f_bfree * unit,
        found.f_bavail * unit,
        found.f_files,
        found.f_ffree,
        readonly=bool(found.f_flag & 1),
    )
