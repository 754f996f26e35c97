"""The only door from a source to the world: files, commands, the clock, psutil. A recorded machine is another Machine.

The resident agent imports this module, so nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from keskidee_agent.host.files import Files, Here
from keskidee_agent.host.space import MOUNT_SECONDS, Question, statvfs
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from keskidee_agent.host.links import Links
    from keskidee_agent.host.space import Space

LINUX, WINDOWS, DARWIN = "linux", "windows", "darwin"
PATH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where commands are looked for, whatever the environment says; on Windows, windows.PATH."""


class Machine(Files):
    """The machine this process runs on. One object lives as long as the agent and is used by one thread at a time.

    `excludes` holds regular expressions by the name of their setting ("netdev.device_exclude"). `platform` and `psutil`
    are given by tests; otherwise they are this system's. `textfile_directory` is a folder of `here`, which are the
    files of this system even where the machine is a recording; it is empty where none is set, and so are
    `inventory_file`, in which the last inventory left its metrics, and `services_file`, which another process of the
    agent writes of services and which is too old after `services_stale_seconds`; `traps_file` is the poller's, of the
    notifications that it hears. `told_of_users` and
    `salt` are what `user_name` goes by: nothing is told of users until somebody says otherwise.
    """

    def __init__(self, *, excludes: dict[str, str] | None = None, platform: str = "", psutil: Any = None) -> None:
        super().__init__()
        self.platform = platform or this_platform()
        self.textfile_directory = ""
        self.services_file = ""
        self.services_stale_seconds = 300.0
        self.inventory_file = ""
        self.traps_file = ""
        self.here: Files = Here()
        self.told_of_users = 0
        self.salt = b""
        self._excludes = excludes or {}
        self._psutil = psutil
        self._tests: dict[str, Callable[[str], bool]] = {}
        self._memories: dict[str, dict[Any, Any]] = {}
        self._localtime: object = None
        self._asking: dict[bytes, Question] = {}
        self._ask_timex: Callable[[], dict[str, int]] | None = None
        self._links: Links | None = None

    @property
    def kernel_answers(self) -> bool:
        """Whether the kernel itself answers for /proc, which keeps nobody waiting. In some containers a daemon does."""
        if self.platform != LINUX:
            return False
        try:
            mounts = self.content("proc/self/mountinfo").split(b"\n")
        except (NotHere, Denied, Malformed, OSError):
            return False
        return not any(b" /proc/" in mount and b" - fuse" in mount for mount in mounts)

    def memory(self, source: str) -> dict[Any, Any]:
        """What the source wants to know again in the next round. It begins empty and lives as long as the agent."""
        return self._memories.setdefault(source, {})

    def forget(self, source: str) -> None:
        """Lets go of what the source remembers."""
        self._memories.pop(source, None)

    def user_name(self, text: str) -> str | None:
        """The name of a user as it may be told: every source that reads one asks here. None: leave it out."""
        from keskidee_agent.host.people import user_name

        return user_name(text, self.salt, self.told_of_users)

    def warn(self, line: str) -> None:
        """What a person should know though it is no outcome; a source says it once, not each round."""
        sys.stderr.write(f"keskidee: {line}\n")

    def uname(self) -> tuple[str, str, str, str, str]:
        """System, host name, release, version, machine. Raises NotHere where a recording has none."""
        if hasattr(os, "uname"):
            return tuple(os.uname())  # type: ignore[return-value]
        from keskidee_agent.host import windows

        return windows.uname()

    def time(self) -> float:
        """UTC seconds since the epoch by the machine's clock."""
        return time.time()

    def zone(self) -> tuple[str, int]:
        """The name of the local time zone and its offset from UTC in seconds, now."""
        localtime = self.signature("etc/localtime")
        if localtime != self._localtime:  # the C library reads it once and never looks again
            self._localtime = localtime
            if hasattr(time, "tzset"):
                time.tzset()
        now = time.localtime()
        return now.tm_zone, now.tm_gmtoff

    def timex(self) -> dict[str, int]:
        """The fields of struct timex by name, and `state`, what adjtimex(2) returned. Raises NotHere, Denied."""
        if self._ask_timex is None:
            from keskidee_agent.host import kernel_clock

            self._ask_timex = kernel_clock.asker()
        return self._ask_timex()

    def links_changed(self, interfaces: Callable[[], set[tuple[int, str]]]) -> bool:
        """Whether anything of a network interface may have changed since the last question (Links has `interfaces`)."""
        if self._links is None:
            from keskidee_agent.host.links import Links

            self._links = Links(interfaces)
            return True
        return self._links.changed()

    def close(self) -> None:
        """Closes everything kept open."""
        super().close()
        if self._links is not None:
            self._links.close()

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

    def run(self, *command: str, seconds: float = 10.0, status_counts: bool = True) -> bytes:
        """Standard output of a command. Raises NotHere where it is not installed, TimedOut, or OSError if it fails.

        `status_counts=False` is for tools such as smartctl, whose exit status tells of the disk and not of the run.
        """
        environment = {"PATH": ":".join(PATH), "LC_ALL": "C", "LANG": "C"}
        if self.platform == WINDOWS:
            from keskidee_agent.host import windows

            environment = {**os.environ, "LC_ALL": "C"}
            command = (windows.program(command[0], environment), *command[1:])
        elif "/" not in command[0] and not any(os.path.lexists(f"{folder}/{command[0]}") for folder in PATH):
            raise NotHere(f"{command[0]} is not installed")  # said for less than a process that finds it out
        import subprocess

        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=status_counts,
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
        from keskidee_agent.host import windows

        return windows.registry(key, name)

    def smbios(self) -> bytes:
        """The SMBIOS structure table (DMTF DSP0134): for all on Windows, for root and by its helper on Linux."""
        if self.platform != WINDOWS:
            from keskidee_agent.host import handed

            return handed.content(self, "sys/firmware/dmi/tables/DMI")
        from keskidee_agent.host import windows

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

    def ask(self, function: str, **arguments: Any) -> Any:
        """What a function of psutil answers. Raises NotHere where this system gives no answer, or Denied.

        psutil says so in several ways: the function is missing, or it raises RuntimeError (Windows with its
        performance counters switched off).
        """
        try:
            return getattr(self.psutil, function)(**arguments)
        except (AttributeError, NotImplementedError, RuntimeError) as error:
            raise NotHere(f"psutil.{function}: {error}") from None
        except PermissionError:
            raise Denied(f"psutil.{function}") from None

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


def this_platform() -> str:
    """The system this process runs on: "linux", "windows" or "darwin"; another Unix counts as "linux"."""
    return {"win32": WINDOWS, "cygwin": WINDOWS, "darwin": DARWIN}.get(sys.platform, LINUX)
