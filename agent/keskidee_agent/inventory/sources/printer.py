"""Printers that are set up with CUPS, by lpstat(1). Those of a Mac are in mac.py, of Windows in windows_devices.py."""

from __future__ import annotations

import re
from contextlib import suppress

from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("printer",)
_DEVICE = re.compile(r"^device for (\S+): (\S+)$")
_DEFAULT = re.compile(r"^system default destination: (\S+)$")
_CREDENTIALS = re.compile(r"//[^/@]*@")
_SERIAL = re.compile(r"[?&]serial=([^&]+)")
NETWORK = ("ipp", "ipps", "socket", "lpd", "smb", "dnssd", "http", "https")


def read(machine: Machine) -> Iterator[Item]:
    """`printer` by the queue's name: where it is, its serial number where it hangs on USB. Raises NotHere: none."""
    default = ""
    with suppress(NotHere, Denied, TimedOut, OSError):
        default = _default(machine.run("lpstat", "-d"))
    found = False
    for each in parse(machine.run("lpstat", "-v"), default):
        found = True
        yield each
    if not found:
        raise NotHere("no printer is set up")


def without_credentials(address: str) -> str:
    """A printer's address without who logs on there."""
    return _CREDENTIALS.sub("//", address)


def _default(output: bytes) -> str:
    lines = map(_DEFAULT.match, output.decode("utf-8", "replace").splitlines())
    return next((found[1] for found in lines if found), "")


def parse(output: bytes, default: str = "") -> Iterator[Item]:
    """`device for office: usb://HP/LaserJet?serial=X`; who logs on to a printer's server is left out."""
    for line in output.decode("utf-8", "replace").splitlines():
        found = _DEVICE.match(line.strip())
        if found:
            name, address = found[1], without_credentials(found[2])
            serial = _SERIAL.search(address)
            fields = {
                "name": name,
                "port": address,
                "serial": serial[1] if serial else None,
                "network": address.partition(":")[0] in NETWORK,
                "default": name == default or None,
            }
            yield item("printer", name, fields)
