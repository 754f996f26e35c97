"""What other programs leave in `*.prom` files of a folder (textfile_directory in the settings). No privilege.

A file that cannot be read or is wrong costs itself: node_textfile_scrape_error is 1 and stderr says which, once.
"""

from __future__ import annotations

from keskidee_agent.host.sysfs import label
from keskidee_report.model import Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.gather.exposition import TextFamily
    from keskidee_agent.gather.textfamilies import Merged
    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

RIGHT = "to read the folder of textfile_directory and its *.prom files"
GRANT = "sudo chmod -R a+rX FOLDER"

MTIME = Family("node_textfile_mtime_seconds", "gauge", "When a text file that was read was last written", digits=0)
ERROR = Family("node_textfile_scrape_error", "gauge", "Whether a text file could not be read or was refused", digits=0)
FILES_AT_MOST = 1000


def unchanged(machine: Machine) -> bool:
    """Whether there is no folder to look into."""
    return not machine.textfile_directory


class TextFile:
    """A file as it was read last. It is read once more after a change: a write of the same moment leaves no trace."""

    __slots__ = ("denied", "families", "settled", "signature", "trouble")

    def __init__(self, signature: tuple[int, int, int] | None) -> None:
        self.signature = signature
        self.settled = False
        self.families: list[TextFamily] = []
        self.trouble = ""
        self.denied = False


def read(machine: Machine) -> Iterator[Sample]:
    """The samples of all files; when each was written, labelled `file`; and whether anything was wrong."""
    if not machine.textfile_directory:
        raise NotHere("no textfile_directory is set")
    memory = machine.memory("textfile")
    before: dict[str, TextFile] = memory.get("files", {})
    troubles: dict[str, str] = {}
    files: dict[str, TextFile] = {}
    denied = ""
    for folder in _folders(machine.textfile_directory):
        try:
            names = [name for name in machine.here.names(folder) if name.endswith(".prom")]
        except (NotHere, Denied, OSError) as error:
            troubles[folder] = _said(error)
            denied = denied or (folder if isinstance(error, Denied) else "")
            continue
        if len(names) > FILES_AT_MOST:
            troubles[folder] = f"{len(names)} files, of which {FILES_AT_MOST} are read"
        for path in [_joined(folder, name) for name in names[:FILES_AT_MOST]]:
            file = files[path] = _read_file(machine, path, before.get(path))
            denied = denied or (path if file.denied else "")
    troubles |= {path: file.trouble for path, file in files.items() if file.trouble}
    if files != before or "merged" not in memory:
        from keskidee_agent.gather.textfamilies import Merged

        memory["files"] = files
        readable = {path: file.families for path, file in files.items() if not file.trouble}
        memory["merged"] = Merged(readable, {MTIME.name, ERROR.name}, memory.setdefault("families", {}))
    merged: Merged = memory["merged"]
    yield from merged.samples
    for path, file in files.items():
        if file.signature and not file.trouble:
            yield MTIME(file.signature[0] // 1_000_000_000, file=label(path))
    yield ERROR(1 if troubles or merged.failed else 0)
    _tell(machine, memory, {**merged.told, **troubles})
    if denied:
        raise Denied(f"may not read {denied}")


def _folders(path: str) -> list[str]:
    if not any(character in path for character in "*?["):
        return [path]
    from glob import glob  # with a pattern only: it costs 1.5 MiB

    return sorted(glob(path)) or [path]


def _joined(folder: str, name: str) -> str:
    from os.path import join, normpath

    return normpath(join(folder, name))


def _read_file(machine: Machine, path: str, known: TextFile | None) -> TextFile:
    from keskidee_agent.gather.exposition import parse

    here = machine.here
    signature = here.signature(path)
    if known is not None and known.settled and known.signature == signature:
        return known
    file = TextFile(signature)
    file.settled = known is not None and known.signature == signature
    try:
        content = here.content(path)
        file.families = parse(_plain(content) if machine.platform == "windows" else content)
    except (NotHere, Denied, OSError) as error:  # a right that is given later does not change the signature
        file.trouble, file.settled = _said(error), False
        file.denied = isinstance(error, Denied)
    except Malformed as error:
        file.trouble = str(error)
    return file


def _plain(content: bytes) -> bytes:
    """What PowerShell wrote (UTF-16 or a mark of UTF-8, lines that end in two characters) as it would be elsewhere."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", "replace").encode()
    return content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")


def _said(error: Exception) -> str:
    if isinstance(error, NotHere):
        return "not there"
    if isinstance(error, Denied):
        return "may not be read"
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def _tell(machine: Machine, memory: dict[str, object], troubles: dict[str, str]) -> None:
    if troubles != memory.get("told", {}):
        told = memory.get("told")
        for path, trouble in troubles.items():
            if not isinstance(told, dict) or told.get(path) != trouble:
                machine.warn(f"textfile: {path}: {trouble}")
        memory["told"] = troubles
