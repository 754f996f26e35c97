"""Where a machine's own network ends: its default gateways, from /proc/net/route and /proc/net/ipv6_route.

Source: Linux, Documentation/networking/proc_net_tcp.rst and net/ipv4/fib_trie.c: addresses of version 4 are written as
hexadecimal numbers in the machine's own byte order, those of version 6 as their bytes.
"""

from __future__ import annotations

import sys
from contextlib import suppress

from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine

NOWHERE_4, NOWHERE_6 = "0" * 8, "0" * 32
UP_AND_GATEWAY = 0x3  # RTF_UP, RTF_GATEWAY


def gateways(machine: Machine) -> dict[str, tuple[str, ...]]:
    """The default gateways of each interface that has any, those of version 4 first."""
    found: dict[str, list[str]] = {}
    for path, parse in (("proc/net/route", of_version_4), ("proc/net/ipv6_route", of_version_6)):
        with suppress(NotHere, Denied, OSError):
            for interface, address in parse(machine.content(path).decode("ascii", "replace")):
                found.setdefault(interface, []).append(address)
    return {interface: tuple(dict.fromkeys(addresses)) for interface, addresses in found.items()}


def of_version_4(text: str, byteorder: str = sys.byteorder) -> Iterator[tuple[str, str]]:
    """Interface and gateway of each default route. Lines that are none are passed over."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 8 or fields[1] != NOWHERE_4 or fields[7] != NOWHERE_4 or len(fields[2]) != 8:
            continue
        with suppress(ValueError):
            raw = bytes.fromhex(fields[2])
            if int(fields[3], 16) & UP_AND_GATEWAY == UP_AND_GATEWAY:
                yield fields[0], ".".join(map(str, raw[::-1] if byteorder == "little" else raw))


def of_version_6(text: str) -> Iterator[tuple[str, str]]:
    """The same of /proc/net/ipv6_route: target, its bits, source, its bits, gateway, ..., flags, interface."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 10 or fields[0] != NOWHERE_6 or fields[1] != "00" or len(fields[4]) != 32:
            continue
        with suppress(ValueError):
            if int(fields[8], 16) & UP_AND_GATEWAY == UP_AND_GATEWAY and fields[4] != NOWHERE_6:
                from socket import AF_INET6, inet_ntop

                yield fields[9], inet_ntop(AF_INET6, bytes.fromhex(fields[4]))
