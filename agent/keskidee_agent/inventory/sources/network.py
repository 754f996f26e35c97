"""Network adapters and the interfaces made of them, from /sys/class/net (Documentation/ABI/testing/sysfs-class-net),
with their addresses from `ip address` (iproute2). Linux; no privilege.

Traffic, and whether a cable is in, are the agent's readings: what changes each minute is no inventory.
"""

from __future__ import annotations

import re
from contextlib import suppress

from keskidee_agent.inventory.lspci import devices_of
from keskidee_agent.inventory.routes import gateways
from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.lspci import Device
    from keskidee_report.items import Item, Value

PLATFORMS = ("linux",)
KINDS = ("network",)
MOVING = ("gateways",)
FOLDER = "sys/class/net"
LOOPBACK_TYPE, INFINIBAND_TYPE, PPP_TYPE = "772", "32", "512"  # include/uapi/linux/if_arp.h
PASSING = ("veth", "cali", "cni", "vnet", "tap", "lxc", "docker_gwbridge", "br-")
"""How interfaces begin that come and go with each container; they are no part of a machine."""
NO_MAC = "00:00:00:00:00:00"
_HEAD = re.compile(r"^\d+: ([^:@\s]+(?::\d+)?)(?:@\S+)?: <([^>]*)>(?:.* mtu (\d+))?")
_LINK = re.compile(r"^\s+link/(\w+) ([0-9a-f:]{17,59})\b")
_ADDRESS = re.compile(
    r"^\s+inet6? ([0-9a-fA-F.:]{2,45})(?:/(\d{1,3}))?(?: peer [0-9a-fA-F.:]+(?:/(\d{1,3}))?)? .*?scope \w+(.*)$"
)


def read(machine: Machine) -> Iterator[Item]:
    """An interface by its name: what sort it is, its hardware address, its addresses, the PCI device behind it.

    Raises NotHere where the kernel shows no interface and `ip` is not recorded.
    """
    told = _told(machine)
    try:
        names = machine.names(FOLDER)
    except NotHere:
        names = []
    hardware, ways = (_pci(machine), gateways(machine)) if names else ({}, {})
    for name in names:
        if machine.exists(f"{FOLDER}/{name}/address") and not name.startswith(PASSING):
            fields = {**told.get(name, {}), "gateways": ways.get(name)}
            yield item("network", name, {**fields, **_of_kernel(machine, name, hardware), "name": name})
    for name, fields in told.items():
        if names and fields.get("type") == "alias" and not name.startswith(PASSING):
            yield item("network", name, {**fields, "name": name})
    if not names:
        for name, fields in told.items():
            yield item("network", name, {**fields, "name": name})
        if not told:
            raise NotHere("no network interface")


def _told(machine: Machine) -> dict[str, dict[str, Value | None]]:
    with suppress(NotHere, Denied, TimedOut, OSError):
        return parse(machine.run("ip", "address", "show").decode("utf-8", "replace"))
    return {}


def _pci(machine: Machine) -> dict[str, Device]:
    with suppress(NotHere, OSError, TimedOut):
        return {device.address: device for device in devices_of(machine)}
    return {}


def _of_kernel(machine: Machine, name: str, hardware: dict[str, Device]) -> dict[str, Value | None]:
    def attribute(file: str) -> str:
        with suppress(NotHere, Denied, OSError):  # EINVAL: no speed while the cable is out
            return machine.text(f"{FOLDER}/{name}/{file}")
        return ""

    place = machine.place(f"{FOLDER}/{name}/device")
    device = hardware.get(place.rpartition("/")[2]) or hardware.get(place.split("/")[-2])
    mac, permanent = attribute("address"), attribute("bonding_slave/perm_hwaddr")
    return {
        "type": _type(machine, name, attribute("type")),
        "mac": "" if mac == NO_MAC else mac,
        "permanent_mac": permanent if permanent != mac else "",
        "virtual": "/virtual/" in machine.place(f"{FOLDER}/{name}"),
        "driver": machine.place(f"{FOLDER}/{name}/device/driver").rpartition("/")[2] if _has(machine, name) else "",
        "maker": device.maker if device else None,
        "model": device.model if device else None,
        "pci_address": device.address if device else None,
    }


def _has(machine: Machine, name: str) -> bool:
    return machine.exists(f"{FOLDER}/{name}/device/driver")


def _type(machine: Machine, name: str, number: str) -> str:
    if number == LOOPBACK_TYPE:
        return "loopback"
    if number == INFINIBAND_TYPE:
        return "infiniband"
    if number == PPP_TYPE:
        return "dialup"
    for file, kind in (("wireless", "wifi"), ("phy80211", "wifi"), ("bridge", "bridge"), ("bonding", "aggregate")):
        if machine.exists(f"{FOLDER}/{name}/{file}"):
            return kind
    return "ethernet" if number == "1" else ""


def parse(text: str) -> dict[str, dict[str, Value | None]]:
    """Interfaces of `ip address show`: `mac`, `addresses` such as `192.168.0.10/24`, `up` as it was set.

    An address with a label of its own (`eth0:0`) is one of an interface of that name, of the type `alias`.
    """
    found: dict[str, dict[str, Value | None]] = {}
    name = ""
    for line in text.splitlines():
        head, link, address = _HEAD.match(line), _LINK.match(line), _ADDRESS.match(line)
        if head:
            name = head[1]
            found[name] = {"up": "UP" in head[2].split(",")}
        elif link and name and link[1] in ("ether", "infiniband") and link[2] != NO_MAC:
            found[name]["mac"] = link[2]
        elif address and name:
            _add(found, name, address)
    return found


def _add(found: dict[str, dict[str, Value | None]], name: str, address: re.Match[str]) -> None:
    label = address[4].split()[-1:]
    if label and label[0].startswith(f"{name}:"):
        fields = found.setdefault(label[0], {**found[name], "type": "alias", "addresses": ()})
    else:
        fields = found[name]
    bits = address[3] or address[2] or ("128" if ":" in address[1] else "32")
    known = fields.get("addresses")
    fields["addresses"] = (*(known if isinstance(known, tuple) else ()), f"{address[1]}/{bits}")
