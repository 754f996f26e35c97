r"""The Windows registry, read: the live one by winreg, a recorded one from `registry/*.reg` (regedit's export format).

Keys are named in full from their hive on, `HKEY_LOCAL_MACHINE\SOFTWARE\...`; names are compared without case.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.wmi_rows import text_of
from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeAlias

    from keskidee_agent.host.machine import Machine

    class Registry(Protocol):
        """What both registries answer. A key that is not there has no values and nothing below it."""

        def below(self, key: str) -> list[str]:
            """The names of the keys right below one."""
            ...

        def values(self, key: str) -> dict[str, Value]:
            """The values of a key by their lower-case name; the default value's is empty."""
            ...


MACHINE = "HKEY_LOCAL_MACHINE"
SOFTWARE = rf"{MACHINE}\SOFTWARE"
WINDOWS_NT = rf"{SOFTWARE}\Microsoft\Windows NT\CurrentVersion"
CONTROL_SET = rf"{MACHINE}\SYSTEM\CurrentControlSet"
FIRST_CONTROL_SET = rf"{MACHINE}\SYSTEM\ControlSet001"
SHORT = {"HKLM": MACHINE, "HKCU": "HKEY_CURRENT_USER", "HKU": "HKEY_USERS", "HKCR": "HKEY_CLASSES_ROOT"}
Value: TypeAlias = "str | int | bytes | list[str]"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_VALUE = re.compile(r'(?:@|"(?:[^"\\]|\\.)*")=')
LONGEST_TEXT = 4096  # of several lines, so that a broken file costs no more
_ESCAPED = re.compile(r"\\(.)")
_HEAD = ("Windows Registry Editor", "REGEDIT")
_TEXT, _EXPANDED, _LITTLE, _MULTI, _QUAD = "1", "2", "4", "7", "b"


def text(values: dict[str, Value], name: str) -> str:
    """A value as text: numbers in decimal, bytes as the UTF-16 they hold, the first of several."""
    value = values.get(name.lower(), "")
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, bytes):
        value = value.decode("utf-16-le", "replace").partition("\0")[0]
    return str(value).strip()


def whole(values: dict[str, Value], name: str) -> int | None:
    """A value as a whole number: a DWORD, a QWORD, little-endian bytes, or digits."""
    value = values.get(name.lower())
    if isinstance(value, bytes):
        return int.from_bytes(value, "little") if 0 < len(value) <= 8 else None
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 19 else None
    return value if isinstance(value, int) else None


def registry_of(machine: Machine) -> Registry:
    """The machine's registry. Raises NotHere where it has none, or where none was recorded."""
    memory = machine.memory("inventory.registry")
    if "answer" not in memory:
        memory["answer"] = _recorded(machine) if isinstance(machine, RecordedMachine) else _live(machine)
    found: Registry = memory["answer"]
    return found


@dataclass(slots=True)
class Key:
    """A key of a recorded registry, with what is below it by its lower-case name."""

    name: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)


class RecordedRegistry:
    """The registry that export files hold, all of them together."""

    def __init__(self) -> None:
        self._root = Key()

    def add(self, content: bytes) -> None:
        """What one export file holds. Lines that are none are passed over. Raises Malformed where it is no export."""
        told = text_of(content)
        if told.strip("\0\n\r \ufeff") and not told.lstrip("\ufeff \r\n").startswith(_HEAD):
            raise Malformed("no registry export", told[:80])
        old = told.lstrip("\ufeff \r\n").startswith("REGEDIT")
        key: Key | None = None
        for line in _whole_lines(told):
            if line.startswith("["):
                key = self._key(_in_full(line[1:].rpartition("]")[0])) if not line.startswith("[-") else None
            elif key is not None:
                with suppress(ValueError):
                    name, value = _value(line, old=old)
                    key.values[name.lower()] = value

    def _key(self, path: str) -> Key:
        key = self._root
        for name in path.split("\\"):
            key = key.keys.setdefault(name.lower(), Key(name))
        return key

    def _find(self, path: str) -> Key | None:
        """A key by its path. Of a system that did not run, its first set of controls is the current one."""
        found = self._walk(path)
        if found is None and path.upper().startswith(CONTROL_SET.upper()):
            return self._walk(FIRST_CONTROL_SET + path[len(CONTROL_SET) :])
        return found

    def _walk(self, path: str) -> Key | None:
        key = self._root
        for name in path.lower().split("\\"):
            if name not in key.keys:
                return None
            key = key.keys[name]
        return key

    def below(self, key: str) -> list[str]:
        found = self._find(key)
        return [each.name for each in found.keys.values()] if found else []

    def values(self, key: str) -> dict[str, Value]:
        found = self._find(key)
        return found.values if found else {}


