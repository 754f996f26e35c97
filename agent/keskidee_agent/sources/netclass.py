"""State of each network interface, from /sys/class/net (Documentation/ABI/testing/sysfs-class-net). No privilege.

An interface has twenty attributes, and most never change. What happens to it the kernel announces, a change of its
carrier within a second (net/core/link_watch.c). Then four attributes tell which interface it was: a new carrier counts,
a replaced interface has another index. The others are read when one of these changed. Each interface is read in full in
every sixteenth round too, eight in one, because a driver may forget to announce something.
"""

from __future__ import annotations

from keskidee_agent.host.sysfs import attribute, integer, label, words
from keskidee_report.model import Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
REREAD_ROUNDS, REREAD_TOGETHER = 16, 8
FOLDER = "sys/class/net"
NOT_INTERFACES = frozenset({"bonding_masters"})
TELLING = ("operstate", "flags", "carrier_changes", "ifindex")

UP = Family("node_network_up", "gauge", "Whether the interface is operational", digits=0)
INFO = Family("node_network_info", "gauge", "1, labelled with the interface's addresses and states", digits=0)
SPEED = Family("node_network_speed_bytes", "gauge", "Speed of the link in bytes a second", digits=0)
BYTES_PER_MEGABIT = 125_000
ADMIN_UP = 1  # IFF_UP


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_network_{name}", "gauge", what, digits=0)


def _counter(name: str, what: str) -> Family:
    return Family(f"node_network_{name}_total", "counter", what, digits=0)


NUMBERS = (
    (
        "addr_assign_type",
        _gauge("address_assign_type", "Where the address is from: 0 device, 1 random, 2 stolen, 3 set"),
    ),
    ("carrier", _gauge("carrier", "Whether there is a physical link")),
    ("carrier_changes", _counter("carrier_changes", "Times the link went up or down")),
    ("carrier_up_count", _counter("carrier_up_changes", "Times the link went up")),
    ("carrier_down_count", _counter("carrier_down_changes", "Times the link went down")),
    ("dev_id", _gauge("device_id", "Tells apart devices that share one address")),
    ("dormant", _gauge("dormant", "Whether the link waits for something, such as a sign-in")),
    ("flags", _gauge("flags", "Flags of the interface as the kernel keeps them")),
    ("ifindex", _gauge("iface_id", "Number of the interface")),
    ("iflink", _gauge("iface_link", "Number of the interface beneath this one")),
    ("link_mode", _gauge("iface_link_mode", "0 default, 1 goes up dormant, 2 testing")),
    ("mtu", _gauge("mtu_bytes", "Largest packet it sends, in bytes")),
    (
        "name_assign_type",
        _gauge("name_assign_type", "Where the name is from: 1 kernel, 2 predictable, 3 user, 4 renamed"),
    ),
    ("netdev_group", _gauge("net_dev_group", "Group the interface was put in")),
    ("tx_queue_len", _gauge("transmit_queue_length", "Packets that its queue for sending holds")),
    ("type", _gauge("protocol_type", "Kind of hardware (ARPHRD_ in if_arp.h)")),
)


class Interface:
    """What the last round knew of an interface."""

    __slots__ = ("labels", "paths", "samples", "telling")

    def __init__(self, device: str) -> None:
        self.labels = {"device": label(device)}
        self.paths = [f"{FOLDER}/{device}/{name}" for name in TELLING]
        self.telling: list[bytes] | None = None
        self.samples: list[Sample] = []


