"""The only door from a source to the world: files, commands, the clock, psutil. A recorded machine is another Machine.

Paths are written without a leading slash (`proc/stat`). Errors of the operating system are translated here, once:
no such file is NotHere, a missing right is Denied, what cannot be read as a file is Malformed; other OSErrors rise.

Files of /proc and /sys stay open and are read with `pread`, which costs a quarter of opening them again. The resident
agent imports this module, so nothing heavy is imported (not even `threading`: `_thread` does, and saves 1 MiB).
"""

from __future__ import annotations

import _thread
import errno
import os
import sys
import time

from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LINUX, WINDOWS, DARWIN = "linux", "windows", "darwin"
PLATFORMS = (LINUX, WINDOWS, DARWIN)

FILES_KEPT_OPEN = 256
"""Beyond this many, files are opened and closed for each reading."""
SWEEP_ROUNDS = 64
"""Files that no round of the last so many has read are closed (a device that went away)."""
LARGEST_FILE_BYTES = 16 << 20
MOUNT_SECONDS = 2.0
"""How long a mount that may hang (network, FUSE) is waited for."""

_KEPT_OPEN = ("proc/", "sys/")
_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ENODEV, errno.ESRCH, errno.ELOOP})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
_GONE = frozenset({errno.ENODEV, getattr(errno, "ESTALE", -1), errno.ENOENT, errno.ESRCH, errno.EBADF})
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)


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


