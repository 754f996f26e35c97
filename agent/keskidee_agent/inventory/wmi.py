"""Rows of WMI classes: from one PowerShell child on a live Windows, from `wmi/<Class>.txt` or `.json` in a recording.

Sources: CIM schema and the Win32 provider (properties by their names there); `wmi_rows.py` has the forms.
"""

from __future__ import annotations

import errno

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.wmi_rows import NAME, Row, from_json, from_list, text_of
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from keskidee_agent.host.machine import Machine

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
SECONDS = 90.0
NO_SUCH_CLASS = ("0x80041002", "0x8004100c", "0x8004100e", "0x80041010")
"""WBEM_E_NOT_FOUND, _NOT_SUPPORTED, _INVALID_NAMESPACE, _INVALID_CLASS (wbemcli.h)."""
REFUSED = ("0x80041003", "0x80041062", "0x80070005")
"""WBEM_E_ACCESS_DENIED, WBEM_E_PRIVILEGE_NOT_HELD, E_ACCESSDENIED."""


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
        if told.startswith("!") and NAME.match(name.strip()):
            found[name.strip()] = _refusal(name.strip(), told[1:])
        elif tab and NAME.match(name.strip()):
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
