"""Bytes waiting in the queues of UDP sockets, from /proc/net/udp and udp6. No privilege.

One line a socket: a name server has tens, few machines have thousands. But the kernel walks its whole table for each of
the two files, and that has up to 65,536 rows however few are used (0.8 ms): where it counts no socket, neither is read.
"""

from __future__ import annotations

from keskidee_agent.host.sockets import sockets
from keskidee_report.model import Denied, Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
QUEUES = Family("node_udp_queues", "gauge", "Memory in bytes that datagrams take in the queues of sockets", digits=0)
TABLES = tuple(
    (path, counts, {"queue": "tx", "ip": version}, {"queue": "rx", "ip": version})
    for path, version, counts in (
        ("proc/net/udp", "v4", ("proc/net/sockstat", b"UDP")),
        ("proc/net/udp6", "v6", ("proc/net/sockstat6", b"UDP6")),
    )
)
"""Each with the file that counts its sockets: what udp_lib_get_port (net/ipv4/udp.c) puts into the table."""


def read(machine: Machine) -> Iterator[Sample]:
    """The sums over all sockets, labelled `queue` (tx, rx) and `ip` (v4, v6)."""
    missing = 0
    for path, counts, tx_labels, rx_labels in TABLES:
        try:
            sent, received = (0, 0) if _is_empty(machine, *counts) else machine.parsed(path, waiting)
        except NotHere:
            missing += 1
            continue
        yield (QUEUES, tx_labels, sent)
        yield (QUEUES, rx_labels, received)
    if missing == len(TABLES):
        raise NotHere("no /proc/net/udp")


def _is_empty(machine: Machine, path: str, name: bytes) -> bool:
    """Whether the kernel counts no socket of this name. A recording's files may be of different moments."""
    memory = machine.memory("udp_queues")
    if "kernel_answers" not in memory:
        memory["kernel_answers"] = machine.kernel_answers
    if not memory["kernel_answers"]:
        return False
    try:
        lines = machine.shared(path).split(b"\n")
    except (NotHere, Denied):
        return False
    return any(line.split()[:3] == [name + b":", b"inuse", b"0"] for line in lines)


def waiting(content: bytes) -> tuple[int, int]:
    """Bytes waiting to be sent, and to be read, in all sockets of a table. Raises Malformed."""
    sent = received = 0
    for _, tx, rx in sockets(content):
        sent += tx
        received += rx
    return sent, received
