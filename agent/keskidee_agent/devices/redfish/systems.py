"""Computer systems: what they are, their processors, memory and interfaces (DSP0268: ComputerSystem, Processor, Memory,
EthernetInterface).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.mibs.addresses import length_of_mask
from keskidee_agent.devices.parts import Address, Port, Processor, Space
from keskidee_agent.devices.redfish.node import Node
from keskidee_agent.devices.redfish.tree import SLOW
from keskidee_agent.host.placeholders import said_uuid
from keskidee_agent.inventory.cpuinfo import chip_maker
from keskidee_agent.inventory.jedec import maker_of

if TYPE_CHECKING:
    from keskidee_agent.devices.redfish.found import Found
    from keskidee_agent.devices.redfish.tree import Tree

MEGA, GIGA = 1e6, 1e9
KIBI, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
ARCHITECTURES = {"x86-64": "x86_64", "x86": "i686", "arm-a64": "aarch64", "arm-a32": "armv7l", "power": "ppc64le"}
CORRECTIONS = {"singlebitecc": "Single-bit ECC", "multibitecc": "Multi-bit ECC", "addressparity": "Parity"}
GRAPHICS = ("gpu", "accelerator")
OF_GRAPHICS = ("HBM", "GDDR")
"""Memory that accelerators have to themselves: modules, but none of the system's memory."""
DIMM_STATUS = {
    "goodinuse": "OK", "goodpartiallyinuse": "OK", "presentspare": "OK", "degraded": "Warning",
    "doesnotmatch": "Warning", "notsupported": "Warning", "configurationerror": "Critical",
}  # fmt: skip
"""HPE's HpMemory. Of the others nobody knows whether they are good."""
ON = ("on", "poweringoff", "paused")
MAC_BYTES = 6
NOWHERE = ("0.0.0.0", "::", "0:0:0:0:0:0:0:0")  # what an interface without an address is told to have


def name_of(node: Node) -> str:
    """How a resource is called: its `Name`, or its `Id` where that says more."""
    return node.text("Name", "Id", "MemberId") or node.path.rstrip("/").rpartition("/")[2]


def label_of(node: Node) -> str | None:
    """What is printed beside the place of a part."""
    for place in (node.node("PhysicalLocation"), node.node("Location"), *node.nodes("Location")):
        if label := place.node("PartLocation").text("ServiceLabel") or place.text("Info"):
            return label
    return None


def place_of(node: Node, what: str) -> str:
    """A part by its `Id`, where that is more than a number."""
    told = node.text("Id") or name_of(node)
    return f"{what} {told}" if told.isdigit() else told


def read_system(system: Node, found: Found, vendor: str | None) -> None:
    """The system itself, its board's and its firmware's items, whether it is on, and how it is."""
    name = system.text("HostName", "Name", "Id") or "system"
    of_its_case = None if found.items else found.identity.serial
    found.add(
        "system", "system",
        name=system.text("HostName"), maker=system.text("Manufacturer"), model=system.text("Model"),
        serial=serial_of(system, vendor) or of_its_case, sku=system.text("SKU"),
        uuid=said_uuid(system.text("UUID") or ""),
        asset_tag=system.text("AssetTag"), part=system.text("PartNumber"), family=system.text("SubModel"),
    )  # fmt: skip
    if serial_of(system, vendor) != system.text("SerialNumber"):  # the board's own, beside the service tag
        found.add(
            "board", "board",
            maker=system.text("Manufacturer"), serial=system.text("SerialNumber"), part=system.text("PartNumber"),
        )  # fmt: skip
    elif board := system.oem_text("PCASerialNumber"):  # HPE's
        found.add(
            "board", "board",
            maker=system.text("Manufacturer"), serial=board, part=system.oem_text("PCAPartNumber"),
        )  # fmt: skip
    found.add("bios", "bios", maker=system.text("Manufacturer"), version=system.text("BiosVersion"))
    if power := (system.text("PowerState") or "").lower():
        found.powered_on[name] = power in ON
    found.memory_bytes += system.node("MemorySummary").times(GIB, "TotalSystemMemoryGiB") or 0
    if system.rollup is not None:
        found.overall.append(system.rollup)
    found.feels("system", name, system, all_of_it=True)
    for what in ("Processor", "Memory"):
        found.feels("summary", f"{name} {what.lower()}", system.node(f"{what}Summary"), all_of_it=True)


def serial_of(system: Node, vendor: str | None) -> str | None:
    """The number on the label that people know a server by: Dell's service tag stands in `SKU`."""
    names = ("SKU", "SerialNumber") if vendor == "Dell" else ("SerialNumber",)
    return system.text(*names)


def read_processors(tree: Tree, system: Node, found: Found) -> None:
    """Processors by their sockets; accelerators are graphics."""
    number = 0
    for chip in tree.members(system.link("Processors"), SLOW):
        if not chip.is_there:
            continue
        kind, model = (chip.text("ProcessorType") or "CPU").lower(), chip.text("Model", "Version")
        place = chip.text("Socket") or label_of(chip) or name_of(chip)
        found.feels("processor", place, chip)
        fields = {
            "slot": place, "maker": chip_maker(chip.text("Manufacturer") or "") or None, "model": model,
            "serial": chip.serial(), "part": chip.text("PartNumber"), "asset_tag": chip.text("AssetTag"),
        }  # fmt: skip
        if kind in GRAPHICS:
            found.add("graphics", place, **fields)
        elif kind != "cpu" and kind != "core":
            found.add("component", place, **fields)
        elif kind == "cpu":
            number += 1
            found.parts.processors.append(Processor(description=model or place, load_ratio=None))
            found.add("processor", f"processor {number}", **fields, **_speeds(chip))


