"""A Machine that takes note of all that is read through it, and writes it down as a recorded machine."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

from keskidee_agent.host.machine import Machine
from keskidee_agent.host.recorded import LINKS_FOLLOWED
from keskidee_report.model import Malformed, NotHere, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keskidee_agent.host.redact import Redactor
    from keskidee_agent.host.space import Space

UNAME = ("sysname", "nodename", "release", "version", "machine")


class Recorder(Machine):
    """This machine. `files` are the contents by path, `seen` what was only looked for or listed."""

    keeps_open = False
    kernel_answers = False  # as a recording has it: nothing that this kernel would let us do without is left out

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.seen: set[str] = set()
        self.unreadable: set[str] = set()
        self.commands: dict[str, bytes] = {}
        self.calls: dict[str, Any] = {}

    def _read_anew(self, path: str, *, keep: bool = True) -> bytes:
        try:
            content = super()._read_anew(path, keep=False)
        except (OSError, Malformed):
            self.unreadable.add(path)
            raise
        self.files[path] = content
        self.unreadable.discard(path)
        return content

    def signature(self, path: str) -> tuple[int, int, int] | None:
        found = super().signature(path)
        if found is not None:
            self.seen.add(path)
        return found

    def names(self, path: str, prefix: str = "") -> list[str]:
        found = super().names(path, prefix)
        self.seen.add(path)
        self.seen.update([f"{path}/{name}" for name in found])
        return found

    def place(self, path: str) -> str:
        self.seen.add(path)
        return super().place(path)

    def uname(self) -> tuple[str, str, str, str, str]:
        found = super().uname()
        self.calls["uname"] = dict(zip(UNAME, found, strict=True))
        return found

    def time(self) -> float:
        found = super().time()
        self.calls.setdefault("time", {})["seconds"] = found
        return found

    def zone(self) -> tuple[str, int]:
        name, offset = super().zone()
        self.calls.setdefault("time", {}).update(zone=name, offset_seconds=offset)
        return name, offset

    def timex(self) -> dict[str, int]:
        found = self.calls["timex"] = super().timex()
        return found

    def spaces(self, mounts: Sequence[tuple[bytes, bool]]) -> list[Space | Exception]:
        answers = super().spaces(mounts)
        recorded = self.calls.setdefault("statvfs", {})
        for (path, _), answer in zip(mounts, answers, strict=True):
            recorded[path.decode("utf-8", "replace")] = _recorded(answer)
        return answers

    def run(self, *command: str, seconds: float = 10.0, status_counts: bool = True) -> bytes:
        output = super().run(*command, seconds=seconds, status_counts=status_counts)
        self.commands[" ".join(command).replace("/", "_")] = output
        return output

    def smbios(self) -> bytes:
        """Not recorded: its UUID is binary, so no pseudonym finds it."""
        raise NotHere("not while recording")

    def write(self, folder: str, redactor: Redactor, progress: Callable[[int, int], None]) -> tuple[int, int]:
        """Writes all of it into an empty folder; how many files, of how many bytes. Raises OSError."""
        for path, content in self.files.items():
            redactor.learn(path, content.decode("latin-1"))
        tree = _Tree(folder, redactor)
        paths = sorted(self.seen - self.unreadable - self.files.keys()) + sorted(self.files)
        for done, path in enumerate(paths):
            progress(done, len(paths))
            tree.add(path, self.files.get(path))
        for name, output in self.commands.items():
            tree.put(f"commands/{redactor.text(name)}", output, "commands/" + name)
        if "uname" in self.calls:
            self.calls["uname"]["nodename"] = redactor.host(self.calls["uname"]["nodename"])
        calls = json.dumps(self.calls, ensure_ascii=False, indent=1) + "\n"
        tree.put("calls.json", calls.encode(), "calls.json")
        return tree.files, tree.size


class _Tree:
    """The folder that is written: symbolic links lead where they lead on the machine, but never out of it."""

    def __init__(self, folder: str, redactor: Redactor) -> None:
        self._folder = folder
        self._redactor = redactor
        self._sizes: dict[str, int] = {}  # by name: a file may be reached by several paths

    @property
    def files(self) -> int:
        return len(self._sizes)

    @property
    def size(self) -> int:
        return sum(self._sizes.values())

    def add(self, path: str, content: bytes | None) -> None:
        """A file with its content, or what stands at this path now: a folder, an empty file, nothing."""
        place = self._followed(path)
        if content is not None:
            self.put(self._name(place), content, path)
        elif os.path.isdir("/" + place):
            os.makedirs(os.path.join(self._folder, self._name(place)), exist_ok=True)
        elif os.path.exists("/" + place):
            self.put(self._name(place), b"", path)

    def put(self, name: str, content: bytes, path: str) -> None:
        text = self._redactor.text(content.decode("latin-1"), path).encode("latin-1")
        real = os.path.join(self._folder, name)
        os.makedirs(os.path.dirname(real), exist_ok=True)
        with open(real, "wb") as file:
            file.write(text)
        self._sizes[name] = len(text)

    def _followed(self, path: str) -> str:
        """Where a path leads on the machine; every symbolic link on the way is written."""
        place = ""
        links = 0
        pieces = path.split("/")[::-1]
        while pieces:
            piece = pieces.pop()
            if piece in ("", "."):
                continue
            if piece == "..":
                place = place.rpartition("/")[0]
                continue
            step = f"{place}/{piece}" if place else piece
            try:
                target = os.readlink("/" + step)
            except OSError:  # no link, or gone since
                place = step
                continue
            links += 1
            if links > LINKS_FOLLOWED:
                raise OSError(errno.ELOOP, "too many symbolic links", path)
            self._link(step, target)
            if target.startswith("/"):
                place = ""
            pieces += target.split("/")[::-1]
        return place

    def _link(self, path: str, target: str) -> None:
        real = os.path.join(self._folder, self._name(path))
        os.makedirs(os.path.dirname(real), exist_ok=True)
        if not os.path.lexists(real):
            os.symlink(self._redactor.name(target), real)

    def _name(self, path: str) -> str:
        """The path in the recording: without what identifies, and udev's as the contract has it."""
        name = self._redactor.name(path)
        return name.removeprefix("run/") if name.startswith("run/udev/") else name


def _recorded(answer: Space | Exception) -> dict[str, Any]:
    if isinstance(answer, TimedOut):
        return {"error": "timeout"}
    if isinstance(answer, Exception):
        number = answer.errno if isinstance(answer, OSError) else None
        return {"error": errno.errorcode.get(number or errno.EIO, "EIO")}
    sizes = {"f_blocks": answer.size_bytes, "f_bfree": answer.free_bytes, "f_bavail": answer.avail_bytes}
    nodes = {"f_files": answer.files, "f_ffree": answer.files_free}
    return {"f_frsize": 1, **sizes, **nodes, "f_flag": int(answer.readonly)}
