"""Updates that wait to be installed, and whether a restart is due. What no file or local list says is absent."""

from __future__ import annotations

import re
from contextlib import suppress

from keskidee_agent.host.machine import DARWIN, WINDOWS
from keskidee_report.items import item
from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

KINDS = ("pending_update", "restart", "software_update")
"""The last is windows_software.py's; where another system was put over Windows, it is told here that they are gone."""
DEADLINE_SECONDS = 90.0
SECONDS = 60.0
REQUIRED = ("run/reboot-required", "var/run/reboot-required")
SERVICING = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
WINDOWS_UPDATE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
SESSION_MANAGER = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager"
UPDATE_EXE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Updates"
COMPUTER_NAME = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName"
NAMES = ("ActiveComputerName", "ComputerName")
SERVICING_WAITS = {"rebootpending", "rebootinprogress", "packagespending"}
MACOS = "Library/Preferences/com.apple.SoftwareUpdate.plist"
APT = ("apt-get", "-q", "-o", "Debug::NoLocking=true", "--simulate", "dist-upgrade")
DNF = ("dnf", "-C", "-q", "check-update")
_INST = re.compile(r"^Inst (\S+) \[(\S+)\] \((\S+) ([^\[\)]*)")
_OBSOLETE = re.compile(r"^obsoleting packages", re.IGNORECASE | re.MULTILINE)
_FOLDED = re.compile(r"\r?\n[ \t]+(?=\S)")
_DNF = re.compile(r"^(\S+)\.(\w+)\s+(\S*\d\S*)\s+(\S+)\s*$")


def read(machine: Machine) -> Iterator[Item]:
    """`pending_update` by package with its versions; `restart`, one, where a restart is due, with what asks for it.

    Raises NotHere where nothing waits, or nothing says so.
    """
    found = list({WINDOWS: _windows, DARWIN: _macos}.get(machine.platform, _linux)(machine))
    if not found:
        raise NotHere("nothing waits, as far as local lists say")
    yield from found


def _linux(machine: Machine) -> Iterator[Item]:
    path = next(filter(machine.exists, REQUIRED), None)
    if path is not None:
        packages: list[str] = []
        with suppress(NotHere, Denied, Malformed):
            packages = machine.text(f"{path}.pkgs").split()
        yield item("restart", "restart", {"due": True, "asked_by": tuple(dict.fromkeys(packages))})
    if any(map(machine.exists, ("var/cache/apt/pkgcache.bin", "commands/apt-get"))):  # without it: 3 s of CPU each time
        with suppress(NotHere, Denied):
            yield from of_apt(machine.run(*APT, seconds=SECONDS))
    if any(map(machine.exists, ("var/cache/dnf", "var/cache/libdnf5", "commands/dnf"))):
        with suppress(NotHere, Denied):
            yield from of_dnf(machine.run(*DNF, seconds=SECONDS, status_counts=False))


def of_apt(output: bytes) -> Iterator[Item]:
    """`Inst bash [5.2.15-2] (5.2.15-3 Debian-Security:12/stable-security [amd64])`, as apt-get simulates it."""
    for line in output.decode("utf-8", "replace").splitlines():
        found = _INST.match(line)
        if found:
            name, old, new, origin = found.groups()
            fields = {"installed": old, "available": new, "origin": origin.strip()}
            yield item("pending_update", name, {**fields, "security": "security" in origin.lower()})


def of_dnf(output: bytes) -> Iterator[Item]:
    """`bash.x86_64   5.1.8-9.el9   baseos`, up to the list of what is obsolete."""
    text = _OBSOLETE.split(output.decode("utf-8", "replace"), maxsplit=1)[0]
    for line in _FOLDED.sub(" ", text).splitlines():  # to 80 columns, a long name in a line of its own
        found = _DNF.match(line)
        if found:
            name, architecture, version, origin = found.groups()
            fields = {"architecture": architecture, "available": version, "origin": origin}
            yield item("pending_update", name, fields)


def _macos(machine: Machine) -> Iterator[Item]:
    """What Software Update found when it looked last (RecommendedUpdates of its property list). Raises Malformed."""
    import plistlib
    from xml.parsers.expat import ExpatError

    content = machine.content(MACOS)
    try:
        told = plistlib.loads(content)
    except (ValueError, ExpatError, RecursionError, AttributeError, IndexError, KeyError, TypeError, OverflowError):
        raise Malformed("not a property list", content[:80]) from None
    waiting = told.get("RecommendedUpdates") if isinstance(told, dict) else None
    for each in waiting if isinstance(waiting, list) else ():
        if isinstance(each, dict) and each.get("Display Name"):
            name, version = str(each["Display Name"]), str(each.get("Display Version", ""))
            yield item("pending_update", name, {"available": version, "id": str(each.get("Identifier", ""))})


def _windows(machine: Machine) -> Iterator[Item]:
    from keskidee_agent.inventory.registry import registry_of, text, whole

    registry = registry_of(machine)
    asking = []
    if SERVICING_WAITS & set(map(str.lower, registry.below(SERVICING))):
        asking.append("component servicing")
    if "rebootrequired" in map(str.lower, registry.below(WINDOWS_UPDATE)):
        asking.append("Windows Update")
    if registry.values(SESSION_MANAGER).get("pendingfilerenameoperations"):
        asking.append("files to be replaced")
    if whole(registry.values(UPDATE_EXE), "UpdateExeVolatile"):
        asking.append("an update's own program")
    names = [text(registry.values(rf"{COMPUTER_NAME}\{each}"), "ComputerName") for each in NAMES]
    if all(names) and len(set(map(str.lower, names))) > 1:
        asking.append("a new computer name")
    if asking:
        yield item("restart", "restart", {"due": True, "asked_by": tuple(asking)})
    elif registry.below(SERVICING):
        yield item("restart", "restart", {"due": False})
