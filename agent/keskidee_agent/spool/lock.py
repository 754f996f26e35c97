"""One process a folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import os
import sys


class InUse(Exception):
    """Another process holds the lock."""


def take_lock(path: str) -> int:
    """Takes the lock and returns the descriptor that holds it until it is closed.

    Raises InUse where another process has it, OSError where the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # a file system without locks (some NFS): better an agent without one than none; all of Windows have them
        if isinstance(error, (BlockingIOError, PermissionError)) or sys.platform == "win32":
            os.close(descriptor)
            raise InUse(path) from None
    return descriptor
