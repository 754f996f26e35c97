"""Rows of WMI classes: from one PowerShell child on a live Windows, from `wmi/<Class>.txt` or `.json` in a recording.

Sources: CIM schema and the Win32 provider (properties by their names there); `wmic ... /format:list` and ConvertTo-Json
for the recorded forms. A row answers by property and in its type, whichever form it came in.
"""

from __future__ import annotations

import errno
import json
import re

from keskidee_agent.inventory.days import day_of
from keskidee_agent.placeholders import said
from keskidee_agent.recorded import RecordedMachine
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, TypeAlias

    from keskidee_agent.machine import Machine

    Answer: TypeAlias = "list[Row] | Exception | None"
    """The rows of a class, why there are none, or that there is no such class."""

NAMESPACES = {
    "AntiVirusProduct": "root/SecurityCenter2",
    "BatteryCycleCount": "root/wmi",
    "BatteryFullChargedCapacity": "root/wmi",
    "BatteryStaticData": "root/wmi",
    "FirewallProduct": "root/SecurityCenter2",
    "MSFT_MpComputerStatus": "root/Microsoft/Windows/Defender",
    "MSFT_NetFirewallProfile": "root/StandardCimv2",
    "MSFT_PhysicalDisk": "root/Microsoft/Windows/Storage",
    "Win32_EncryptableVolume": "root/CIMV2/Security/MicrosoftVolumeEncryption",
    "Win32_Tpm": "root/CIMV2/Security/MicrosoftTpm",
    "WmiMonitorID": "root/wmi",
}
CLASSES = (
    *NAMESPACES,
    "Win32_BIOS",
    "Win32_BaseBoard",
    "Win32_Battery",
    "Win32_ComputerSystem",
    "Win32_ComputerSystemProduct",
    "Win32_DiskDrive",
    "Win32_LogicalDisk",
    "Win32_NetworkAdapter",
    "Win32_NetworkAdapterConfiguration",
    "Win32_OperatingSystem",
    "Win32_PhysicalMemory",
    "Win32_PhysicalMemoryArray",
    "Win32_PnPEntity",
    "Win32_Printer",
    "Win32_Processor",
    "Win32_QuickFixEngineering",
    "Win32_Service",
    "Win32_SystemEnclosure",
    "Win32_VideoController",
    "Win32_Volume",
)
"""All that the sources ask for, read by the one child."""
DAYS = ("DriverDate", "InstalledOn", "ReleaseDate")
SECONDS = 90.0
NO_SUCH_CLASS = ("0x80041002", "0x8004100c", "0x8004100e", "0x80041010")
"""WBEM_E_NOT_FOUND, _NOT_SUPPORTED, _INVALID_NAMESPACE, _INVALID_CLASS (wbemcli.h)."""
REFUSED = ("0x80041003", "0x80041062", "0x80070005")
"""WBEM_E_ACCESS_DENIED, WBEM_E_PRIVILEGE_NOT_HELD, E_ACCESSDENIED."""
EMPTY_LINES = re.compile(r"\n{2,}")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_NAME = re.compile(r"[A-Za-z_]\w{0,99}\Z")
_DECODER = json.JSONDecoder()
_LIST = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,;{}\s][^,;{}]*)')


