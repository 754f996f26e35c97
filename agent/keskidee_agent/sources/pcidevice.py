"""PCI devices, their links and power states, from /sys/bus/pci/devices (Documentation/ABI/testing/sysfs-bus-pci).

No privilege. Off unless named: twenty series a device, and a server has a hundred devices. Read once a minute.
"""

from __future__ import annotations

from keskidee_agent.host.lines import decimal, number
from keskidee_agent.host.sysfs import HEX_DIGITS, attribute, integer, words
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True
EVERY_SECONDS = 60
FOLDER = "sys/bus/pci/devices"
GIGA = 1_000_000_000
NO_LINK = -1  # what node_exporter says of a device that has none

INFO = Family(
    "node_pcidevice_info", "gauge", "1, labelled with what the device is and where it is plugged in", digits=0
)


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_pcidevice_{name}", "gauge", what, digits=0)


SPEEDS = {
    "max_link_speed": _gauge("max_link_transfers_per_second", "Transfers a second that the link is made for"),
    "current_link_speed": _gauge("current_link_transfers_per_second", "Transfers a second that the link makes now"),
}
WIDTHS = {
    "max_link_width": _gauge("max_link_width", "Lanes that the link is made for"),
    "current_link_width": _gauge("current_link_width", "Lanes that the link has now"),
}
COUNTS = {
    "d3cold_allowed": _gauge("d3cold_allowed", "Whether it may be cut off from power"),
    "sriov_drivers_autoprobe": _gauge("sriov_drivers_autoprobe", "Whether drivers take its virtual functions"),
    "sriov_numvfs": _gauge("sriov_numvfs", "Virtual functions in use"),
    "sriov_totalvfs": _gauge("sriov_totalvfs", "Virtual functions that it can have"),
    "sriov_vf_total_msix": _gauge("sriov_vf_total_msix", "Interrupt vectors for its virtual functions"),
}
NODE = _gauge("numa_node", "Memory node that it is next to")
POWER = _gauge("power_state", "1 for the power state that it is in")
POWER_STATES = ("D0", "D1", "D2", "D3hot", "D3cold", "unknown", "error")
# file, label and digits of an identity
IDENTITIES = (
    ("class", "class_id", 6),
    ("vendor", "vendor_id", 4),
    ("device", "device_id", 4),
    ("subsystem_vendor", "subsystem_vendor_id", 4),
    ("subsystem_device", "subsystem_device_id", 4),
    ("revision", "revision", 2),
)
PLACE = ("segment", "bus", "device", "function")


def read(machine: Machine) -> Iterator[Sample]:
    """What each device is, its link, virtual functions and power state, labelled with the parts of its address."""
    for name in machine.names(FOLDER):
        folder = f"{FOLDER}/{name}/"
        address = parse_address(name)
        place = dict(zip(PLACE, address, strict=True))
        above = _parent(machine.place(folder).split("/")[-2])
        identities = {label: _identity(machine, folder + file, digits) for file, label, digits in IDENTITIES}
        parents = dict(zip(("parent_" + part for part in PLACE), above, strict=True))
        yield (INFO, {**place, **parents, **identities}, 1)
        for file, family in SPEEDS.items():
            yield (family, place, parse_speed(_link(machine, folder + file)))
        for file, family in WIDTHS.items():
            lanes = _link(machine, folder + file)
            yield (family, place, number(lanes.encode()) if lanes else NO_LINK)
        for file, family in COUNTS.items():
            content = attribute(machine, folder + file)
            yield (family, place, 0 if content is None else integer(content))
        content = attribute(machine, folder + "numa_node")
        if content is not None and integer(content) >= 0:
            yield (NODE, place, integer(content))
        state = words(attribute(machine, folder + "power_state"))
        if state:
            yield from [(POWER, {**place, "state": known}, int(known == state)) for known in POWER_STATES]


def _parent(name: str) -> tuple[str, ...]:
    """The address of the bridge a device is behind, or stars where it is at the root."""
    try:
        return parse_address(name)
    except Malformed:
        return ("*",) * len(PLACE)


def _identity(machine: Machine, path: str, digits: int) -> str:
    content = attribute(machine, path)
    return "" if content is None else f"0x{integer(content):0{digits}x}"


def _link(machine: Machine, path: str) -> str:
    """What an attribute of a link says, or an empty text where there is no link or nothing is known of it."""
    content = attribute(machine, path)
    if content == b"":
        raise Malformed("empty")
    said = words(content)
    return "" if said.startswith("Unknown") else said


def parse_address(name: str) -> tuple[str, ...]:
    """Segment, bus, device and function of `0000:03:00.0`. Raises Malformed."""
    parts = tuple(name.replace(".", ":").split(":"))
    hexadecimal = all(
        part and not part.encode("utf-8", "surrogateescape").translate(None, HEX_DIGITS) for part in parts
    )
    if len(parts) != len(PLACE) or not hexadecimal:
        raise Malformed("not the address of a PCI device", name)
    return parts


def parse_speed(text: str) -> int:
    """Transfers a second of `8.0 GT/s PCIe`, NO_LINK for an empty text. Raises Malformed."""
    if not text:
        return NO_LINK
    amount, _, unit = text.partition(" ")
    if not unit.startswith("GT/s"):
        raise Malformed("not the speed of a link", text)
    return round(decimal(amount.encode()) * GIGA)
