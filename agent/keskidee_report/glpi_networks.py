"""The networks of a GLPI inventory: a row an address, with the gateway behind it; glpi.py uses them."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from ipaddress import IPv4Interface, IPv6Interface

    Fields = Mapping[str, Any]

MEGA = 1_000_000
NETWORK = {"mac": "mac", "type": "type", "virtualdev": "virtual", "driver": "driver", "mtu": "mtu_bytes"}
NETWORK |= {"manufacturer": "maker", "model": "model", "pnpdeviceid": "pnp_id", "pcislot": "pci_address"}
PCI_IDS = ("vendor_id", "device_id", "subsystem_vendor_id", "subsystem_device_id")


def networks(items: Mapping[str, list[Fields]]) -> list[dict[str, Any]]:
    """The rows of all interfaces."""
    devices = {fields.get("address"): fields for fields in items.get("pci", ())}
    return [row for fields in items.get("network", ()) for row in _rows(fields, devices)]


def network_hardware(items: Mapping[str, list[Fields]]) -> dict[str, str]:
    """What their `hardware` says of it: the first default gateway, and the name servers."""
    gateways = [gateway for fields in items.get("network", ()) for gateway in fields.get("gateways", ())]
    servers = [server for fields in items.get("resolver", ())[:1] for server in fields.get("name_servers", ())]
    found = {"defaultgateway": gateways[0] if gateways else "", "dns": "/".join(servers)}
    return {name: value for name, value in found.items() if value}


def _rows(fields: Fields, devices: Mapping[Any, Fields]) -> Iterator[dict[str, Any]]:
    """A row an address, as theirs are; a row without one where the interface has none."""
    plain: dict[str, Any] = {"description": fields.get("name", fields["key"])}
    plain |= {theirs: fields[ours] for theirs, ours in NETWORK.items() if ours in fields}
    ids = [devices.get(fields.get("pci_address"), {}).get(name, "") for name in PCI_IDS]
    if all(ids[:2]):
        plain["pciid"] = ":".join([str(each) for each in ids if each]).upper()
    if "speed_bits_per_second" in fields:
        plain["speed"] = str(fields["speed_bits_per_second"] // MEGA)
    if "up" in fields:
        plain["status"] = "up" if fields["up"] else "down"
    addresses = [_interface(text) for text in fields.get("addresses", ())]
    for address in addresses:
        yield {**plain, **({} if address is None else _address(address, fields.get("gateways", ())))}
    if not addresses:
        yield plain


def _interface(text: str) -> IPv4Interface | IPv6Interface | None:
    try:
        return ip_interface(text)
    except ValueError:
        return None


def _address(found: IPv4Interface | IPv6Interface, gateways: list[str]) -> dict[str, str]:
    """An address and its network; with the gateway that stands in it, for version 4, which alone has a name there."""
    end = "6" if found.version == 6 else ""
    row = {
        f"ipaddress{end}": str(found.ip),
        f"ipmask{end}": str(found.netmask),
        f"ipsubnet{end}": str(found.network.network_address),
    }
    reached = [gateway for gateway in gateways if not end and _is_in(gateway, found)]
    return row | ({"ipgateway": reached[0]} if reached else {})


def _is_in(gateway: str, found: IPv4Interface | IPv6Interface) -> bool:
    """Whether it stands in the network of an address, or behind an address that is a network of its own (a cloud)."""
    try:
        there = ip_address(gateway)
    except ValueError:
        return False
    alone = found.network.num_addresses == 1
    return there.version == found.version and (alone or there in found.network)