class Row:
    """One instance: its properties by name, as text, number, flag, list or day. What is empty is not there."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = properties
        self._by_lower: Mapping[str, Any] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self._properties == other._properties

    __hash__ = None  # type: ignore[assignment]

    def _value(self, name: str) -> Any:
        """A property, out of what PowerShell wraps lists and times in. Names have no case: Select-Object keeps the one
        that it was asked with.
        """
        value = self._properties.get(name)
        if value is None and name not in self._properties:
            if self._by_lower is None:
                self._by_lower = {each.lower(): told for each, told in self._properties.items()}
            value = self._by_lower.get(name.lower())
        return value.get("value") if isinstance(value, dict) else value

    def text(self, name: str) -> str:
        """A property as text without placeholders; empty where nothing is known."""
        return said(self.raw(name), name)

    def raw(self, name: str) -> str:
        """A property as text, as it is; numbers in decimal, TRUE or FALSE for a flag."""
        value = self._value(name)
        if isinstance(value, bool):
            return str(value).upper()
        return "" if value is None or isinstance(value, dict | list) else str(value).strip()

    def number(self, name: str) -> int | None:
        """A property as a whole number from 0 on."""
        text = self.raw(name)
        return int(text) if text.isdecimal() and len(text) < 19 else None

    def flag(self, name: str) -> bool | None:
        """A property as yes or no."""
        return {"TRUE": True, "FALSE": False}.get(self.raw(name).upper())

    def texts(self, name: str) -> list[str]:
        """A property that is a list: JSON's, or `{"a","b"}` as wmic writes it."""
        value = self._value(name)
        if isinstance(value, list):
            return [str(each) for each in value if each is not None]
        text = self.raw(name)
        if not (text.startswith("{") and text.endswith("}")):
            return [text] if text else []
        return [(quoted or bare).strip() for quoted, bare in _LIST.findall(text[1:-1])]

    def day(self, name: str) -> str | None:
        """A property that is a time, as its day in ISO 8601; those of DAYS have no time of day."""
        return day_of(self.raw(name), midnight=name in DAYS)


def rows(machine: Machine, name: str) -> list[Row]:
    """The instances of a class. Raises NotHere where the machine has no such class, Denied where only administrators
    may ask for it, TimedOut, Malformed, and OSError for what else Windows says.
    """
    memory = machine.memory("inventory.wmi")
    if name not in memory:
        memory[name] = _recorded(machine, name) if isinstance(machine, RecordedMachine) else _live(machine).get(name)
    if memory[name] is None:
        raise NotHere(f"no {name}")
    if isinstance(memory[name], Exception):
        raise memory[name]
    found: list[Row] = memory[name]
    return found


def some(machine: Machine, name: str) -> list[Row]:
    """The same, and no rows where there is no such class."""
    try:
        return rows(machine, name)
    except NotHere:
        return []


def spare(machine: Machine, name: str) -> list[Row]:
    """The same, and no rows whatever the reason: for a class that adds to what others tell."""
    try:
        return rows(machine, name)
    except (NotHere, Denied, Malformed, TimedOut, OSError):
        return []


def _recorded(machine: Machine, name: str) -> list[Row] | None:
    for path, parse in (
        (f"wmi/{name}.txt", from_list),
        (f"wmi/{name}.json", from_json),
        (f"wmi/{name}.wmi", from_list),
    ):
        try:
            return parse(machine.content(path))
        except NotHere:
            continue
    return None


def _live(machine: Machine) -> dict[str, Answer]:
    """What the child told. It is started once: where it fails or hangs, every source hears so without another wait."""
    memory = machine.memory("inventory.wmi child")
    if "answer" not in memory:
        try:
            output = machine.run("powershell.exe", *_ARGUMENTS, script(CLASSES), seconds=SECONDS)
            memory["answer"] = by_class(output) or Malformed("PowerShell tells of no class", output[:80])
        except (NotHere, Denied, TimedOut, OSError) as error:
            memory["answer"] = error
    if isinstance(memory["answer"], Exception):
        raise memory["answer"]
    found: dict[str, Answer] = memory["answer"]
    return found


_ARGUMENTS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command")


def script(classes: Iterable[str]) -> str:
    """What PowerShell runs: one line a class, its name, a tab and the rows as JSON, or `!` and why there are none."""
    wanted = ";".join(f"{name}={NAMESPACES.get(name, 'root/cimv2')}" for name in classes)
    return (
        "$ErrorActionPreference='SilentlyContinue';[Console]::OutputEncoding=[Text.Encoding]::UTF8;"
        f"foreach($pair in '{wanted}'.Split(';')){{$name,$space=$pair.Split('=');"
        "try{$rows=@(Get-CimInstance -Namespace $space -ClassName $name -ErrorAction Stop|"
        "Select-Object -Property * -ExcludeProperty Cim*,PSComputerName);"
        '$name+"`t"+(ConvertTo-Json -InputObject $rows -Compress -Depth 2)}catch{$name+"`t!"+$_.FullyQualifiedErrorId}}'
    )


