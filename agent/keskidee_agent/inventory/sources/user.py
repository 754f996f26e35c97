"""Accounts of people and who signed in last, as far as the privacy setting lets their names be told (people.py)."""

from __future__ import annotations

from contextlib import suppress

from keskidee_agent.host.machine import DARWIN, WINDOWS
from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

KINDS = ("local_user", "last_user")
LOGON = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\LogonUI"
FIRST, LAST = 1000, 59999  # the numbers that adduser and useradd give to people (login.defs)
LAST_OF_MACOS = 500  # below are the system's own
LOGIN_WINDOW = "/Library/Preferences/com.apple.loginwindow"
NO_SHELLS = ("/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/usr/bin/false")


def read(machine: Machine) -> Iterator[Item]:
    """`local_user` by name on Linux and macOS, `last_user` on Windows and macOS.

    Raises NotHere where no name may be told: the default.
    """
    names = {WINDOWS: _windows, DARWIN: _macos}.get(machine.platform, _linux)(machine)
    found = False
    for kind, name in names:
        told = machine.user_name(name)
        if told is not None:
            found = True
            yield item(kind, told if kind == "local_user" else "last user", {"name": told})
    if not found:
        raise NotHere("no user, or names of users are not to be told (privacy.user_names)")


def _linux(machine: Machine) -> Iterator[tuple[str, str]]:
    for line in machine.content("etc/passwd").decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        number = fields[2] if len(fields) == 7 and fields[6] not in NO_SHELLS else ""
        if number.isdecimal() and len(number) < 8 and FIRST <= int(number) <= LAST:
            yield "local_user", fields[0]


def _macos(machine: Machine) -> Iterator[tuple[str, str]]:
    """The accounts of Directory Services with a person's number (dscl(1)), and the one that loginwindow knows."""
    for line in machine.run("dscl", ".", "-list", "/Users", "UniqueID").decode("utf-8", "replace").splitlines():
        name, _, number = line.rpartition(" ")
        if number.isdecimal() and len(number) < 11 and int(number) > LAST_OF_MACOS and name.strip()[:1] != "_":
            yield "local_user", name.strip()
    with suppress(NotHere, Denied, OSError):
        name = machine.run("defaults", "read", LOGIN_WINDOW, "lastUserName").decode("utf-8", "replace").strip()
        if name and "\n" not in name:
            yield "last_user", name


def _windows(machine: Machine) -> Iterator[tuple[str, str]]:
    """Who Windows' sign-in page would offer; the one at the screen now where it does not say."""
    from keskidee_agent.inventory.registry import registry_of, text
    from keskidee_agent.inventory.wmi import some

    with suppress(NotHere):
        name = text(registry_of(machine).values(LOGON), "LastLoggedOnUser")
        if name:
            yield "last_user", name.removeprefix(".\\")
            return
    for row in some(machine, "Win32_ComputerSystem")[:1]:
        if row.raw("UserName"):
            yield "last_user", row.raw("UserName")
