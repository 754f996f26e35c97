"""The only door from a source to the world: files, commands, the clock, psutil. A recorded machine is another Machine.

Paths are written without a leading slash (`proc/stat`). Errors of the operating system are translated here, once:
no such file is NotHere, a missing right is Denied, what cannot be read as a file is Malformed; other OSErrors rise.

Files of /proc and /sys stay open and are read with `pread`, which costs a quarter of opening them again. The resident
agent imports this module, so nothing heavy is imported.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from keskidee_agent.space import MOUNT_SECONDS, Question, statvfs
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from keskidee_agent.space import Space

LINUX, WINDOWS, DARWIN = "linux", "windows", "darwin"
PLATFORMS = (LINUX, WINDOWS, DARWIN)

FILES_KEPT_OPEN = 256
"""Beyond this many, files are opened and closed for each reading."""
SWEEP_ROUNDS = 64
"""Files that no round of the last so many has read are closed (a device that went away)."""
LARGEST_FILE_BYTES = 16 << 20

_KEPT_OPEN = ("proc/", "sys/")
_MISSING = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ENODEV, errno.ESRCH, errno.ELOOP, errno.ENAMETOOLONG}
)
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
_GONE = frozenset({errno.ENODEV, getattr(errno, "ESTALE", -1), errno.ENOENT, errno.ESRCH, errno.EBADF})
_OPEN_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):  # a FIFO must not hold us up; not all are everywhere
    _OPEN_FLAGS |= getattr(os, _flag, 0)


def _seek_and_read(descriptor: int, size: int, offset: int) -> bytes:
    """What pread does, for Windows, which has none."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, size)


_pread = getattr(os, "pread", _seek_and_read)


class Machine:
    """The machine this process runs on. One object lives as long as the agent and is used by one thread at a time.

    `excludes` holds regular expressions by the name of their setting ("netdev.device_exclude"). `platform` and `psutil`
    are given by tests; otherwise they are this system's.
    """

    recorded = False

    def __init__(self, *, excludes: dict[str, str] | None = None, platform: str = "", psutil: Any = None) -> None:
        self.platform = platform or this_platform()
        self._excludes = excludes or {}
        self._psutil = psutil
        self._tests: dict[str, Callable[[str], bool]] = {}
        self._memories: dict[str, dict[Any, Any]] = {}
        self._open: dict[str, list[int]] = {}  # path: descriptor, bytes to ask for, round of the last reading
        self._polls: dict[str, Any] = {}
        self._shared: dict[str, bytes] = {}
        self._asking: dict[bytes, Question] = {}
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
        except ValueError:  # a NUL in the name
            raise NotHere(f"no /{path}") from None

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
        content: bytes = _pread(descriptor, size, 0)
        if not content:
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

    # calls

    def uname(self) -> tuple[str, str, str, str, str]:
        """System, host name, release, version, machine. Raises NotHere where a recording has none."""
        if hasattr(os, "uname"):
            return tuple(os.uname())  # type: ignore[return-value]
        from keskidee_agent import windows

        return windows.uname()

    def time(self) -> float:
        """UTC seconds since the epoch by the machine's clock."""
        return time.time()

    def zone(self) -> tuple[str, int]:
        """The name of the local time zone and its offset from UTC in seconds, now."""
        now = time.localtime()
        return now.tm_zone, now.tm_gmtoff

    def spaces(self, mounts: Sequence[tuple[bytes, bool]]) -> list[Space | Exception]:
        """What statvfs says of each (mount point, may hang), or the OSError it raises, or TimedOut.

        Those that may hang are asked in threads of their own, and waited for together. While a thread has not come
        back its mount is not asked again.
        """
        asked = {path: self._question(path) for path, may_hang in mounts if may_hang}
        until = time.monotonic() + MOUNT_SECONDS
        answers = [asked[path].answer(until) if may_hang else statvfs(path) for path, may_hang in mounts]
        for path, question in asked.items():
            if question.ended:
                del self._asking[path]
        return answers

    def _question(self, path: bytes) -> Question:
        question = self._asking.get(path)
        if question is None:
            question = self._asking[path] = Question(path)
        return question

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
        """A value under HKEY_LOCAL_MACHINE as text. Raises Denied, or NotHere, also on every system but Windows."""
        if self.platform != WINDOWS:
            raise NotHere("no registry on this system")
        from keskidee_agent import windows

        return windows.registry(key, name)

    def smbios(self) -> bytes:
        """The SMBIOS structure table (DMTF DSP0134): any user may read it on Windows, only root on Linux."""
        if self.platform != WINDOWS:
            return self.content("sys/firmware/dmi/tables/DMI")
        from keskidee_agent import windows

        return windows.smbios()

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

    def excluded(self, setting: str, default: str, by_default: Callable[[str], bool]) -> Callable[[str], bool]:
        """The test for what the user does not want to see, such as "netdev.device_exclude".

        `by_default` says what the regular expression `default` matches: `re` is 1.4 MiB that most agents do without.
        """
        pattern = self._excludes.get(setting, default)
        if pattern == default:
            return by_default
        test = self._tests.get(setting)
        if test is None:
            import re

            search = re.compile(pattern).search
            test = self._tests[setting] = lambda name: search(name) is not None
        return test


def excludes_of(settings: dict[str, Any]) -> dict[str, str]:
    """What Machine takes as `excludes`, from the agent's settings as JSON objects: every `*_exclude` of a section."""
    return {
        f"{section}.{name}": value
        for section, values in settings.items()
        if isinstance(values, dict)
        for name, value in values.items()
        if name.endswith("_exclude")
    }


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