def read(machine: Machine) -> Iterable[Sample]:
    """Numbers and an info sample of each interface, labelled `device`.

    What an interface cannot say now (a bond's speed, the carrier of one that is switched off) is left out.
    """
    memory = machine.memory("netclass")
    known: dict[str, Interface] = memory.setdefault("known", {})
    turn = memory.pop("asked", None)
    if turn is None:
        turn = _listen(machine, memory)
    if memory["changed"] or not turn:
        memory["devices"] = [name for name in machine.names(FOLDER) if name not in NOT_INTERFACES]
    devices: list[str] = memory["devices"]
    if len(known) > 2 * len(devices) + 64:  # containers come and go, and so do their interfaces
        known.clear()
    samples: list[Sample] = []
    for position, device in enumerate(devices):
        interface = known.get(device)
        if interface is None:
            interface = known[device] = Interface(device)
        its_turn = position // REREAD_TOGETHER % REREAD_ROUNDS == turn
        if not (memory["changed"] or its_turn or interface.telling is None):
            samples += interface.samples
            continue
        telling = _telling(machine, interface.paths)
        if interface.telling != telling or its_turn:
            interface.telling = None  # what follows may fail
            now = describe(_attributes(machine, f"{FOLDER}/{device}/", telling), interface.labels)
            if now != interface.samples:  # the same objects again cost nothing when they are encoded
                interface.samples = now
            interface.telling = telling
        samples += interface.samples
    memory["changed"] = False
    return samples


def unchanged(machine: Machine) -> bool:
    """Whether nothing was announced since the last reading, and it is no interface's turn. Asks a socket alone."""
    memory = machine.memory("netclass")
    turn = _listen(machine, memory)
    if memory["changed"] or turn * REREAD_TOGETHER < max(len(memory.get("devices", ())), 1):
        memory["asked"] = turn  # for the reading that follows
        return False
    return True


def _listen(machine: Machine, memory: dict[str, Any]) -> int:
    """Whose turn it is. Notes a change, which is taken back only once all was read: a round that fails half-way is not
    the last word.
    """
    memory["changed"] = machine.links_changed(lambda: _numbered(machine)) or memory.get("changed", True)
    turn: int = (memory.get("turn", -1) + 1) % REREAD_ROUNDS
    memory["turn"] = turn
    return turn


def _numbered(machine: Machine) -> set[tuple[int, str]]:
    """The interfaces of sysfs by number and name; none where one does not say its number."""
    names = [name for name in machine.names(FOLDER) if name not in NOT_INTERFACES]
    try:
        return {(integer(machine.passing(f"{FOLDER}/{name}/ifindex")), name) for name in names}
    except (NotHere, Denied, Malformed, OSError):
        return set()


def _telling(machine: Machine, paths: list[str]) -> list[bytes]:
    try:
        return [machine.content(path) for path in paths]
    except NotHere:  # it went away a moment ago, or the kernel is too old to count
        if len(paths) == 1:
            return [b""]
        return [content for path in paths for content in _telling(machine, [path])]


def _attributes(machine: Machine, folder: str, telling: list[bytes]) -> dict[str, bytes]:
    """Every attribute that has something to say."""
    found = {name: content for name, content in zip(TELLING, telling, strict=True) if content}
    for name in ("address", "broadcast", "duplex", "ifalias", "speed", *[name for name, _ in NUMBERS]):
        if name not in TELLING:
            content = attribute(machine, folder + name)
            if content is not None:
                found[name] = content
    return found


def describe(found: dict[str, bytes], labels: dict[str, str]) -> list[Sample]:
    """The samples of an interface with these attributes. Raises Malformed."""
    samples: list[Sample] = [(family, labels, integer(found[name])) for name, family in NUMBERS if name in found]
    speed = integer(found["speed"]) if "speed" in found else -1
    if speed >= 0:  # -1 is unknown
        samples.append((SPEED, labels, speed * BYTES_PER_MEGABIT))
    if "operstate" in found:
        state = words(found["operstate"])
        samples.append((UP, labels, int(state == "up")))
        texts = {name: words(found.get(name)) for name in ("address", "broadcast", "duplex", "ifalias")}
        samples.append(INFO(1, **labels, **texts, operstate=state, adminstate=_admin_state(found)))
    return samples


def _admin_state(found: dict[str, bytes]) -> str:
    if "flags" not in found:
        return "unknown"
    return "up" if integer(found["flags"]) & ADMIN_UP else "down"
