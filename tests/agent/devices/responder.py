"""Many small switches in one light process: SNMP version 2c on a UDP port of loopback each, for loads and long runs.

`python -m tests.agent.devices.responder COUNT` prints the ports on one line and answers until it is ended; another
argument is another address to listen on. All switches are alike, of PORTS ports whose octets grow with time; the walk
of one is some 300 values.
"""

import selectors
import socket
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator

PORTS = 8
INTEGER, OCTETS, OBJECT_ID, COUNTER, GAUGE, TICKS, COUNTER64 = 0x02, 0x04, 0x06, 0x41, 0x42, 0x43, 0x46
NO_SUCH_INSTANCE, END_OF_VIEW = b"\x81\x00", b"\x82\x00"
GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
SYSTEM, TABLE, MORE = "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
Named = tuple[tuple[int, ...], bytes, Callable[[], bytes]]
"""A name, the same encoded, and what encodes its value now."""


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes((size,)) if size < 0x80 else bytes((0x82, size >> 8, size & 0xFF))
    return bytes((tag,)) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def name_bytes(oid: str) -> bytes:
    first, second, *rest = map(int, oid.split("."))
    out = bytearray((first * 40 + second,))
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return bytes(out)


def arcs(content: bytes) -> tuple[int, ...]:
    out, arc = [*divmod(content[0], 40)], 0
    for byte in content[1:]:
        arc = arc << 7 | byte & 0x7F
        if byte < 0x80:
            out.append(arc)
            arc = 0
    return tuple(out)


def parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a constructed one."""
    at = 0
    while at < len(content):
        tag, size = content[at], content[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(content[at : at + count], "big")
            at += count
        yield tag, content[at : at + size]
        at += size


def table(started: float) -> list[Named]:
    """All values of a switch, in order."""
    fixed: dict[str, bytes] = {
        f"{SYSTEM}.1.0": tlv(OCTETS, b"Cisco IOS Software, C3560 Software, Version 15.0(2)SE"),
        f"{SYSTEM}.2.0": tlv(OBJECT_ID, name_bytes("1.3.6.1.4.1.9.1.563")),
        f"{SYSTEM}.5.0": tlv(OCTETS, b"switch"),
        f"{SYSTEM}.6.0": tlv(OCTETS, b"Castries"),
        "1.3.6.1.2.1.2.1.0": integer(PORTS),
    }
    for port in range(1, PORTS + 1):
        fixed |= {f"{TABLE}.{at}.{port}": integer(1) for at in (3, 4, 7, 8)}
        fixed |= {f"{TABLE}.{at}.{port}": integer(0, COUNTER) for at in (11, 13, 14, 15, 17, 19, 20)}
        fixed |= {f"{MORE}.{at}.{port}": integer(0, COUNTER64) for at in (7, 8, 9, 11, 12, 13)}
        fixed |= {
            f"{TABLE}.1.{port}": integer(port),
            f"{TABLE}.2.{port}": tlv(OCTETS, b"FastEthernet0/%d" % port),
            f"{TABLE}.5.{port}": integer(100_000_000, GAUGE),
            f"{TABLE}.9.{port}": integer(0, TICKS),
            f"{MORE}.1.{port}": tlv(OCTETS, b"Fa0/%d" % port),
            f"{MORE}.15.{port}": integer(100, GAUGE),
            f"{MORE}.18.{port}": tlv(OCTETS, b"room %d" % port),
        }
    still: dict[str, Callable[[], bytes]] = {oid: (lambda told=told: told) for oid, told in fixed.items()}  # type: ignore[misc]
    moving: dict[str, Callable[[], bytes]] = {
        f"{SYSTEM}.3.0": lambda: integer(int((time.time() - started) * 100), TICKS)
    }
    for port in range(1, PORTS + 1):
        for column, tag, most in ((f"{TABLE}.10", COUNTER, 1 << 32), (f"{TABLE}.16", COUNTER, 1 << 32),
                                  (f"{MORE}.6", COUNTER64, 1 << 64), (f"{MORE}.10", COUNTER64, 1 << 64)):  # fmt: skip
            moving[f"{column}.{port}"] = lambda port=port, tag=tag, most=most: integer(  # type: ignore[misc]
                int((time.time() - started) * 1000 * port) % most, tag
            )
    return sorted((tuple(map(int, oid.split("."))), name_bytes(oid), told) for oid, told in (still | moving).items())


class Switch:
    """Answers questions out of a table."""

    def __init__(self, rows: list[Named]) -> None:
        self._names = [row[0] for row in rows]
        self._rows = rows
        self._by_name = {row[1]: row for row in rows}

    def answer(self, message: bytes) -> bytes:
        [(_, whole)] = parts(message)
        version, community, (kind, pdu) = parts(whole)
        request, _, repetitions, (_, asked) = parts(pdu)
        names = [next(parts(pair))[1] for _, pair in parts(asked)]
        if kind == GET:
            found = [self._of(name) for name in names]
        else:
            times = int.from_bytes(repetitions[1], "big") if kind == GET_BULK else 1
            found = [pair for name in names for pair in self._behind(name, times)]
        pairs = b"".join(tlv(0x30, tlv(OBJECT_ID, name) + told) for name, told in found)
        done = tlv(*request) + integer(0) + integer(0) + tlv(0x30, pairs)
        return tlv(0x30, tlv(*version) + tlv(*community) + tlv(RESPONSE, done))

    def _of(self, name: bytes) -> tuple[bytes, bytes]:
        row = self._by_name.get(name)
        return (name, NO_SUCH_INSTANCE if row is None else row[2]())

    def _behind(self, name: bytes, times: int) -> list[tuple[bytes, bytes]]:
        at = bisect_right(self._names, arcs(name))
        rows = self._rows[at : at + times]
        return [(row[1], row[2]()) for row in rows] if rows else [(name, END_OF_VIEW)]


def main(count: int, address: str = "127.0.0.1") -> None:
    switch, selector = Switch(table(time.time())), selectors.DefaultSelector()
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for each in sockets:
        each.bind((address, 0))
        selector.register(each, selectors.EVENT_READ)
    print("ports", *[each.getsockname()[1] for each in sockets], flush=True)
    while True:
        for key, _ in selector.select():
            listening = key.fileobj
            assert isinstance(listening, socket.socket)
            message, sender = listening.recvfrom(65536)
            listening.sendto(switch.answer(message), sender)


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    main(int(sys.argv[1]), *sys.argv[2:])
