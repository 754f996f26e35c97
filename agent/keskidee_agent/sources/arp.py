"""Neighbours known on each interface, from /proc/net/arp (proc(5)). IPv4 only; no privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
ENTRIES = Family("node_arp_entries", "gauge", "Entries in the ARP table by interface", digits=0)
DEVICES_KEPT = 1024


def read(machine: Machine) -> Iterator[Sample]:
    """One sample an interface that has neighbours, labelled `device`."""
    labels: dict[bytes, dict[str, str]] = machine.memory("arp")
    if len(labels) > DEVICES_KEPT:
        labels.clear()
    for device, entries in machine.parsed("proc/net/arp", parse).items():
        if device not in labels:
            labels[device] = {"device": device.decode("utf-8", "replace")}
        yield (ENTRIES, labels[device], entries)


def parse(content: bytes) -> dict[bytes, int]:
    """The number of entries of each interface. Raises Malformed."""
    header, *rows = complete_lines(content)
    if not header.startswith(b"IP address") or not header.endswith(b"Device"):
        raise Malformed("not the header of /proc/net/arp", header)
    entries: dict[bytes, int] = {}
    for row in rows:
        columns = row.split()
        # address, kind, flags, address of the hardware where it has one, mask (always *), interface
        if len(columns) not in (5, 6) or columns[-2] != b"*" or columns[1][:2] != b"0x":
            raise Malformed("not a neighbour", row)
        entries[columns[-1]] = entries.get(columns[-1], 0) + 1
    return entries
