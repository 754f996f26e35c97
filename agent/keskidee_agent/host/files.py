"""Reading files as whole contents: kept open where that pays, and with errors that sources understand.

Paths are written without a leading slash (`proc/stat`). Errors of the operating system are translated here, once:
no such file is NotHere, a missing right is Denied, what cannot be read as a file is Malformed; other OSErrors rise.

Files of /proc and /sys that are read round by round stay open and are read with `pread`, which costs a quarter of
opening them again. The resident agent imports this module, so nothing heavy is imported.
"""

from __future__ import annotations

import errno
import os

from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FILES_KEPT_OPEN = 256
"""Beyond this many, files are opened and closed for each reading: each takes the kernel 4 KiB. So is a file that was
not read in this round or the last one before: a machine with 500 interfaces has 10,000 files that are read seldom."""
SWEEP_ROUNDS = 64
"""Files that no round of the last so many has read are closed (a device that went away)."""
LARGEST_FILE_BYTES = 16 << 20

_KEPT_OPEN = ("proc/", "sys/")
_MISSING = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ENODEV, errno.ESRCH, errno.ELOOP, errno.ENAMETOOLONG}
)
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
_WHOLE = ("proc/stat", "proc/meminfo", "proc/loadavg", "proc/diskstats", "proc/vmstat", "proc/net/", "proc/pressure/")
_WHOLE_BYTES = 2048
"""A shorter answer of these is the whole file, and need not be asked for its end: the kernel breaks off early only
where the next record does not fit into its page (seq_read_iter in fs/seq_file.c), and none of theirs is so long."""
_ATTRIBUTE_BYTES = 4096
"""An attribute in /sys comes whole, up to a page (Documentation/filesystems/sysfs.rst); /proc/sys likewise."""
_OPEN_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):  # a FIFO must not hold us up; not all are everywhere
    _OPEN_FLAGS |= getattr(os, _flag, 0)


