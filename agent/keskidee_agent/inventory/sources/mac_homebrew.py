"""Packages of Homebrew on a Mac, from its folders (docs.brew.sh, "Terminology"): formulae and casks. No privilege."""

from __future__ import annotations

import json
from contextlib import suppress

from keskidee_agent.inventory.packages import day_of_seconds, package
from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("darwin",)
KINDS = ("software",)
PREFIXES = ("opt/homebrew", "usr/local")  # of Apple's own processors, and of Intel's
FOLDERS = {"Cellar": "formula", "Caskroom": "cask"}
RECEIPT = "INSTALL_RECEIPT.json"


def read(machine: Machine) -> Iterator[Item]:
    """One item a formula or cask, with the version that was installed last. Raises NotHere without Homebrew."""
    found = False
    for prefix in PREFIXES:
        for folder, kind in FOLDERS.items():
            for name in _names(machine, f"{prefix}/{folder}"):
                versions = _names(machine, f"{prefix}/{folder}/{name}")
                if versions:
                    found = True
                    yield _package(machine, f"{prefix}/{folder}/{name}", versions, kind)
    if not found:
        raise NotHere("no package of Homebrew")


def _names(machine: Machine, folder: str) -> list[str]:
    with suppress(NotHere, Denied, OSError):
        return [name for name in machine.names(folder) if not name.startswith(".")]  # `.metadata` of a cask
    return []


def _package(machine: Machine, folder: str, versions: list[str], kind: str) -> Item:
    seconds, version = max((_installed(machine, f"{folder}/{each}"), each) for each in versions)
    return package("homebrew", folder.rpartition("/")[2], version, kind=kind, installed_on=day_of_seconds(str(seconds)))


def _installed(machine: Machine, folder: str) -> int:
    """Seconds since 1970; 0 where there is no receipt, as of casks."""
    with suppress(NotHere, Denied, OSError, ValueError, RecursionError):
        receipt = json.loads(machine.content(f"{folder}/{RECEIPT}"))
        told = receipt.get("time") if isinstance(receipt, dict) else 0
        return told if isinstance(told, int) else 0
    return 0