def by_class(output: bytes) -> dict[str, Answer]:
    """The rows by class in what `script` writes, or what `rows` is to raise. Lines that are none are passed over."""
    found: dict[str, Answer] = {}
    for line in text_of(output).splitlines():
        name, tab, told = line.partition("\t")
        if told.startswith("!") and _NAME.match(name.strip()):
            found[name.strip()] = _refusal(name.strip(), told[1:])
        elif tab and _NAME.match(name.strip()):
            try:
                found[name.strip()] = from_json(told.encode())
            except Malformed as error:
                found[name.strip()] = error
    return found


def _refusal(name: str, told: str) -> Exception | None:
    """`HRESULT 0x80041010,Microsoft.Management...`, as what it means here; None where there is no such class."""
    code = told.partition(",")[0].strip().rpartition(" ")[2].lower()
    if code in NO_SUCH_CLASS:
        return None
    if code in REFUSED:
        return Denied(f"{name}: needs an administrator")
    return OSError(errno.EIO, f"Get-CimInstance {name}: {told[:80]}")


def text_of(content: bytes) -> str:
    """A text that Windows wrote: UTF-16 with or without its mark, UTF-8, or what is left of an old code page."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if b"\0" in content[:2] and len(content.strip(b"\0")) > 0:
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def from_json(content: bytes) -> list[Row]:
    """The rows of a JSON array, or the one row of an object. Raises Malformed."""
    text = text_of(content).strip("\ufeff \r\n\t")
    try:
        found = _documents(text)
    except (ValueError, RecursionError):
        raise Malformed("not JSON", text) from None
    if isinstance(found, dict):
        found = found.get("value", [found]) if set(found) == {"value", "Count"} else [found]
    if not isinstance(found, list):
        raise Malformed("no rows in the JSON", text)
    return [Row(each) for each in found if isinstance(each, dict)]


def _documents(text: str) -> Any:
    """What the JSON holds; several objects one after the other, as of rows that were written each on its own, as one
    list. Raises ValueError.
    """
    found: list[Any] = []
    at = 0
    while at < len(text):
        told, at = _DECODER.raw_decode(text, at)
        found.append(told)
        at += len(text[at:]) - len(text[at:].lstrip())
    if len(found) > 1 and not all(isinstance(each, dict) for each in found):
        raise ValueError("several things that are no rows")
    return found[0] if len(found) == 1 else found


def from_list(content: bytes) -> list[Row]:
    """The rows of `/format:list`: `Name=Value` lines, empty lines between rows. Raises Malformed for another text."""
    text = text_of(content).replace("\r", "")
    if text.lstrip("\ufeff\n ").startswith("Node,"):
        return _from_csv(text)
    if not re.search(r"[^\n]\n[^\n]", text):  # every line end was doubled on its way here
        text = text.replace("\n\n", "\n")
    found, lines = [], 0
    for paragraph in EMPTY_LINES.split(text):
        properties: dict[str, str] = {}
        for line in paragraph.split("\n"):
            name, equals, value = line.partition("=")
            if not equals or not _NAME.match(name.strip()):
                continue
            lines += 1
            if name.strip() in properties:
                found.append(Row(properties))
                properties = {}
            properties[name.strip()] = _plain(value)
        if properties:
            found.append(Row(properties))
    if text.strip() and not lines:
        raise Malformed("no Name=Value line", text.strip())
    return found


def _from_csv(text: str) -> list[Row]:
    """The rows of `/format:csv`: a line of names from `Node` on, and a line a row. wmic puts no quotes around commas:
    a row with another number of fields is passed over, since nobody knows where one ends.
    """
    names, *lines = [line.split(",") for line in text.split("\n") if line.strip()]
    return [
        Row({name.strip(): _plain(value) for name, value in zip(names, values, strict=True) if name.strip() != "Node"})
        for values in lines
        if len(values) == len(names)
    ]


def _plain(value: str) -> str:
    for entity, character in ENTITIES:
        value = value.replace(entity, character)
    return value
