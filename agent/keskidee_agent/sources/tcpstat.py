"""TCP sockets by state and the bytes waiting in them, from /proc/net/tcp and tcp6. No privilege.

Asked for by name only: the kernel takes about a microsecond a socket, and a busy server has tens of thousands.
"""

from __future__ import annotations

from keskidee_agent.host.sockets import sockets
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True

STATES = Family("node_tcp_connection_states", "gauge", "TCP sockets in each state, and bytes in their queues", digits=0)
NAMES = {
    b"01": {"state": "established"},
    b"02": {"state": "syn_sent"},
    b"03": {"state": "syn_recv"},
    b"04": {"state": "fin_wait1"},
    b"05": {"state": "fin_wait2"},
    b"06": {"state": "time_wait"},
    b"07": {"state": "close"},
    b"08": {"state": "close_wait"},
    b"09": {"state": "last_ack"},
    b"0A": {"state": "listen"},
    b"0B": {"state": "closing"},
}
RECEIVED, SENT = {"state": "rx_queued_bytes"}, {"state": "tx_queued_bytes"}


def read(machine: Machine) -> Iterator[Sample]:
    """The number of sockets in each state that any is in, over IPv4 and IPv6, labelled `state`.

    The states rx_queued_bytes and tx_queued_bytes are no numbers of sockets but of bytes.
    """
    counts: dict[bytes, int] = {}
    queued = [0, 0]
    missing = 0
    for path in ("proc/net/tcp", "proc/net/tcp6"):
        try:
            content = machine.content(path)
        except NotHere:
            missing += 1
        else:
            count(content, counts, queued)
    if missing == 2:
        raise NotHere("no /proc/net/tcp")
    for state, found in counts.items():
        yield (STATES, NAMES[state], found)
    if counts:
        yield (STATES, RECEIVED, queued[1])
        yield (STATES, SENT, queued[0])


def count(content: bytes, counts: dict[bytes, int], queued: list[int]) -> None:
    """Adds the sockets of a table to `counts`, and their bytes to `queued` (to send, to read). Raises Malformed."""
    for state, tx, rx in sockets(content):
        if state not in NAMES:
            raise Malformed("not a state of TCP", state)
        counts[state] = counts.get(state, 0) + 1
        queued[0] += tx
        queued[1] += rx
