"""Who may send notifications: the devices that are polled, from every address that is theirs and nobody else's."""

from __future__ import annotations

import socket
from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING

from keskidee_agent.devices.engine import AUTHENTICATIONS, PRIVACIES, V3, Credential
from keskidee_agent.devices.secrets import first_line, key
from keskidee_agent.devices.traps.receiver import Sender, Trusted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from keskidee_agent.devices.poller.target import Target
    from keskidee_config import TrapSettings

    Addresses = Mapping[str, Collection[str]]
    """Of devices, by the id of their machine."""


def trusted_of(
    targets: Iterable[Target], polled: Addresses, own: Addresses, settings: TrapSettings, engine_id: bytes
) -> Trusted:
    """Whose word is taken: by what the settings name for all, or else each device's by what it is polled with.

    `polled` are the addresses at which devices are asked, `own` what they say of themselves. Raises WrongSecret.
    """
    communities = frozenset(first_line("traps: community_files", path) for path in settings.community_files)
    users = tuple(
        Credential(
            version=V3,
            user=user.user,
            auth=key(f"traps: {user.user}: auth", user.auth, AUTHENTICATIONS) if user.auth else None,
            priv=key(f"traps: {user.user}: priv", user.priv, PRIVACIES) if user.priv else None,
        )
        for user in settings.users
    )
    is_own = not communities and not users
    senders = {
        target.machine_id: Sender(target.machine_id, target.credential if is_own else None) for target in targets
    }
    devices = {address: senders[device] for address, device in by_address(polled, own).items() if device in senders}
    return Trusted(communities=communities, users=users, devices=devices, engine_id=engine_id)


def by_address(polled: Addresses, own: Addresses) -> dict[str, str]:
    """The device of each address. One that several have is nobody's: those behind one router, a shared gateway.

    Where a device is asked counts for more than what another one says of itself.
    """
    asked = Counter(address for addresses in polled.values() for address in set(addresses))
    said = Counter(address for addresses in own.values() for address in set(addresses) if is_anybodys(address))
    found = {address: device for device, addresses in own.items() for address in addresses if said[address] == 1}
    found = {address: device for address, device in found.items() if address not in asked}
    return found | {
        address: device for device, addresses in polled.items() for address in addresses if asked[address] == 1
    }


def is_anybodys(address: str) -> bool:
    """Whether an address that a device says it has tells it from others: none of loopback and the like."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return not (known.is_loopback or known.is_link_local or known.is_unspecified or known.is_multicast)


def addresses_of(host: str) -> set[str]:
    """The addresses of a host as a socket tells them; none where its name is not resolved. It may take long."""
    try:
        return {str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)}
    except OSError:
        return set()
