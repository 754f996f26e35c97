"""What one address may do in a minute that only strangers do much of: begin connections, show credentials that fail.

An office behind one address is many machines: what they send with credentials that hold is never counted here. The
proxies that are trusted speak for many, and count for nobody; of what comes through them the client counts.
"""

from __future__ import annotations

import logging
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_collector.access.proxies import Proxies

MINUTE_SECONDS = 60.0
ADDRESSES_AT_MOST = 10_000
"""So many are counted in a minute; who comes after them is not: the counts are to protect memory, too."""
TOLD_A_MINUTE = 10
NETWORK_BITS = 64
"""What one IPv6 customer has (RFC 6177): addresses in it are one."""

logger = logging.getLogger(__name__)


class Strangers:
    """Counts a minute. `refused` counts each refusal; `connections` and `failures` are allowed an address."""

    def __init__(
        self,
        proxies: Proxies,
        ticks: Callable[[], float],
        refused: Callable[[str], None],
        *,
        connections: int,
        failures: int,
    ) -> None:
        self._proxies = proxies
        self._ticks = ticks
        self._refused = refused
        self._connections = _Counts("connections", connections)
        self._failures = _Counts("credentials that do not hold", failures)
        self._ends_at = float("-inf")
        self._told = 0

    def may_connect(self, address: str) -> bool:
        """Whether a new connection of this address is taken; counts it."""
        return self._proxies.are_trusted(address) or self._allows(self._connections, address)

    def may_fail(self, address: str) -> bool:
        """Whether this address is told that its credential does not hold, or that it is to come later; counts it."""
        return self._allows(self._failures, address)

    def _allows(self, counts: _Counts, address: str) -> bool:
        if self._ticks() >= self._ends_at:
            self._ends_at, self._told = self._ticks() + MINUTE_SECONDS, 0
            self._connections.of.clear()
            self._failures.of.clear()
        count = counts.add(_network(address))
        if count <= counts.at_most:
            return True
        self._refused("address")
        if count == counts.at_most + 1 and self._told < TOLD_A_MINUTE:
            self._told += 1
            logger.warning("address refused client=%s reason=more than %d %s", address, counts.at_most, counts.what)
        return False


class _Counts:
    """How often each address did something in this minute."""

    def __init__(self, what: str, at_most: int) -> None:
        self.what = f"{what} a minute"
        self.at_most = at_most
        self.of: dict[str, int] = {}

    def add(self, address: str) -> int:
        count = self.of.get(address, 0) + 1
        if count > 1 or len(self.of) < ADDRESSES_AT_MOST:
            self.of[address] = count
        return count


def _network(address: str) -> str:
    """An IPv4 address as it is, also where it came through an IPv6 socket; of others the network."""
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> (128 - NETWORK_BITS):x}"
