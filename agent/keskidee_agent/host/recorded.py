"""A machine recorded in a folder: the same door as Machine, and nothing outside the folder is read or run.

`proc`, `sys`, `udev/data`, `etc` ... are as on the machine. `calls.json` answers what is no file: uname, statvfs, time.
`commands/` holds outputs of commands. `wmi/` or `registry/` tell a Windows machine, `commands/system_profiler*` a Mac.
Only short-lived commands and tests import this module.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress

from keskidee_agent.host import handed
from keskidee_agent.host.kernel_clock import NAMES
from keskidee_agent.host.machine import DARWIN, LINUX, WINDOWS, Machine
from keskidee_agent.host.space import Space
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

LINKS_FOLLOWED = 40
TIMEX_NAMES = frozenset({*NAMES, "state"})
_UNAME = ("sysname", "nodename", "release", "version", "machine")
_SPACE = ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree")


class RecordedMachine(Machine):
    """A Machine over `root`. Symbolic links lead where they would if `root` were `/`, so none leads out of it."""

    keeps_open = False
    kernel_answers = False

    def __init__(self, root: str, *, excludes: dict[str, str] | None = None) -> None:
        self.root = os.path.realpath(root)
        super().__init__(platform=recorded_platform(self.root), excludes=excludes)
        self._calls: dict[str, Any] | None = None
        with suppress(NotHere, Denied, Malformed, OSError):
            self.textfile_directory = str(self._call("textfile_directory"))
            self.here = self  # it is a folder of the recording
        with suppress(NotHere, Denied, Malformed, OSError):
            self.inventory_file = str(self._call("inventory_file"))
            self.here = self
        with suppress(NotHere, Denied, Malformed, OSError):
            self.services_file = str(self._call("services_file"))
            self.here = self
        with suppress(NotHere, Denied, Malformed, OSError):
            self.traps_file = str(self._call("traps_file"))
            self.here = self

    def _real(self, path: str) -> str:
        if path.startswith("run/udev/") and not os.path.lexists(os.path.join(self.root, "run/udev")):
            path = path.removeprefix("run/")
        real = self.root
        pieces = path.split("/")[::-1]
        links = 0
        while pieces:
            piece = pieces.pop()
            if piece in ("", "."):
                continue
            if piece == "..":
                real = os.path.dirname(real) if real != self.root else real
                continue
            step = os.path.join(real, piece)
            try:
                target = os.readlink(step)
            except OSError:  # no link, or nothing there: the reading will tell
                real = step
                continue
            links += 1
            if links > LINKS_FOLLOWED:
                raise OSError(errno.ELOOP, "too many symbolic links", path)
            if target.startswith("/"):
                real = self.root
            pieces += target.split("/")[::-1]
        return real

    def changed(self, path: str) -> bool:
        return True

    def links_changed(self, interfaces: Callable[[], set[tuple[int, str]]]) -> bool:
        return True

    def uname(self) -> tuple[str, str, str, str, str]:
        recorded = self._call("uname")
        if isinstance(recorded, list):
            recorded = dict(zip(_UNAME, recorded, strict=False))
        if not isinstance(recorded, dict):
            raise Malformed("uname in calls.json is no object", str(recorded))
        return tuple(str(recorded.get(name, "")) for name in _UNAME)  # type: ignore[return-value]

    def time(self) -> float:
        """The recorded time: a number, or an object with `seconds`."""
        recorded = self._call("time")
        return _number(recorded.get("seconds") if isinstance(recorded, dict) else recorded, "time")

    def zone(self) -> tuple[str, int]:
        """`zone` and `offset_seconds` beside `seconds` in the recorded time."""
        recorded = self._call("time")
        if not isinstance(recorded, dict) or "zone" not in recorded:
            raise NotHere("no time zone in calls.json")
        return str(recorded["zone"]), int(_number(recorded.get("offset_seconds", 0), "offset_seconds"))

    def timex(self) -> dict[str, int]:
        """The recorded fields of struct timex, with `state` (or `return`) for what the call returned."""
        recorded = self._call("timex")
        if not isinstance(recorded, dict):
            raise Malformed("timex in calls.json is no object", str(recorded))
        found = {name: value for name, value in recorded.items() if name in TIMEX_NAMES}
        if "return" in recorded:
            found.setdefault("state", recorded["return"])
        return {name: _whole_number(value, f"timex {name}") for name, value in found.items()}

    def spaces(self, mounts: Sequence[tuple[bytes, bool]]) -> list[Space | Exception]:
        """The recorded statvfs of each mount, with or without `f_` before its names; `error` is what it answers."""
        return [self._space(path.decode("utf-8", "replace")) for path, _ in mounts]

    def _space(self, mountpoint: str) -> Space | Exception:
        try:
            recorded = self._call("statvfs")
        except NotHere as error:
            return error
        found = recorded.get(mountpoint) if isinstance(recorded, dict) else None
        if found is None:
            return NotHere(f"no statvfs of {mountpoint} in calls.json")
        if isinstance(found, list):
            found = dict(zip(_SPACE, found, strict=False))
        if not isinstance(found, dict):
            raise Malformed("statvfs in calls.json is no object", str(found))
        if "error" in found:
            return _recorded_error(str(found["error"]))
        return _recorded_space(found)

    def run(self, *command: str, seconds: float = 10.0, status_counts: bool = True) -> bytes:
        """The recorded output: the file of the bare tool, otherwise that of the command line with `/` written `_`."""
        tool = command[0].rpartition("/")[2]
        for name in (tool, " ".join(command).replace("/", "_"), " ".join((tool, *command[1:])).replace("/", "_")):
            try:
                return self.content(f"commands/{name}")
            except (NotHere, Malformed):
                continue
        raise NotHere(f"{tool} is not recorded")

    def registry(self, key: str, name: str) -> str:
        """A value under HKEY_LOCAL_MACHINE in the export files of the recording."""
        from keskidee_agent.inventory.registry import MACHINE, registry_of, text

        found = text(registry_of(self).values(f"{MACHINE}\\{key}"), name)
        if not found:
            raise NotHere(f"no HKLM\\{key} {name} in the recording")
        return found

    def smbios(self) -> bytes:
        """The recorded table, on every system where the Linux kernel shows it."""
        return handed.content(self, "sys/firmware/dmi/tables/DMI")

    @property
    def psutil(self) -> Any:
        """Never there: psutil reads this machine and not the recorded one."""
        raise NotHere("not in the recording")

    def _call(self, name: str) -> Any:
        if self._calls is None:
            content = self.content("calls.json")
            try:
                calls = json.loads(content)
            except ValueError:
                raise Malformed("calls.json is no JSON", content) from None
            if not isinstance(calls, dict):
                raise Malformed("calls.json is no object", content)
            self._calls = calls
        found = self._calls.get(name)
        if found is None:
            raise NotHere(f"no {name} in calls.json")
        return found


def recorded_platform(root: str) -> str:
    """The system a recording is of, told by what it holds."""
    if any(os.path.isdir(os.path.join(root, folder)) for folder in ("wmi", "registry")):
        return WINDOWS
    try:
        commands = os.listdir(os.path.join(root, "commands"))
    except OSError:
        commands = []
    return DARWIN if any(name.startswith("system_profiler") for name in commands) else LINUX


def _recorded_error(name: str) -> Exception:
    if name in ("timeout", "hang", "ETIMEDOUT"):
        return TimedOut("did not answer (recorded)")
    number = getattr(errno, name, None)
    return OSError(number, os.strerror(number)) if isinstance(number, int) else OSError(errno.EIO, name)


def _recorded_space(found: Mapping[str, Any]) -> Space:
    def field(name: str, default: object = None) -> int:
        return int(_number(found.get(f"f_{name}", found.get(name, default)), f"statvfs {name}"))

    unit = field("frsize", 0) or field("bsize")
    flags = field("flag", 0)
    space = [field(name) for name in ("blocks", "bfree", "bavail")]
    nodes = [field(name, 0) for name in ("files", "ffree")]
    return Space(*[blocks * unit for blocks in space], *nodes, readonly=bool(flags & 1))


def _whole_number(value: object, what: str) -> int:
    number = _number(value, what)
    if not isinstance(number, int) or abs(number) >= 1 << 63:
        raise Malformed(f"{what} in calls.json is no whole number", str(value))
    return number


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(f"{what} in calls.json is no number", str(value))
    return value
