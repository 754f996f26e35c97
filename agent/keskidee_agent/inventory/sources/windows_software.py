"""Programs of Windows from the registry's Uninstall keys, of 64 and 32 bits; updates from Win32_QuickFixEngineering."""

from __future__ import annotations

import re

from keskidee_agent.inventory.days import day_of, file_time_day
from keskidee_agent.inventory.registry import CONTROL_SET, SOFTWARE, registry_of, text, whole
from keskidee_agent.inventory.wmi import some, spare
from keskidee_agent.inventory.wmi_rows import Row
from keskidee_report.items import Item, item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.registry import Registry
    from keskidee_agent.inventory.registry import Value as RegistryValue

PLATFORMS = ("windows",)
KINDS = ("software", "software_update")
UNINSTALL = r"Microsoft\Windows\CurrentVersion\Uninstall"
FOR_32_BITS = rf"{SOFTWARE}\Wow6432Node\{UNINSTALL}"
ENVIRONMENT = rf"{CONTROL_SET}\Control\Session Manager\Environment"
NAMES = ("DisplayName", "QuietDisplayName")
REMOVERS = ("UninstallString", "QuietUninstallString")
X86, X86_64 = "x86", "x86_64"
ARCHITECTURES = {"x86": X86, "amd64": X86_64, "arm64": "aarch64", "ia64": "ia64"}
OF_PROCESSORS = {5: "arm", 6: "ia64", 12: "aarch64"}
"""Win32_Processor.Architecture, of those whose width alone does not tell."""
USERS, USER = "HKEY_USERS", "HKEY_CURRENT_USER"
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
        for each in _installed(registry, native):
            found = True
            yield each
    for each in _updates(machine, registry, native):
        found = True
        yield each
    if not found:
        raise NotHere("no program is recorded")


def _installed(registry: Registry, native: str) -> Iterator[Item]:
    """The programs of the machine, then those of its users. Who exported a registry as a user has the own hive alone;
    on a live machine that is one of HKEY_USERS, and told once.
    """
    for key, architecture in ((rf"{SOFTWARE}\{UNINSTALL}", native), (FOR_32_BITS, X86)):
        yield from _programs(registry, key, architecture)
    users = [rf"{USERS}\{name}" for name in registry.below(USERS) if _USER.fullmatch(name)]
    for hive in users or [USER]:
        for folder, architecture in ((r"Software", native), (r"Software\Wow6432Node", X86)):
            for each in _programs(registry, rf"{hive}\{folder}\{UNINSTALL}", architecture):
                yield Item(each.kind, each.key, {**each.fields, "scope": "user"})


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
    told = text(registry.values(ENVIRONMENT), "PROCESSOR_ARCHITECTURE").lower() if registry is not None else ""
    if told in ARCHITECTURES:
        return ARCHITECTURES[told]
    processor = next(iter(spare(machine, "Win32_Processor")), Row({}))
    kind = OF_PROCESSORS.get(processor.number("Architecture") or 0, "")
    if not kind and registry is not None and registry.below(FOR_32_BITS):
        return X86_64
    return kind or {32: X86, 64: X86_64}.get(processor.number("AddressWidth") or 0, "")


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