def _in_full(path: str) -> str:
    """A key whose hive may be abbreviated, as regedit takes it."""
    hive, sign, rest = path.partition("\\")
    return SHORT.get(hive.upper(), hive) + sign + rest


def _whole_lines(told: str) -> list[str]:
    """The lines, those of bytes that a backslash continues as one, and so those of a text of several lines."""
    lines: list[str] = []
    continued = within = False
    for line in map(str.strip, told.split("\n")):
        if within and not _begins(line):
            lines[-1] += f"\n{line}"
        elif continued and lines:
            lines[-1] += line.rstrip("\\")
        else:
            lines.append(line.rstrip("\\") if _is_bytes(line) else line)
        within = _is_open(lines[-1])
        continued = not within and line.endswith("\\") and (continued or _is_bytes(line))
    return lines


def _is_open(line: str) -> bool:
    """Whether a text begins in the line that does not end there."""
    found = _VALUE.match(line) if len(line) < LONGEST_TEXT else None
    return found is not None and line[found.end() :][:1] == '"' and _QUOTED.match(line, found.end()) is None


def _begins(line: str) -> bool:
    """Whether a value or a key begins here: the text before was cut short."""
    return _VALUE.match(line) is not None or line.startswith("[HK")


def _is_bytes(line: str) -> bool:
    return "=hex" in line and line.endswith("\\")


def _value(line: str, *, old: bool) -> tuple[str, Value]:
    """A line `"Name"=...` or `@=...`. Raises ValueError where it is none."""
    if line.startswith("@="):
        name, told = "", line[2:]
    else:
        name, told = _quoted(line)
        if not told.startswith("="):
            raise ValueError(line)
        told = told[1:]
    if told.startswith('"'):
        return name, _quoted(told)[0]
    if told.startswith("dword:"):
        return name, int(told[6:], 16)
    if not told.startswith("hex"):
        raise ValueError(line)
    kind, _, digits = told[3:].partition(":")
    raw = bytes.fromhex(digits.replace(",", " "))
    return name, _typed(raw, kind.strip("()"), "cp1252" if old else "utf-16-le")


def _typed(raw: bytes, kind: str, encoding: str) -> Value:
    if kind in (_TEXT, _EXPANDED):
        return raw.decode(encoding, "replace").partition("\0")[0]
    if kind == _MULTI:
        return [part for part in raw.decode(encoding, "replace").split("\0") if part]
    if kind in (_LITTLE, _QUAD):
        return int.from_bytes(raw[:8], "little")
    return raw


def _quoted(told: str) -> tuple[str, str]:
    """The text in quotes that a line begins with, and what comes behind it. Raises ValueError."""
    found = _QUOTED.match(told)
    if found is None:
        raise ValueError(told)
    return _ESCAPED.sub(r"\1", found[1]), told[found.end() :]


def _recorded(machine: Machine) -> RecordedRegistry:
    """All export files of a recording; one that is no export costs itself."""
    found = RecordedRegistry()
    for name in machine.names("registry"):
        if name.lower().endswith(".reg"):
            with suppress(Malformed, Denied):
                found.add(machine.content(f"registry/{name}"))
    return found


class LiveRegistry:
    """The registry of the Windows this runs on, its 64-bit view."""

    def __init__(self, winreg: Any) -> None:
        self._winreg = winreg

    def _open(self, key: str) -> Any:
        hive, _, path = key.partition("\\")
        access = self._winreg.KEY_READ | self._winreg.KEY_WOW64_64KEY
        return self._winreg.OpenKey(getattr(self._winreg, hive), path, 0, access)

    def below(self, key: str) -> list[str]:
        found: list[str] = []
        with suppress(OSError), self._open(key) as opened:  # OSError: there is no such key, or no further name
            while True:
                found.append(self._winreg.EnumKey(opened, len(found)))
        return found

    def values(self, key: str) -> dict[str, Value]:
        found: dict[str, Value] = {}
        with suppress(OSError), self._open(key) as opened:
            for number in range(self._winreg.QueryInfoKey(opened)[1]):
                name, value, _ = self._winreg.EnumValue(opened, number)
                if isinstance(value, str | int | bytes | list):
                    found[name.lower()] = value
        return found


def _live(machine: Machine) -> LiveRegistry:
    try:
        import winreg
    except ImportError:
        raise NotHere(f"no registry on {machine.platform}") from None
    return LiveRegistry(winreg)