def _seek_and_read(descriptor: int, size: int, offset: int) -> bytes:
    """What pread does, for Windows, which has none."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, size)


_pread = getattr(os, "pread", _seek_and_read)


class Files:
    """The files under `/`, or wherever `_real` leads."""

    keeps_open = True

    def __init__(self) -> None:
        # path: descriptor, bytes to ask for, round of the last reading, length from which the end is asked for
        self._open: dict[str, list[int]] = {}
        self._opened: set[str] = set()  # in this round, and not kept open
        self._opened_before: set[str] = set()
        self._polls: dict[str, Any] = {}
        self._shared: dict[str, bytes] = {}
        self._parsed: dict[str, tuple[bytes, Any]] = {}
        self._round = 0

    def begin_round(self, *, sweep: bool = True) -> None:
        """Forgets what was shared in the last round. `sweep` False keeps all files open (a thread may be in one)."""
        self._shared.clear()
        self._opened_before, self._opened = self._opened, set()
        self._round += 1
        if sweep and self._round % SWEEP_ROUNDS == 0:
            for path in [path for path, kept in self._open.items() if kept[2] <= self._round - SWEEP_ROUNDS]:
                self._close(path)

    def close(self) -> None:
        """Closes every file kept open."""
        for path in list(self._open):
            self._close(path)

    def _close(self, path: str) -> None:
        self._polls.pop(path, None)
        os.close(self._open.pop(path)[0])

    def content(self, path: str) -> bytes:
        """The whole content of a file. Raises NotHere, Denied, or Malformed where `path` is no regular file."""
        kept = self._open.get(path)
        if kept is not None:
            try:
                return self._read(kept)
            except OSError:  # ENODEV where a device went away, ENOTCONN where lxcfs was restarted: it may be back
                self._close(path)
        try:
            return self._read_anew(path)
        except OSError as error:
            raise translated(error, path) from None
        except ValueError:  # a NUL in the name
            raise NotHere(f"no /{path}") from None

    def passing(self, path: str) -> bytes:
        """As `content`, for a file of many that come and go: it is not kept open."""
        try:
            return self._read_anew(path, keep=False)
        except OSError as error:
            raise translated(error, path) from None

    def shared(self, path: str) -> bytes:
        """As `content`, read once a round however many sources ask."""
        content = self._shared.get(path)
        if content is None:
            content = self._shared[path] = self.content(path)
        return content

    def parsed(self, path: str, parse: Callable[[bytes], Any]) -> Any:
        """What `parse` makes of `content`, made anew only where that has changed. Nobody changes what comes back."""
        content = self.content(path)
        kept = self._parsed.get(path)
        if kept is None or kept[0] != content:
            kept = self._parsed[path] = (content, parse(content))
        return kept[1]

    def text(self, path: str) -> str:
        """The one value a file holds, without white space around it; what is not UTF-8 becomes U+FFFD."""
        return self.content(path).decode("utf-8", "replace").strip()

    def changed(self, path: str) -> bool:
        """Whether a file whose changes the kernel announces (mountinfo) may have changed since the last question."""
        poll = self._polls.get(path)
        if poll is None:
            kept = self._open.get(path)
            if kept is None:
                return True
            import select

            poll = self._polls[path] = select.poll()
            poll.register(kept[0], select.POLLERR | select.POLLPRI)
        return bool(poll.poll(0))

    def signature(self, path: str) -> tuple[int, int, int] | None:
        """Changes when the file does: time of change, inode, size. None where it is not there."""
        try:
            status = os.stat(self._real(path))
        except (OSError, ValueError):
            return None
        return (status.st_mtime_ns, status.st_ino, status.st_size)

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return self.signature(path) is not None

    def names(self, path: str, prefix: str = "") -> list[str]:
        """The sorted names in a folder that begin with `prefix`; raises as `content` does."""
        try:
            found = os.listdir(self._real(path))
        except OSError as error:
            raise translated(error, path) from None
        return sorted([name for name in found if name.startswith(prefix)])

    def present(self, pattern: str) -> bool:
        """Whether there is a file or folder of that name; `folder/A*B`: one in it that begins with A and holds B.

        Asked for what is hardly ever there, so that nothing is raised where it is not.
        """
        folder, _, name = pattern.rpartition("/")
        beginning, star, part = name.partition("*")
        try:
            if not os.access(self._real(folder if star else pattern), os.F_OK):
                return False
            return not star or any(part in found for found in self.names(folder, beginning))
        except (NotHere, Denied, OSError):
            return False

    def place(self, path: str) -> str:
        """Where a path leads once every symbolic link in it is followed: the place of a device in /sys/devices."""
        return os.path.realpath(self._real(path))

    def _real(self, path: str) -> str:
        return "/" + path

    def _read_anew(self, path: str, *, keep: bool = True) -> bytes:
        may_keep, keep = keep, False
        descriptor = os.open(self._real(path), _OPEN_FLAGS)
        try:
            if os.fstat(descriptor).st_mode & 0o170000 != 0o100000:  # S_IFMT, S_IFREG
                raise Malformed(f"/{path} is not a regular file")
            kept = [descriptor, 4096, self._round, _whole_below(path)]
            content = self._read(kept)
            keep = may_keep and self._is_read_often(path)
            if keep:
                self._open[path] = kept
            return content
        finally:
            if not keep:
                os.close(descriptor)

    def _is_read_often(self, path: str) -> bool:
        if not (self.keeps_open and path.startswith(_KEPT_OPEN) and len(self._open) < FILES_KEPT_OPEN):
            return False
        if path in self._opened_before or path in self._opened:
            return True
        self._opened.add(path)
        return False

    def _read(self, kept: list[int]) -> bytes:
        descriptor, size, _, whole_below = kept
        kept[2] = self._round
        content: bytes = _pread(descriptor, size, 0)
        if len(content) < whole_below:
            return content
        while True:
            # /proc hands out whole records, so a short read is not the end; only an empty one is
            more = _pread(descriptor, max(size, len(content)), len(content))
            if not more:
                break
            content += more
            if len(content) > LARGEST_FILE_BYTES:
                raise Malformed("file is too large", content)
        if len(content) >= size:
            kept[1] = 2 * len(content)
        return content


def _whole_below(path: str) -> int:
    if path.startswith(("sys/", "proc/sys/")):
        return _ATTRIBUTE_BYTES
    return _WHOLE_BYTES if path.startswith(_WHOLE) else 1  # only an empty answer says it by itself


class Here(Files):
    """The files of the system that this process runs on, by the paths that a person wrote; none is kept open."""

    keeps_open = False

    def _real(self, path: str) -> str:
        return path


def translated(error: OSError, path: str) -> Exception:
    """The exception of ours for an error on a path; an error without one of its own comes back as it is."""
    if error.errno in _MISSING:
        return NotHere(f"no /{path}")
    if error.errno in _FORBIDDEN:
        return Denied(f"may not read /{path}")
    if error.errno == errno.EISDIR:
        return Malformed(f"/{path} is not a regular file")
    return OSError(error.errno, f"{error.strerror}: /{path}")