class Machine:
    """The machine this process runs on. One object lives as long as the agent and is used by one thread at a time.

    `excludes` holds regular expressions by `source.label` ("netdev.device"). `platform` and `psutil` are given by
    tests; otherwise they are this system's.
    """

    recorded = False

    def __init__(self, *, excludes: dict[str, str] | None = None, platform: str = "", psutil: Any = None) -> None:
        self.platform = platform or this_platform()
        self._excludes = excludes or {}
        self._psutil = psutil
        self._memories: dict[str, dict[Any, Any]] = {}
        self._open: dict[str, list[int]] = {}  # path: descriptor, bytes to ask for, round of the last reading
        self._polls: dict[str, Any] = {}
        self._shared: dict[str, bytes] = {}
        self._stuck: dict[str, _Mount] = {}
        self._round = 0

    # what a round may remember

    def begin_round(self, *, sweep: bool = True) -> None:
        """Forgets what was shared in the last round. `sweep` False keeps all files open (a thread may be in one)."""
        self._shared.clear()
        self._round += 1
        if sweep and self._round % SWEEP_ROUNDS == 0:
            for path in [path for path, kept in self._open.items() if kept[2] <= self._round - SWEEP_ROUNDS]:
                os.close(self._open.pop(path)[0])
                self._polls.pop(path, None)

    def memory(self, source: str) -> dict[Any, Any]:
        """What the source wants to know again in the next round. It begins empty and lives as long as the agent."""
        return self._memories.setdefault(source, {})

    def close(self) -> None:
        """Closes every file kept open."""
        for kept in self._open.values():
            os.close(kept[0])
        self._open.clear()
        self._polls.clear()

    # files

    def content(self, path: str) -> bytes:
        """The whole content of a file. Raises NotHere, Denied, or Malformed where `path` is no regular file."""
        kept = self._open.get(path)
        if kept is not None:
            try:
                return self._read(kept)
            except OSError as error:
                os.close(self._open.pop(path)[0])
                self._polls.pop(path, None)
                if error.errno not in _GONE:
                    raise translated(error, path) from None
        try:
            return self._read_anew(path)
        except OSError as error:
            raise translated(error, path) from None

    def shared(self, path: str) -> bytes:
        """As `content`, read once a round however many sources ask."""
        content = self._shared.get(path)
        if content is None:
            content = self._shared[path] = self.content(path)
        return content

    def text(self, path: str) -> str:
        """The one value a file holds, without white space around it; what is not UTF-8 becomes U+FFFD."""
        return self.content(path).decode("utf-8", "replace").strip()

    def changed(self, path: str) -> bool:
        """Whether a file whose changes the kernel announces (mountinfo) may have changed since the last question."""
        poll = self._polls.get(path)
        if poll is None:
            kept = self._open.get(path)
            if kept is not None:
                import select

                poll = self._polls[path] = select.poll()
                poll.register(kept[0], select.POLLERR | select.POLLPRI)
                poll.poll(0)
            return True
        return bool(poll.poll(0))

    def signature(self, path: str) -> tuple[int, int, int] | None:
        """Changes when the file does: time of change, inode, size. None where it is not there."""
        try:
            status = os.stat(self._real(path))
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_ino, status.st_size)

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return os.path.exists(self._real(path))

    def names(self, path: str, prefix: str = "") -> list[str]:
        """The sorted names in a folder that begin with `prefix`; raises as `content` does."""
        try:
            found = os.listdir(self._real(path))
        except OSError as error:
            raise translated(error, path) from None
        return sorted([name for name in found if name.startswith(prefix)])

    def _real(self, path: str) -> str:
        return "/" + path

    def _read_anew(self, path: str) -> bytes:
        descriptor = os.open(self._real(path), _OPEN_FLAGS)
        keep = False
        try:
            if os.fstat(descriptor).st_mode & 0o170000 != 0o100000:  # S_IFMT, S_IFREG
                raise Malformed(f"/{path} is not a regular file")
            kept = [descriptor, 4096, self._round]
            content = self._read(kept)
            keep = path.startswith(_KEPT_OPEN) and len(self._open) < FILES_KEPT_OPEN and not self.recorded
            if keep:
                self._open[path] = kept
            return content
        finally:
            if not keep:
                os.close(descriptor)

    def _read(self, kept: list[int]) -> bytes:
        descriptor, size, _ = kept
        kept[2] = self._round
        content = os.pread(descriptor, size, 0)
        if not content:
            return content
        while True:
            # /proc hands out whole records, so a short read is not the end; only an empty one is
            more = os.pread(descriptor, size, len(content))
            if not more:
                break
            content += more
            if len(content) > LARGEST_FILE_BYTES:
                raise Malformed("file is too large", content)
        if len(content) >= size:
            kept[1] = 2 * len(content)
        return content

    # calls

    def uname(self) -> tuple[str, str, str, str, str]:
        """As uname(2): system, host name, release, version, machine. Raises NotHere where a recording has none."""
        if hasattr(os, "uname"):
            return tuple(os.uname())  # type: ignore[return-value]
        return _windows_uname()

    def time(self) -> float:
        """UTC seconds since the epoch by the machine's clock."""
        return time.time()

    def zone(self) -> tuple[str, int]:
        """The name of the local time zone and its offset from UTC in seconds, now."""
        now = time.localtime()
        return now.tm_zone, now.tm_gmtoff

    def space(self, mountpoint: str, *, may_hang: bool = False) -> Space:
        """What statvfs says of a mount; raises OSError as it does.

        One that may hang is asked in a thread of its own and raises TimedOut at the deadline. While that thread has
        not come back the mount is not asked again.
        """
        if not may_hang:
            return _space(mountpoint)
        stuck = self._stuck.get(mountpoint)
        if stuck is None:
            stuck = _Mount(mountpoint)
            if not stuck.answered(MOUNT_SECONDS):
                self._stuck[mountpoint] = stuck
        elif stuck.answered(0):
            del self._stuck[mountpoint]
            return self.space(mountpoint, may_hang=True)
        return stuck.result()

    def run(self, *command: str, seconds: float = 10.0) -> bytes:
        """Standard output of a command. Raises NotHere where it is not installed, TimedOut, or OSError if it fails."""
        import subprocess

        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "LANG": "C"}
        if self.platform == WINDOWS:
            environment = {**os.environ, "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=True
            )
        except subprocess.TimeoutExpired:
            raise TimedOut(f"{command[0]} did not end within {seconds:g} s") from None
        except FileNotFoundError:
            raise NotHere(f"{command[0]} is not installed") from None
        except PermissionError:
            raise Denied(f"may not run {command[0]}") from None
        except subprocess.CalledProcessError as error:
            last = error.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise OSError(errno.EIO, f"{command[0]} ended with status {error.returncode}: {last[:80]}") from None
        return done.stdout

    def registry(self, key: str, name: str) -> str:
        """A value under HKEY_LOCAL_MACHINE as text. Raises NotHere (also on every system but Windows) or Denied."""
        try:
            import winreg
        except ImportError:
            raise NotHere("no registry on this system") from None
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:  # type: ignore[attr-defined]
                return str(winreg.QueryValueEx(opened, name)[0])  # type: ignore[attr-defined]
        except PermissionError:
            raise Denied(f"may not read HKLM\\{key}") from None
        except OSError:
            raise NotHere(f"no HKLM\\{key} {name}") from None

    def smbios(self) -> bytes:
        """The SMBIOS structure table (DMTF DSP0134): any user may read it on Windows, root on Linux."""
        if self.platform != WINDOWS:
            return self.content("sys/firmware/dmi/tables/DMI")
        return _windows_smbios()

    @property
    def psutil(self) -> Any:
        """The psutil module, imported at first use: never on Linux, where /proc says it all at a fifth of the cost."""
        if self._psutil is None:
            try:
                import psutil
            except ImportError:
                raise NotHere("psutil is not installed") from None
            self._psutil = psutil
        return self._psutil

    # settings

    def excluded(self, what: str, by_default: Callable[[str], bool]) -> Callable[[str], bool]:
        """The test for what the user does not want, such as "netdev.device": a regular expression or the default."""
        pattern = self._excludes.get(what)
        if pattern is None:
            return by_default
        import re

        search = re.compile(pattern).search
        return lambda name: search(name) is not None


