"""Network adapters of Windows: Win32_NetworkAdapter with its configuration, and the registry's kind of medium."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Address, ip_address, ip_interface

from keskidee_agent.inventory.registry import CONTROL_SET, registry_of, text, whole
from keskidee_agent.inventory.wmi import rows, some
from keskidee_agent.inventory.wmi_rows import Row
from keskidee_report.items import item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("windows",)
KINDS = ("network",)
MOVING = ("up", "speed_bits_per_second", "gateways")
NETWORK_KEY = rf"{CONTROL_SET}\Control\Network\{{4D36E972-E325-11CE-BFC1-08002BE10318}}"
MEDIA = {1: "ethernet", 2: "wifi", 7: "bluetooth"}  # MediaSubType of a connection
ETHERNET, WIRELESS = 0, 9  # Win32_NetworkAdapter.AdapterTypeId
WORDS = {"bluetooth": "bluetooth", **dict.fromkeys(("wi-fi", "wifi", "wireless", "wlan", "802.11"), "wifi")}
"""In names of adapters whose drivers call themselves Ethernet, as most do."""
OF_SOFTWARE = ("ROOT\\", "SWD\\", "{")  # the last: on a bus of a driver's own, such as Wi-Fi Direct's
CONNECTED = 2
MOST_SPEED = 1 << 62  # what Windows says of an adapter without a link


def read(machine: Machine) -> Iterator[Item]:
    r"""An adapter by its connection's name or its own; those of software only (OF_SOFTWARE) are marked virtual.

    Raises NotHere without Win32_NetworkAdapter.
    """
    adapters = rows(machine, "Win32_NetworkAdapter")
    settings = {row.raw("Index"): row for row in some(machine, "Win32_NetworkAdapterConfiguration")}
    media = _media(machine)
    for row in adapters:
        if row.raw("MACAddress") or row.raw("PNPDeviceID"):  # the rest are traces of adapters that are gone
            yield _adapter(row, settings.get(row.raw("Index"), Row({})), media)


def _media(machine: Machine) -> dict[str, str]:
    """The medium of each connection by the instance of its device, in capitals."""
    found = {}
    try:
        registry = registry_of(machine)
    except NotHere:
        return {}
    for name in registry.below(NETWORK_KEY):
        values = registry.values(rf"{NETWORK_KEY}\{name}\Connection")
        kind = MEDIA.get(whole(values, "MediaSubType") or 0)
        if kind:
            found[text(values, "PnpInstanceID").upper()] = kind
    return found


def _adapter(row: Row, setting: Row, media: dict[str, str]) -> Item:
    instance, model = row.raw("PNPDeviceID"), row.text("Name") or row.text("Description")
    virtual = instance.upper().startswith(OF_SOFTWARE) or not instance
    kind, speed, status = row.number("AdapterTypeId"), row.number("Speed"), row.number("NetConnectionStatus")
    by_kind = None if virtual else {ETHERNET: "ethernet", WIRELESS: "wifi"}.get(-1 if kind is None else kind)
    name = row.text("NetConnectionID")
    if by_kind == "ethernet":
        words = f"{model} {name}".lower()
        by_kind = next((told for word, told in WORDS.items() if word in words), by_kind)
    return item(
        "network",
        name or instance or model or "adapter",
        {
            "name": name or model,
            "type": media.get(instance.upper()) or by_kind,
            "mac": (row.raw("MACAddress") or setting.raw("MACAddress")).lower(),
            "virtual": virtual,
            "maker": row.text("Manufacturer"),
            "model": model,
            "pnp_id": instance,
            "up": None if status is None else status == CONNECTED,
            "speed_bits_per_second": speed if speed and speed < MOST_SPEED else None,
            "addresses": tuple(_addresses(setting)),
            "gateways": tuple(_gateways(setting)),
            "dhcp": setting.flag("DHCPEnabled") if setting.flag("IPEnabled") else None,
        },
    )


def _gateways(setting: Row) -> Iterator[str]:
    for told in setting.texts("DefaultIPGateway"):
        with suppress(ValueError):
            yield str(ip_address(told.partition("%")[0]))


def _addresses(setting: Row) -> Iterator[str]:
    """Each address with its prefix: the mask is in dots for version 4 and in bits for version 6."""
    addresses, masks = setting.texts("IPAddress"), setting.texts("IPSubnet")
    for address, mask in zip(addresses, masks, strict=False):
        try:
            found = ip_interface(f"{address.partition('%')[0]}/{mask}")
        except ValueError:
            continue
        if found.ip != IPv4Address(0):
            yield str(found)
