"""Network interfaces by ifconfig(8): macOS, the BSDs, and Linux where nothing better was recorded."""

from __future__ import annotations

import re
from contextlib import suppress

from keskidee_agent.host.machine import LINUX
from keskidee_report.items import item
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item, Value

    Fields = dict[str, Value | None]

PLATFORMS = ("linux", "darwin")
KINDS = ("network",)
MOVING = ("up", "speed_bits_per_second")
_HEAD = re.compile(r"^([A-Za-z][\w.-]*(?::\d+)?): flags=[0-9a-f]+<([^>]*)>.*?(?: mtu (\d{1,6}))?\s*$")
_OLD_HEAD = re.compile(r"^([A-Za-z][\w.-]*(?::\d+)?)\s+Link encap:(\w[\w ]*?)(?:\s{2,}HWaddr ([0-9A-Fa-f:-]{17}))?\s*$")
_MAC = re.compile(r"^\s+(?:ether|address:|HWaddr) ([0-9a-fA-F:]{17})\b")
_INET = re.compile(r"^\s+inet (?:addr:)?([\d.]{7,15})(?: --> [\d.]+)?.*?(?:netmask |Mask:)(0x[0-9a-f]{8}|[\d.]{7,15})")
_INET6 = re.compile(r"^\s+inet6 (?:addr: )?([0-9a-fA-F:]{2,45})(?:%\S+)?(?: prefixlen |/)(\d{1,3})")
_MEDIA = re.compile(r"\((\d+)(G?)base", re.IGNORECASE)
_MTU = re.compile(r"\bMTU:(\d{1,6})")
KINDS_BY_NAME = {
    "lo": "loopback",
    "bridge": "bridge",
    "bond": "aggregate",
    "ppp": "dialup",
    "wlan": "wifi",
    "eth": "ethernet",
}
KINDS_BY_PORT = {"wi-fi": "wifi", "airport": "wifi", "ethernet": "ethernet", "lan": "ethernet", "bridge": "bridge"}
KINDS_BY_PORT |= {"thunderbolt": "ethernet", "bluetooth": "bluetooth", "modem": "dialup", "usb": "dialup"}
SOFTWARE = ("lo", "utun", "gif", "stf", "awdl", "llw", "p2p", "vnic", "bridge", "tun", "tap", "vboxnet", "docker")


def read(machine: Machine) -> Iterator[Item]:
    """`network`, keyed by the interface's name: addresses with their prefix, MAC, MTU, whether it has a link.

    On macOS `name` is that of the hardware port (`Wi-Fi`). Raises NotHere where the kernel or `ip` tell more.
    """
    if machine.platform == LINUX and (machine.exists("sys/class/net") or _ip_answers(machine)):
        raise NotHere("the kernel tells it")
    told = parse(machine.run("ifconfig", "-a").decode("utf-8", "replace"))
    if not told:
        raise NotHere("ifconfig tells of no interface")
    ports = _ports(machine)
    for name, fields in told.items():
        port = ports.get(name, "")
        kind = "bridge" if "bridge" in port.lower() else _kind_of_port(port) or fields.get("type") or _kind(name)
        virtual = not port if ports else name.startswith(SOFTWARE) or None
        yield item("network", name, {**fields, "name": port or name, "type": kind, "virtual": virtual, "device": name})


def _ip_answers(machine: Machine) -> bool:
    with suppress(NotHere, Denied, TimedOut, OSError):
        return bool(machine.run("ip", "address", "show").strip())
    return False


def _kind_of_port(port: str) -> str | None:
    return next((kind for word, kind in KINDS_BY_PORT.items() if word in port.lower()), None)


def _kind(name: str) -> str | None:
    return next((kind for word, kind in KINDS_BY_NAME.items() if re.match(rf"{word}\d*$", name)), None)


def _ports(machine: Machine) -> dict[str, str]:
    """The names of macOS' hardware ports by their interface, from networksetup(8) or system_profiler."""
    found: dict[str, str] = {}
    with suppress(NotHere, Denied, TimedOut, OSError):
        port = ""
        for line in machine.run("networksetup", "-listallhardwareports").decode("utf-8", "replace").splitlines():
            label, _, value = line.partition(": ")
            if label == "Hardware Port":
                port = value.strip()
            elif label == "Device" and port:
                found[value.strip()] = port
    with suppress(NotHere, Denied, Malformed, TimedOut, OSError):
        from keskidee_agent.inventory.profiler import section  # here: this file is loaded on Linux, too

        for node in section(machine, "SPNetworkDataType", "Network").nodes:
            if node.text("BSD Device Name"):
                found.setdefault(node.text("BSD Device Name"), node.name)
    return found


def parse(text: str) -> dict[str, Fields]:
    """The interfaces by name, in either of ifconfig's forms. `up` is whether there is a link, where that is said."""
    found: dict[str, Fields] = {}
    fields: Fields = {}
    for line in text.splitlines():
        head, old = _HEAD.match(line), _OLD_HEAD.match(line)
        if head:
            fields = found.setdefault(head[1], {})
            flags = head[2].split(",")
            fields["up"] = "RUNNING" in flags and "UP" in flags
            fields["mtu_bytes"] = int(head[3]) if head[3] else None
        elif old:
            kind = {"Ethernet": "ethernet", "Local Loopback": "loopback"}.get(old[2].strip())
            fields = found.setdefault(old[1], {"type": kind, "up": False})
            fields["mac"] = old[3].lower().replace("-", ":") if old[3] else None
        elif found:
            _add(fields, line)
    return found


def _add(fields: Fields, line: str) -> None:
    mac, inet, inet6, mtu = _MAC.match(line), _INET.match(line), _INET6.match(line), _MTU.search(line)
    if mac:
        fields["mac"] = mac[1].lower()
    elif inet:
        _address(fields, inet[1], _bits(inet[2]))
    elif inet6:
        _address(fields, inet6[1].lower(), int(inet6[2]))
    elif mtu:
        words = line.split()
        fields |= {"mtu_bytes": int(mtu[1]), "up": "UP" in words and "RUNNING" in words}
    elif line.strip().startswith("status:"):
        fields["up"] = line.split(":", 1)[1].strip() in ("active", "associated")
    media = _MEDIA.search(line) if "media:" in line else None
    if media and len(media[1]) < 7:
        fields["speed_bits_per_second"] = int(media[1]) * (1_000_000_000 if media[2] else 1_000_000)


def _address(fields: Fields, address: str, bits: int | None) -> None:
    known = fields.get("addresses")
    if bits is not None:
        fields["addresses"] = (*(known if isinstance(known, tuple) else ()), f"{address}/{bits}")


def _bits(mask: str) -> int | None:
    """`0xffffff00` or `255.255.255.0` as the number of its ones; None where they are not all in front."""
    try:
        number = (
            int(mask, 16)
            if mask.startswith("0x")
            else sum(int(part) << 8 * (3 - at) for at, part in enumerate(mask.split(".")))
        )
    except ValueError:
        return None
    bits = number.bit_count()
    return bits if number == (0xFFFFFFFF << (32 - bits)) & 0xFFFFFFFF else None
