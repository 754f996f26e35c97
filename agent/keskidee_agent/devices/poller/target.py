"""Whom the poller asks: devices of the agent's own settings, and those that the collector hands to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keskidee_agent.devices.engine import AUTHENTICATIONS, PRIVACIES, V1, V2C, V3, Address, Credential
from keskidee_agent.devices.redfish.board import Board, board_of, host_of, is_board, port_of
from keskidee_agent.devices.secrets import first_line, key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_config import DeviceSettings


SNMP_PORT = 161
SNMP_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One device: what the collector knows it by, how it is asked (a `board` by Redfish, and then without a
    `credential` of SNMP), and how often.
    """

    machine_id: str
    name: str
    address: Address
    credential: Credential | None
    interval_seconds: int
    board: Board | None = None


def listed(device: DeviceSettings) -> dict[str, Any]:
    """A device of the settings as the collector is told of it: what opens it stays here."""
    return {
        "name": device.name,
        "address": device.address,
        "port": device.port or (port_of(device.address) if is_board(device.address) else SNMP_PORT),
        "interval_seconds": device.interval_seconds,
        "site": device.site or "",
        "asset_tag": device.asset_tag or "",
    }


def of_settings(machine_id: str, device: DeviceSettings) -> Target:
    """A device of the settings, its secrets read. Raises WrongSecret, with the place."""
    place = f"devices: {device.name}"
    if is_board(device.address):
        return _of_board(machine_id, device, place)
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
        address=Address(
            host=device.address,
            port=device.port or SNMP_PORT,
            timeout_seconds=device.timeout_seconds or SNMP_SECONDS,
        ),
        credential=credential,
        interval_seconds=device.interval_seconds,
    )


def _of_board(machine_id: str, device: DeviceSettings, place: str) -> Target:
    password = first_line(f"{place}: password_file", device.password_file) if device.password_file else b""
    board = board_of(
        device.address,
        port=device.port,
        user=device.user,
        password=password.decode("utf-8", "replace"),
        ca_file=device.ca_file,
        fingerprint=device.fingerprint,
        timeout_seconds=device.timeout_seconds,
    )
    return Target(
        machine_id=machine_id,
        name=device.name,
        address=Address(host=host_of(device.address), port=device.port or port_of(device.address)),
        credential=None,
        interval_seconds=device.interval_seconds,
        board=board,
    )


def _handed_board(told: Mapping[str, Any]) -> Target:
    address = str(told["address"])
    return Target(
        machine_id=str(told["machine_id"]),
        name=str(told["name"]),
        address=Address(host=host_of(address), port=int(told["port"])),
        credential=None,
        interval_seconds=int(told["interval_seconds"]),
        board=board_of(
            address,
            user=str(told.get("user", "")),
            password=str(told.get("password", "")),
            fingerprint=str(told.get("fingerprint", "")),
            timeout_seconds=float(told["timeout_seconds"]),
        ),
    )


def of_collector(told: Mapping[str, Any]) -> Target:
    """A device as the collector hands it over. Raises WrongSecret, KeyError, TypeError, ValueError."""
    if is_board(str(told["address"])):
        return _handed_board(told)
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
