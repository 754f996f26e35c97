"""Traffic and errors of each network interface, from /proc/net/dev (net/core/net-procfs.c); psutil elsewhere.

No privilege. One file for all interfaces, and a small one in /sys for each.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers, only_number
from keskidee_report.model import Columns, Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Names, Sample, Samples

PROMPT = True

EXCLUDE = "^lo$"

COLUMNS = (
    ("receive_bytes", "Bytes received"),
    ("receive_packets", "Packets received"),
    ("receive_errs", "Received packets that were bad"),
    ("receive_drop", "Received packets that were dropped"),
    ("receive_fifo", "Received packets lost to a full queue"),
    ("receive_frame", "Received packets that were framed wrongly"),
    ("receive_compressed", "Compressed packets received"),
    ("receive_multicast", "Multicast packets received"),
    ("transmit_bytes", "Bytes sent"),
    ("transmit_packets", "Packets sent"),
    ("transmit_errs", "Packets that could not be sent"),
    ("transmit_drop", "Packets dropped before they were sent"),
    ("transmit_fifo", "Packets not sent for a full queue"),
    ("transmit_colls", "Collisions while sending"),
    ("transmit_carrier", "Packets not sent for want of a carrier"),
    ("transmit_compressed", "Compressed packets sent"),
    ("receive_nohandler", "Received packets that no protocol wanted"),
)
FAMILIES = {
    name: Family(f"node_network_{name}_total", "counter", f"{what} by the interface", digits=0)
    for name, what in COLUMNS
}
IN_PROC = tuple(FAMILIES.values())[:-1]
NO_HANDLER = FAMILIES["receive_nohandler"]
HEADER_LINES = 2

# psutil's snetio field, and ours
PORTABLE = (
    ("bytes_recv", "receive_bytes"),
    ("packets_recv", "receive_packets"),
    ("errin", "receive_errs"),
    ("dropin", "receive_drop"),
    ("bytes_sent", "transmit_bytes"),
    ("packets_sent", "transmit_packets"),
    ("errout", "transmit_errs"),
    ("dropout", "transmit_drop"),
)


def read(machine: Machine) -> Iterable[Sample]:
    """Counts since the interface came up, labelled `device`. The loopback interface is left out unless asked for."""
    if machine.platform == "linux":
        return _linux(machine)
    return _portable(machine)


def is_excluded(device: str) -> bool:
    """What EXCLUDE matches."""
    return device == "lo"


class Interface:
    """What the last round knew of an interface: its line, its counts, and the names of those in the line."""

    __slots__ = ("counts", "line", "names", "no_handler_path")

    def __init__(self, device: str) -> None:
        labels = {"device": device}
        self.line = b""
        self.counts: list[int] = []
        self.names = [(family, labels) for family in FAMILIES.values()]
        self.no_handler_path = f"sys/class/net/{device}/statistics/rx_nohandler"


def _linux(machine: Machine) -> Samples:
    memory = machine.memory("netdev")
    known: dict[bytes, Interface | None] = memory.setdefault("known", {})
    lines = complete_lines(machine.content("proc/net/dev"))
    if len(lines) < HEADER_LINES or lines[1].count(b"|") != 2:
        raise Malformed("not the header of /proc/net/dev", lines[0])
    if len(known) > 2 * len(lines) + 64:  # containers come and go, and so do their interfaces
        known.clear()
    shown: list[tuple[Interface, int]] = []
    counts: list[int] = []
    for line in lines[HEADER_LINES:]:
        # a name may hold a colon (an old alias), the counts cannot
        name, _, row = line.rpartition(b":")
        if name not in known:
            device = name.strip().decode("utf-8", "replace")
            unwanted = machine.excluded("netdev.device_exclude", EXCLUDE, is_excluded)(device)
            known[name] = None if unwanted else Interface(device)
        interface = known[name]
        if interface is not None:
            if interface.line != line:  # a packet that nobody wants was received, so it is in the line too
                interface.counts = parse_counts(name, row) + _no_handler(machine, interface)
                interface.line = line
            shown.append((interface, len(interface.counts)))
            counts += interface.counts
    if shown != memory.get("shown"):
        memory["shown"], memory["names"] = shown, _names(shown)
    return Columns(memory["names"], counts)


def _names(shown: list[tuple[Interface, int]]) -> Names:
    return tuple([name for interface, count in shown for name in interface.names[:count]])


def parse_counts(name: bytes, counts: bytes) -> list[int]:
    """The 16 numbers behind an interface's name. Raises Malformed."""
    values = numbers(counts)
    if len(values) != len(IN_PROC) or not name.strip():
        raise Malformed("not a line of /proc/net/dev", name + b":" + counts)
    return values


def _no_handler(machine: Machine, interface: Interface) -> list[int]:
    """The one count that /proc/net/dev lacks; none on kernels before 4.6."""
    if not interface.no_handler_path:
        return []
    try:
        count = machine.content(interface.no_handler_path)
    except (NotHere, Denied):
        interface.no_handler_path = ""
        return []
    return [only_number(count)]


def _portable(machine: Machine) -> Iterable[Sample]:
    excluded = machine.excluded("netdev.device_exclude", EXCLUDE, _is_loopback)
    for device, counts in machine.ask("net_io_counters", pernic=True).items():
        if not excluded(device):
            for field, name in PORTABLE:
                yield FAMILIES[name](getattr(counts, field), device=device)


def _is_loopback(device: str) -> bool:
    return device in ("lo", "lo0") or device.startswith("Loopback Pseudo-Interface")