def _speeds(chip: Node) -> dict[str, str | int | None]:
    cores, threads = chip.whole("TotalCores"), chip.whole("TotalThreads")
    architecture = (chip.text("InstructionSet", "ProcessorArchitecture") or "").lower()
    return {
        "cores": cores,
        "cores_enabled": chip.whole("TotalEnabledCores"),
        "threads": threads,
        "threads_per_core": threads // cores if threads and cores and threads % cores == 0 else None,
        "speed_hertz": chip.times(MEGA, "OperatingSpeedMHz") or None,
        "maximum_speed_hertz": chip.times(MEGA, "MaxSpeedMHz") or None,
        "architecture": ARCHITECTURES.get(architecture, architecture) or None,
    }


def read_memory(tree: Tree, system: Node, found: Found) -> None:
    """Modules by their slots, and slots that are empty."""
    for module in tree.members(system.link("Memory") or system.oem_link("Memory"), SLOW):
        place = module.text("DeviceLocator", "SocketLocator") or label_of(module) or place_of(module, "memory")
        size = _size(module)
        type_ = (module.text("MemoryDeviceType", "DIMMType") or "").rpartition(".")[2] or None  # old OpenBMC's: a path
        form = module.text("BaseModuleType", "DIMMTechnology")
        kind = {"slot": place, "type": type_, "form_factor": form}
        if not module.is_there or not size:
            found.add("memory_slot", place, **kind)
            continue
        found.feels("memory", place, _with_health(module))
        if not (type_ or "").startswith(OF_GRAPHICS):
            found.parts.memory.append(Space(description=place, size_bytes=size, used_bytes=None))
        told = module.text("Manufacturer")
        named = maker_of(told or "")
        correction = (module.text("ErrorCorrection") or "").lower()
        found.add(
            "memory", place,
            **kind, size_bytes=size,
            speed_transfers_per_second=_fastest(module),
            configured_transfers_per_second=module.times(MEGA, "OperatingSpeedMhz", "OperatingSpeedMHz") or None,
            maker=named or told, maker_code=told if named and named != told else None,
            part=module.text("PartNumber"), serial=module.serial(), asset_tag=module.text("AssetTag"),
            rank=module.whole("RankCount", "Rank"), error_correction=CORRECTIONS.get(correction),
        )  # fmt: skip


def _with_health(module: Node) -> Node:
    """A module of an iLO 4 has a `DIMMStatus` in place of `Status`."""
    health = DIMM_STATUS.get((module.text("DIMMStatus") or "").lower())
    return module if health is None or "Status" in module.fields else Node("", {"Status": {"Health": health}})


def _size(module: Node) -> int | None:
    """Bytes. An iDRAC 8 takes its megabytes for decimal ones: 15,625 are meant to be 16,384."""
    told = module.whole("CapacityMiB", "SizeMB")
    if told is None:
        return None
    meant = round(told * MIB / MEGA)
    return (meant if told % KIBI and not meant % KIBI else told) * MIB


def _fastest(module: Node) -> int | None:
    speeds = module.fields.get("AllowedSpeedsMHz")
    numbers = [each for each in speeds if type(each) is int and 0 < each < GIGA] if isinstance(speeds, list) else []
    return int(max(numbers) * MEGA) if numbers else module.times(MEGA, "MaximumFrequencyMHz") or None


def read_interfaces(tree: Tree, system: Node, found: Found) -> None:
    """Interfaces of the host, as far as its board sees them."""
    for port in tree.members(system.link("EthernetInterfaces"), SLOW):
        if not port.is_there:
            continue
        name, mac = place_of(port, "interface"), mac_of(port)
        enabled, link = port.flag("InterfaceEnabled"), (port.text("LinkStatus") or "").lower()
        found.parts.ports.append(
            Port(
                index=len(found.parts.ports) + 1, name=name, description=port.text("Description", "Name"), alias=None,
                type="ethernetCsmacd", mtu=port.whole("MTUSize"), mac=mac,
                speed_bits_per_second=port.times(MEGA, "SpeedMbps") or None,
                admin=None if enabled is None else "up" if enabled else "down",
                oper={"linkup": "up", "linkdown": "down", "nolink": "down"}.get(link),
            )
        )  # fmt: skip
        found.add("network", name, type="ethernet", name=port.text("Name"), mac=mac)


def mac_of(port: Node) -> str | None:
    """The address that is burnt in, in small letters with colons."""
    told = port.text("PermanentMACAddress", "MACAddress", "MacAddress") or ""
    digits = "".join(letter for letter in told.lower() if letter in "0123456789abcdef")
    if len(digits) != 2 * MAC_BYTES or not digits.strip("0"):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 2 * MAC_BYTES, 2))


def addresses_of(port: Node, index: int) -> list[Address]:
    """The addresses that an interface says it has."""
    return [
        Address(
            port=index,
            address=address,
            prefix_length=each.whole("PrefixLength") or length_of_mask(each.text("SubnetMask")),
        )
        for each in (*port.nodes("IPv4Addresses"), *port.nodes("IPv6Addresses"))
        if (address := each.text("Address")) and address not in NOWHERE
    ]
