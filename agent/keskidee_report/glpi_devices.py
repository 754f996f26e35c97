"""A network device in the form of GLPI, as its own network inventory has it (inventory_format of glpi-project).

From the items that a poller tells of a device: `device`, `interface`, `component`, `memory`. Facts of the schema only;
standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Fields = Mapping[str, Any]

CLIENT = "keskidee"
MIB = 1 << 20
DEVICE, SYSTEM = "device", "system"
NETWORK = ("NetworkEquipment", "Networking")
TYPES = {
    "camera": ("NetworkEquipment", "Video"),
    "firewall": NETWORK,
    "loadbalancer": NETWORK,
    "network": NETWORK,
    "power": ("NetworkEquipment", "Power"),
    "printer": ("Printer", "Printer"),
    "proxy": NETWORK,
    "server": ("Computer", "Computer"),
    "storage": ("NetworkEquipment", "Storage"),
    "wireless": NETWORK,
}
"""What GLPI makes of each kind of ours, and the word it has for it; of others it makes unmanaged ones."""
UNMANAGED = ("Unmanaged", "Unmanaged")
PORT_TYPES = {
    "other": 1, "ethernetCsmacd": 6, "ppp": 23, "softwareLoopback": 24, "propVirtual": 53, "fibreChannel": 56,
    "ieee80211": 71, "adsl": 94, "gigabitEthernet": 117, "tunnel": 131, "l2vlan": 135, "l3ipvlan": 136,
    "ieee8023adLag": 161, "bridge": 209,
}  # fmt: skip
"""IANAifType-MIB, the types that are met."""
TEXTS = {"name": "name", "manufacturer": "maker", "model": "model", "serial": "serial", "firmware": "version"}
TEXTS |= {"location": "location", "contact": "contact", "description": "system"}
PART_TEXTS = {"type": "class", "model": "model", "serial": "serial"}


def is_device(kinds: Iterable[str]) -> bool:
    """Whether what has items of these kinds is a network device to GLPI; a server board tells of a computer."""
    return {DEVICE, SYSTEM} & set(kinds) == {DEVICE}


def as_glpi_device(document: Mapping[str, Any]) -> dict[str, Any]:
    """The inventory `{"machine", "items"}` of a device as GLPI takes it: `deviceid`, `itemtype`, `content`."""
    items: Mapping[str, Sequence[Fields]] = document["items"]
    machine: Mapping[str, str] = document["machine"]
    device = next(iter(items.get(DEVICE, ())), {})
    name = device.get("name") or machine.get("hostname", "")
    itemtype, kind = TYPES.get(str(device.get("type", "")), UNMANAGED)
    ports = [_port(number, fields) for number, fields in enumerate(items.get("interface", ()), 1)]
    sizes = [fields["size_bytes"] for fields in items.get("memory", ()) if "size_bytes" in fields]
    told = {**_texts(device, TEXTS), **({"name": name} if name else {}), "type": kind}
    if sizes:
        told["ram"] = max(sizes) // MIB
    mac = next((port["mac"] for port in ports if "mac" in port), "")
    content: dict[str, Any] = {
        "versionclient": CLIENT,
        "network_device": told | ({"mac": mac} if mac else {}),
        "network_ports": ports,
        "network_components": _components(items.get("component", ())),
        "firmwares": _firmware(device),
    }
    return {
        "deviceid": machine.get("machine_id_hash") or name or "unknown",
        "itemtype": itemtype,
        "action": "netinventory",
        "content": {section: rows for section, rows in content.items() if rows},
    }


def _texts(fields: Fields, columns: Mapping[str, str]) -> dict[str, str]:
    return {theirs: str(fields[ours]) for theirs, ours in columns.items() if fields.get(ours)}


def _port(number: int, fields: Fields) -> dict[str, Any]:
    """A port by its ifIndex; where a device's was not told, by its place in the list."""
    index, kind = fields.get("index"), PORT_TYPES.get(str(fields.get("type", "")))
    row = {"ifnumber": index if isinstance(index, int) else number, "ifname": str(fields["key"])}
    row |= _texts(fields, {"ifdescr": "description", "ifalias": "alias", "mac": "mac"})
    return row | ({"iftype": kind} if kind else {})


def _components(parts: Sequence[Fields]) -> list[dict[str, Any]]:
    """Parts by their place in the list, and the place of the part each sits in."""
    places = {str(fields["key"]): number for number, fields in enumerate(parts, 1)}
    return [
        {"index": number, "name": str(fields["key"]), **_texts(fields, PART_TEXTS), **_within(fields, places)}
        for number, fields in enumerate(parts, 1)
    ]


def _within(fields: Fields, places: Mapping[str, int]) -> dict[str, int]:
    place = places.get(str(fields.get("parent", "")))
    return {"contained_index": place} if place else {}


def _firmware(device: Fields) -> list[dict[str, str]]:
    row = _texts(device, {"name": "model", "manufacturer": "maker", "version": "version"})
    return [{**row, "type": DEVICE, "description": "device firmware"}] if "version" in row else []