class _Mount:
    """A statvfs in a thread of its own, because one on a dead server never returns."""

    def __init__(self, mountpoint: str) -> None:
        self._mountpoint = mountpoint
        self._space: Space | None = None
        self._error: OSError | None = None
        self._ended = _thread.allocate_lock()
        self._ended.acquire()
        _thread.start_new_thread(self._ask, ())

    def _ask(self) -> None:
        try:
            self._space = _space(self._mountpoint)
        except OSError as error:
            self._error = error
        finally:
            self._ended.release()

    def answered(self, seconds: float) -> bool:
        """Whether the call has come back, waiting at most so long."""
        if self._ended.acquire(timeout=seconds):
            self._ended.release()
            return True
        return False

    def result(self) -> Space:
        """The answer; raises OSError as statvfs did, or TimedOut while there is none."""
        if self._error is not None:
            raise self._error
        if self._space is None:
            raise TimedOut(f"{self._mountpoint} did not answer within {MOUNT_SECONDS:g} s")
        return self._space


def _space(mountpoint: str) -> Space:
    found = os.statvfs(mountpoint)
    unit = found.f_frsize
    return Space(
        found.f_blocks * unit,
        found.f_bfree * unit,
        found.f_bavail * unit,
        found.f_files,
        found.f_ffree,
        readonly=bool(found.f_flag & 1),
    )


def _windows_uname() -> tuple[str, str, str, str, str]:
    import socket

    version = sys.getwindowsversion()  # type: ignore[attr-defined]  # platform.uname() would ask WMI and take seconds
    number = f"{version.major}.{version.minor}.{version.build}"
    return "Windows", socket.gethostname(), str(version.major), number, os.environ.get("PROCESSOR_ARCHITECTURE", "")


def _windows_smbios() -> bytes:
    import ctypes

    provider = 0x52534D42  # "RSMB"
    ask = ctypes.windll.kernel32.GetSystemFirmwareTable  # type: ignore[attr-defined]
    size = ask(provider, 0, None, 0)
    if not size:
        raise NotHere("no SMBIOS table")
    buffer = ctypes.create_string_buffer(size)
    if ask(provider, 0, buffer, size) != size:
        raise NotHere("no SMBIOS table")
    return buffer.raw[8:]  # behind RawSMBIOSData: four bytes of versions and four of length


def translated(error: OSError, path: str) -> Exception:
    """The exception of ours for an error on a path; an error without one of its own comes back as it is."""
    if error.errno in _MISSING:
        return NotHere(f"no /{path}")
    if error.errno in _FORBIDDEN:
        return Denied(f"may not read /{path}")
    if error.errno == errno.EISDIR:
        return Malformed(f"/{path} is not a regular file")
    return OSError(error.errno, f"{error.strerror}: /{path}")


def this_platform() -> str:
    """The system this process runs on: "linux", "windows" or "darwin"; another Unix counts as "linux"."""
    return {"win32": WINDOWS, "cygwin": WINDOWS, "darwin": DARWIN}.get(sys.platform, LINUX)
