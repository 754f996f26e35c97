"""Bytes waiting in the queues of UDP sockets, from /proc/net/udp and udp6. No privilege.

One line a socket: a name server has tens, few machines have thousands. But the kernel walks its whole table of sockets
for each of the two, which has up to 65,536 rows however few are used: 0.8 ms, more than all else in a round together.
"""

from __future__ import annotations

from keskidee_agent.sockets import sockets
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
EVERY_SECONDS = 60
QUEUES = Family("node_udp_queues", "gauge", "Memory in bytes that datagrams take in the queues of sockets", digits=0)
TABLES = tuple(
    (path, {"queue": "tx", "ip": version}, {"queue": "rx", "ip": version})
    for path, version in (("proc/net/udp", "v4"), ("proc/net/udp6", "v6"))
)


def read(machine: Machine) -> Iterator[Sample]:
    """The sums over all sockets, labelled `queue` (tx, rx) and `ip` (v4, v6)."""
    missing = 0
    for path, tx_labels, rx_labels in TABLES:
        try:
            sent, received = machine.parsed(path, waiting)
        except NotHere:
            missing += 1
            continue
        yield (QUEUES, tx_labels, sent)
        yield (QUEUES, rx_labels, received)
    if missing == len(TABLES):
        raise NotHere("no /proc/net/udp")


def waiting(content: bytes) -> tuple[int, int]:
    """Bytes waiting to be sent, and to be read, in all sockets of a table. Raises Malformed."""
    sent = received = 0
    for _, tx, rx in sockets(content):
        sent += tx
        received += rx
    return sent, received
