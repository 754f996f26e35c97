"""Which name servers the machine asks, from /etc/resolv.conf (resolv.conf(5)). Linux; no privilege."""

from __future__ import annotations

from keskidee_report.items import item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("resolver",)
MOVING = ("name_servers", "search")
"""A laptop is given others in every network; that is no change of the machine."""
PATH = "etc/resolv.conf"


def read(machine: Machine) -> Iterator[Item]:
    """`resolver`, one: the servers and the domains that are searched, in their order. Raises NotHere without any."""
    servers: list[str] = []
    search: list[str] = []
    for line in machine.content(PATH).decode("utf-8", "replace").splitlines():
        words = line.partition("#")[0].partition(";")[0].split()
        if words[:1] == ["nameserver"]:
            servers += words[1:2]
        elif words[:1] in (["search"], ["domain"]):
            search = words[1:]  # the last of these lines holds
    if not servers:
        raise NotHere("no name server is set")
    yield item("resolver", "resolver", {"name_servers": tuple(servers), "search": tuple(search)})
