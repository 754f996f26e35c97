"""Whom the poller asks: devices of the agent's own settings, and those that the collector hands to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keskidee_agent.devices.engine import AUTHENTICATIONS, PRIVACIES, V1, V2C, V3, Address, Credential
from keskidee_agent.devices.secrets import first_line, key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_config import DeviceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One device: what the collector knows it by, how it is asked, and how often."""

    machine_id: str
    name: str
    address: Address
    credential: Credential
    interval_seconds: int


def listed(device: DeviceSettings) -> dict[str, Any]:
    """A device of the settings as the collector is told of it: what opens it stays here."""
    return {
        "name": device.name,
        "address": device.address,
        "port": device.port,
        "interval_seconds": device.interval_seconds,
        "site": device.site or "",
        "asset_tag": device.asset_tag or "",
    }


def of_settings(machine_id: str, device: DeviceSettings) -> Target:
    """A device of the settings, its secrets read. Raises WrongSecret, with the place."""
    place = f"devices: {device.name}"
    if device.user is not None:
        credential = Credential(
            version=V3,
            user=device.user,
            auth=key(f"{place}: auth", device.auth, AUTHENTICATIONS) if device.auth else None,
            priv=key(f"{place}: priv", device.priv, PRIVACIES) if device.priv else None,
        )
    else:
        community = first_line(f"{place}: community_file", device.community_file or "")
        credential = Credential(community=community.decode("utf-8", "replace"), version=V1 if device.v1 else V2C)
    return Target(
        machine_id=machine_id,
        name=device.name,
        address=Address(host=device.address, port=device.port, timeout_seconds=device.timeout_seconds),
        credential=credential,
        interval_seconds=device.interval_seconds,
    )


def of_collector(told: Mapping[str, Any]) -> Target:
    """A device as the collector hands it over. Raises KeyError, TypeError or ValueError for what is none."""
    auth, priv = str(told.get("auth_passphrase", "")), str(told.get("priv_passphrase", ""))
    user = str(told.get("user", "")) or None
    return Target(
        machine_id=str(told["machine_id"]),
        name=str(told["name"]),
        address=Address(
            host=str(told["address"]), port=int(told["port"]), timeout_seconds=float(told["timeout_seconds"])
        ),
        credential=Credential(
            community=str(told.get("community", "")),
            version=str(told["version"]),
            user=user,
            auth=(str(told["auth_protocol"]), auth.encode()) if user and auth else None,
            priv=(str(told["priv_protocol"]), priv.encode()) if user and priv else None,
        ),
        interval_seconds=int(told["interval_seconds"]),
    )
