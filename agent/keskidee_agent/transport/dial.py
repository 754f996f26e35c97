"""A TCP connection to whichever address of a host answers first (RFC 8305, "Happy Eyeballs").

A dead family costs a moment and not the deadline. The attempts overlap rather than follow each other, because an
address at the far end of a slow link is not dead after a quarter of a second. Loaded only for a host with several.
"""

from __future__ import annotations

from keskidee_agent.transport.connection import begun, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.transport.connection import Address
    from keskidee_agent.transport.tls import Socket
    from keskidee_agent.transport.waiting import Waiter

STAGGER_SECONDS = 0.25
"""How long an address is waited for alone, as the RFC advises (section 5)."""


def first_open(addresses: list[Address], waiter: Waiter, deadline: float) -> tuple[Socket, Address]:
    """The socket that was open first, and its address. Raises what the last address failed with."""
    waiting = addresses[::-1]
    racing: dict[int, tuple[Socket, Address]] = {}
    error = OSError("no address")
    try:
        while waiting or racing:
            if waiting:
                address = waiting.pop()
                try:
                    socket = begun(address)
                except OSError as failed:
                    error = failed
                    continue
                racing[socket.fileno()] = (socket, address)
            left = waiter.left(deadline)
            for descriptor in waiter.select(list(racing), True, min(left, STAGGER_SECONDS) if waiting else left):
                socket, address = racing.pop(descriptor)
                try:
                    check(socket)
                except OSError as failed:
                    socket.close()
                    error = failed
                else:
                    return socket, address
    finally:
        for socket, _ in racing.values():
            socket.close()
    raise error


def taking_turns(addresses: list[Address], first: Address | None) -> list[Address]:
    """The addresses in the order to try: `first`, which worked last, then each family in turn (RFC 8305, section 4)."""
    left = [address for address in addresses if address != first]
    ordered = [address for address in addresses if address == first][:1]
    while left:
        family = ordered[-1][0] if ordered else 0
        following = next((address for address in left if address[0] != family), left[0])
        left.remove(following)
        ordered.append(following)
    return ordered
