"""Programs of Windows from the registry's Uninstall keys, of 64 and 32 bits; updates from Win32_QuickFixEngineering."""

from __future__ import annotations

import re

from keskidee_agent.inventory.days import day_of, file_time_day
from keskidee_agent.inventory.registry import SOFTWARE, registry_of, text, whole
from keskidee_agent.inventory.wmi import some, spare
from keskidee_report.items import Item, item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.inventory.registry import Registry
    from keskidee_agent.inventory.registry import Value as RegistryValue
    from keskidee_agent.machine import Machine

PLATFORMS = ("windows",)
KINDS = ("software", "software_update")
UNINSTALL = r"Microsoft\Windows\CurrentVersion\Uninstall"
FOR_32_BITS = rf"{SOFTWARE}\Wow6432Node\{UNINSTALL}"
NAMES = ("DisplayName", "QuietDisplayName")
REMOVERS = ("UninstallString", "QuietUninstallString")
X86, X86_64 = "x86", "x86_64"
USERS = "HKEY_USERS"
_USER = re.compile(r"S-1-(?:5-21|12-1)-[\d-]+")  # people, of this machine, a domain or Entra; `..._Classes` is no user
_KB = re.compile(r"KB\d{6,8}")
_HOTFIX = re.compile(r"(KB\d{6,8})(?:[-_]?v\d{1,2})?", re.IGNORECASE)  # `KB958655-v2`
_PACKAGE = re.compile(r"Package_for_(KB\d{6,8})~[^~]*~[^~]*~[^~]*~([\d.]+)", re.IGNORECASE)
PACKAGES = rf"{SOFTWARE}\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"
INSTALLED = 0x70  # CurrentState of a package


def read(machine: Machine) -> Iterator[Item]:
    """`software` by its name, `software_update` by its number (`KB2553270`).

    What is installed for one user says so in `scope`; whose it is, is not told.

    A key that has neither a name, nor a way to uninstall, nor an update's number is a mark of an installer.
    Raises NotHere where neither registry nor WMI is there.
    """
    found = False
    try:
        registry = registry_of(machine)
    except NotHere:
        registry = None
    native = _architecture(machine, registry)
    if registry is not None:
        for key, architecture in ((rf"{SOFTWARE}\{UNINSTALL}", native), (FOR_32_BITS, X86)):
            for each in _programs(registry, key, architecture):
                found = True
                yield each
        for user in filter(_USER.fullmatch, registry.below(USERS)):
            for each in _programs(registry, rf"{USERS}\{user}\Software\{UNINSTALL}", native):
                found = True
                yield Item(each.kind, each.key, {**each.fields, "scope": "user"})
    for each in _updates(machine, registry, native):
        found = True
        yield each
    if not found:
        raise NotHere("no program is recorded")


def _updates(machine: Machine, registry: Registry | None, architecture: str) -> Iterator[Item]:
    """What Windows lists, and what its component store has beyond that list."""
    told = set()
    for row in some(machine, "Win32_QuickFixEngineering"):
        matched = _HOTFIX.fullmatch(row.raw("HotFixID"))
        if matched:
            kind = row.text("Description") or row.text("FixComments")
            fields = {
                "kind": kind.partition(" for ")[0] if " for " in kind else kind,
                "description": row.text("Description"),
                "architecture": architecture,
                "url": row.raw("Caption") if row.raw("Caption").startswith("http") else "",
                "installed_on": row.day("InstalledOn"),
            }
            told.add(matched[1].upper())
            yield item("software_update", matched[1].upper(), fields)
    if registry is None:
        return
    for name in registry.below(PACKAGES):
        package = _PACKAGE.match(name)
        number = package[1].upper() if package else ""
        if package is None or number in told:
            continue
        values = registry.values(rf"{PACKAGES}\{name}")
        if whole(values, "CurrentState") == INSTALLED:
            told.add(number)
            high, low = whole(values, "InstallTimeHigh"), whole(values, "InstallTimeLow")
            day = file_time_day((high & 0xFFFFFFFF) << 32 | low & 0xFFFFFFFF) if high and low is not None else None
            yield item("software_update", number, {"version": package[2], "installed_on": day})


def _architecture(machine: Machine, registry: Registry | None) -> str:
    """That of the installation; programs of its own are taken to be of it. Empty where nothing tells."""
    if registry is not None and registry.below(FOR_32_BITS):
        return X86_64
    width = next((row.number("AddressWidth") for row in spare(machine, "Win32_Processor")), None)
    return {32: X86, 64: X86_64}.get(width or 0, "")


def _programs(registry: Registry, key: str, architecture: str) -> Iterator[Item]:
    for name in registry.below(key):
        values = registry.values(rf"{key}\{name}")
        shown = next(filter(None, (text(values, each) for each in NAMES)), "")
        if shown or any(text(values, each) for each in REMOVERS) or (values and _KB.search(name)):
            yield _program(shown or name, name, architecture, values)


def _program(shown: str, name: str, architecture: str, values: dict[str, RegistryValue]) -> Item:
    remover = text(values, "UninstallString")
    return item(
        "software",
        shown,
        {
            "name": shown,
            "version": text(values, "DisplayVersion"),
            "maker": text(values, "Publisher"),
            "installed_on": day_of(text(values, "InstallDate")),
            "architecture": architecture,
            "format": "registry",
            "id": name,
            "kind": text(values, "ReleaseType"),
            "comment": text(values, "Comments"),
            "part_of": text(values, "ParentDisplayName"),
            "system_component": True if whole(values, "SystemComponent") == 1 else None,
            "removable": None if whole(values, "NoRemove") is None else whole(values, "NoRemove") == 0,
            "help_url": text(values, "HelpLink"),
            "url": text(values, "URLInfoAbout"),
            "uninstall_command": remover,
            "version_major": whole(values, "MajorVersion") or whole(values, "VersionMajor"),
            "version_minor": whole(values, "MinorVersion") or whole(values, "VersionMinor"),
            "size_bytes": (whole(values, "EstimatedSize") or 0) * 1024 or None,
        },
    )
