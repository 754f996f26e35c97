"""A storm over real UDP, of all that may come: nothing is lost uncounted, nothing grows, and others get their turn."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from keskidee_agent.devices.traps.ledger import Ledger
from keskidee_agent.devices.traps.message import INFORM
from keskidee_agent.devices.traps.receiver import Trusted, listen
from tests.agent.devices.encoding import number
from tests.agent.devices.notifying import ENGINE, KEYS, LINK_DOWN, PORT_7, USER, trap, trap_of_v1
from tests.scale import scaled

MINUTES = scaled(0.06, 60)
A_MINUTE = 10_000
MOST_GROWTH_BYTES = (
    8 << 20
)  # what an allocator may keep; an event kept for each trap would be 500 times that in an hour
AT_ONCE = 100


def datagrams(captured: bytes) -> Iterator[bytes]:
    """For ever: traps of all versions, informs, repeats, forged ones, strangers' and noise."""
    at = 0
    while True:
        at += 1
        port = (f"1.3.6.1.2.1.2.2.1.1.{at}", number(at))
        forged = captured[:-1] + bytes([at & 0xFF])
        elsewhere = captured.replace(
            bytes.fromhex("8000000001020304"), bytes.fromhex("80000000") + at.to_bytes(4, "big")
        )
        yield from (trap(LINK_DOWN, port), trap(LINK_DOWN, PORT_7), trap(LINK_DOWN, PORT_7, kind=INFORM))
        yield from (trap_of_v1("1.3.6.1.4.1.318", 6, 5), trap(f"1.3.6.1.4.1.99999.{at}"), trap(LINK_DOWN)[: at % 40])
        yield from (trap(LINK_DOWN, community=b"guess"), captured, forged, elsewhere)


async def captured_trap(program: Path) -> bytes:
    """A trap of version 3 with authentication and privacy, as net-snmp sends it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        words = ["-v", "3", "-u", "monitor", "-l", "authPriv", *KEYS, *ENGINE, "-m", ""]
        sender = await asyncio.create_subprocess_exec(
            program, *words, f"127.0.0.1:{sock.getsockname()[1]}", "", LINK_DOWN
        )
        await sender.wait()
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(sock, 65_535), 20)


def counted(ledger: Ledger) -> int:
    return ledger.taken + ledger.refused.total() + (ledger.lost() or 0)


async def sent(sock: socket.socket, ledger: Ledger, storm: Iterator[bytes], count: int) -> None:
    """Sends that many, so many at once, and waits until each is counted."""
    before = counted(ledger)
    for done in range(0, count, AT_ONCE):
        for _ in range(AT_ONCE):
            sock.send(next(storm))
        deadline = time.monotonic() + 20
        while counted(ledger) < before + done + AT_ONCE:
            assert time.monotonic() < deadline, "some were never counted"
            await asyncio.sleep(0)


@pytest.mark.soak
def test_a_storm_of_all_kinds_is_counted_and_nothing_grows(program: Callable[[str], Path]) -> None:
    async def run() -> tuple[int, int, Ledger]:
        ledger, process = Ledger(time.time), psutil.Process()
        trusted = Trusted(communities=frozenset({b"public"}), users=(USER,))
        transport = await listen("127.0.0.1", 0, trusted, ledger)
        storm = datagrams(await captured_trap(program("snmptrap")))
        half = int(MINUTES * A_MINUTE / 2) // AT_ONCE * AT_ONCE
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(transport.get_extra_info("sockname"))
            await sent(sock, ledger, storm, half)
            before, begun = process.memory_info().rss, time.process_time()
            await sent(sock, ledger, storm, half)
            print(f"{half} traps, {(time.process_time() - begun) / half * 1e6:.0f} us of CPU each, sending included")
        grown = process.memory_info().rss - before
        print(f"grown by {grown / 1024:.0f} KiB; refused: {dict(ledger.refused)}; lost: {ledger.lost()}")
        transport.close()
        return grown, 2 * half, ledger

    grown, count, ledger = asyncio.run(run())
    assert (counted(ledger), grown < MOST_GROWTH_BYTES) == (count, True)
    assert ledger.refused.keys() >= {"garbled", "community", "key"}
