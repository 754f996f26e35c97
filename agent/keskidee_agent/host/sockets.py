"""Tables of sockets in /proc/net: tcp, tcp6, udp and udp6 (Documentation/networking/proc_net_tcp.rst)."""

from __future__ import annotations

from keskidee_agent.host.hexadecimal import hex_number
from keskidee_agent.host.lines import complete_lines
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

STATE, QUEUES = 3, 4  # columns
NOTHING_QUEUED = b"00000000:00000000"


def sockets(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Of each socket: its state in hexadecimal, bytes waiting to be sent, bytes waiting to be read.

    Raises Malformed.
    """
    header, *rows = complete_lines(content)
    if header.split()[:2] != [b"sl", b"local_address"]:
        raise Malformed("not the header of a table of sockets", header)
    for row in rows:
        columns = row.split(None, QUEUES + 1)
        if len(columns) <= QUEUES + 1:
            raise Malformed("not a socket", row)
        queues = columns[QUEUES]
        if queues == NOTHING_QUEUED:
            yield columns[STATE], 0, 0
        else:
            sent, _, received = queues.partition(b":")
            yield columns[STATE], hex_number(sent), hex_number(received)
