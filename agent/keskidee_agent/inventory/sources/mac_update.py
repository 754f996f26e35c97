"""Updates of macOS that were installed, from its own history (InstallHistory.plist, which installer(8) keeps)."""

from __future__ import annotations

from datetime import datetime

from keskidee_report.items import item
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("darwin",)
KINDS = ("software_update",)
HISTORY = "Library/Receipts/InstallHistory.plist"
BY_APPLE = (
    "softwareupdated",
    "softwareupdate",
    "software update",
    "macos installer",
    "os x installer",
    "osinstallersetupd",
)
"""Programs that install what Apple's Software Update offers; the others install applications."""


def read(machine: Machine) -> Iterator[Item]:
    """`software_update` by its name, its latest version, and the day it came.

    Raises NotHere without a history, Malformed where it is cut short.
    """
    import plistlib
    from xml.parsers.expat import ExpatError

    content = machine.content(HISTORY)
    try:
        told = plistlib.loads(content)
    except (ValueError, ExpatError, RecursionError, AttributeError, IndexError, KeyError, TypeError, OverflowError):
        raise Malformed("not a property list", content[:80]) from None
    latest: dict[str, Mapping[str, Any]] = {}
    for each in told if isinstance(told, list) else ():
        if isinstance(each, dict) and str(each.get("processName", "")).lower() in BY_APPLE and each.get("displayName"):
            name = str(each["displayName"])
            latest[name] = max(latest.get(name, each), each, key=_day)
    if not latest:
        raise NotHere("no update was installed since the system was")
    for name, each in latest.items():
        fields = {"version": str(each.get("displayVersion", "")), "installed_on": _day(each) or None}
        yield item("software_update", name, fields)


def _day(entry: Mapping[str, Any]) -> str:
    day = entry.get("date")
    return day.date().isoformat() if isinstance(day, datetime) else ""
