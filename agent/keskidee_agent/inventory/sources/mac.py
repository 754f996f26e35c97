"""A Mac's hardware and applications, by system_profiler(8). No privilege."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

from keskidee_agent.host.facts import named_virtual
from keskidee_agent.host.placeholders import said, said_uuid
from keskidee_agent.inventory.jedec import maker_of
from keskidee_agent.inventory.profiler import Node, section
from keskidee_agent.inventory.quantities import megahertz, number, plain_text, size_bytes
from keskidee_agent.inventory.sources.printer import without_credentials
from keskidee_report.items import item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item, Value

PLATFORMS = ("darwin",)
KINDS = (
    "system",
    "platform",
    "bios",
    "processor",
    "memory",
    "memory_slot",
    "usb",
    "graphics",
    "battery",
    "printer",
    "software",
)
DEADLINE_SECONDS = 240.0
MAKER = "Apple"
MOVING = ("cycles",)
USB_SECTIONS = (("SPUSBDataType", "USB"), ("SPUSBHostDataType", "USB Host"))
"""The second from macOS 26 on, where the first is empty."""
KEY_OF_A_NAME = "kHW_"  # where JSON has no name of a graphics card, but what its translation goes by
_ID = re.compile(r"0x([0-9a-fA-F]{4})\b(?:\s+\((.+)\))?")
_CORES = re.compile(r"(?:proc )?(\d{1,4})\b")  # `8 (4 performance and 4 efficiency)`, in JSON `proc 8:4:4`
_OF_PARALLELS = re.compile(r"/\{[0-9a-f-]{36}\} Applications\.localized/")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2,4})\b")


def read(machine: Machine) -> Iterator[Item]:
    """The kinds of the other sources with the same fields. Raises NotHere where system_profiler tells none of them."""
    found = False
    for part in (_overview, _memory, _usb, _graphics, _battery, _printers, _applications):
        with suppress(NotHere):
            for each in part(machine):
                found = True
                yield each
    if not found:
        raise NotHere("system_profiler tells nothing")


def _overview(machine: Machine) -> Iterator[Item]:
    overview = section(machine, "SPHardwareDataType", "Hardware").first("Hardware Overview")
    yield item(
        "system",
        "system",
        {
            "maker": MAKER,
            "model": overview.text("Model Identifier", "Machine Model"),
            "family": overview.text("Model Name", "Machine Name"),
            "part": overview.text("Model Number"),
            "serial": overview.text("Serial Number (system)", "Serial Number"),
            "uuid": said_uuid(overview.text("Hardware UUID")),
        },
    )
    model = overview.text("Model Identifier", "Machine Model")
    hypervisor = "apple" if model.startswith("VirtualMac") else named_virtual(model)
    if model:
        yield item("platform", "platform", {"virtual": bool(hypervisor), "hypervisor": hypervisor})
    version = overview.raw("System Firmware Version", "Boot ROM Version")
    if version:
        yield item("bios", "bios", {"maker": MAKER, "version": version})
    name = overview.text("Chip", "Processor Name", "CPU Type")
    chips = number(overview.text("Number of Processors", "Number Of Processors", "Number Of CPUs")) or 1
    counted = _CORES.match(overview.text("Total Number of Cores", "Total Number Of Cores"))
    cores = int(counted[1]) if counted else None
    for chip in range(1, min(chips, 64) + 1 if name else 1):
        fields: dict[str, Value | None] = {
            "maker": "Intel" if "Intel" in name else MAKER if name.startswith("Apple") else "",
            "model": name,
            "cores": cores // chips if cores else None,
            "speed_hertz": megahertz(overview.text("Processor Speed", "CPU Speed").replace(",", ".")),
        }
        yield item("processor", f"socket {chip}", fields)


def _memory(machine: Machine) -> Iterator[Item]:
    memory = section(machine, "SPMemoryDataType", "Memory")
    for node in memory.all():
        if "Size" in node.values or "Status" in node.values:
            size = size_bytes(node.text("Size"))
            slot = {"slot": node.name, "type": _unless_empty(node.text("Type"))}
            yield (
                item("memory", node.name, {**slot, **_module(node, size)})
                if size
                else item("memory_slot", node.name, slot)
            )
    if not any("Size" in node.values for node in memory.all()):
        for node in (memory, *memory.all()):  # of a chip that has it inside; JSON puts it one level below
            size = size_bytes(node.text("Memory"))
            fields = {"size_bytes": size, "type": node.text("Type"), "maker": node.text("Manufacturer")}
            if size:
                yield item("memory", "built in", fields)


def _unless_empty(text: str) -> str:
    return "" if text == "Empty" else text


def _module(node: Node, size: int) -> dict[str, Value | None]:
    maker, serial = node.text("Manufacturer"), node.text("Serial Number")
    named = maker_of(maker.removeprefix("0x"))
    zeros = not set(serial.removeprefix("0x")) - {"0"}
    return {
        "size_bytes": size,
        "speed_transfers_per_second": megahertz(node.text("Speed")),
        "maker": named or ("" if maker.startswith("0x") else maker),
        "maker_code": maker if maker.startswith("0x") and maker.strip("0x") else None,
        "part": said(plain_text(node.text("Part Number"))),
        "serial": "" if zeros else serial,
        "status": node.text("Status"),
    }


def _usb(machine: Machine) -> Iterator[Item]:
    for node in _usb_nodes(machine):
        vendor, product = _ID.match(node.text("Vendor ID")), _ID.match(node.text("Product ID"))
        if product:
            serial = node.text("Serial Number")
            fields = {
                "vendor_id": vendor[1].lower() if vendor else None,
                "product_id": product[1].lower(),
                "maker": node.text("Manufacturer") or (vendor[2] if vendor else ""),
                "model": node.name.strip(),
                "serial": serial,
                "version": node.raw("Version"),
            }
            place = node.text("Location ID").partition(" ")[0]
            yield item("usb", place or node.name, {"port": place, **fields})


def _usb_nodes(machine: Machine) -> Iterator[Node]:
    for kind, title in USB_SECTIONS:
        with suppress(NotHere):
            yield from section(machine, kind, title).all()


def _graphics(machine: Machine) -> Iterator[Item]:
    for node in section(machine, "SPDisplaysDataType", "Graphics/Displays").nodes:
        vendor, device = node.text("Vendor"), _ID.match(node.text("Device ID"))
        chip = node.text("Chipset Model")
        name = chip if chip and node.name.startswith(KEY_OF_A_NAME) else node.name
        fields = {
            "model": name,
            "chip": chip,
            "maker": vendor.partition(" (")[0],
            "memory_bytes": size_bytes(node.text("VRAM (Total)", "VRAM (Dynamic, Max)")),
            "device_id": device[1].lower() if device else None,
            "resolution": next((each.text("Resolution") for each in node.all() if each.text("Resolution")), ""),
        }
        yield item("graphics", name, fields)


def _battery(machine: Machine) -> Iterator[Item]:
    power = section(machine, "SPPowerDataType", "Power").first("Battery Information")
    model, health = power.first("Model Information"), power.first("Health Information")
    if model.values:
        fields = {
            "maker": model.text("Manufacturer"),
            "model": model.text("Device Name", "Device name"),
            "serial": model.text("Serial Number"),
            "condition": health.text("Condition"),
            "cycles": number(health.text("Cycle Count", "Cycle count")),
            "health_ratio": _ratio(health.text("Maximum Capacity")),
        }
        yield item("battery", "battery", fields)


def _ratio(text: str) -> float | None:
    """`97%` and `97 %` as 0.97."""
    percent = number(text)
    return min(percent / 100, 1.0) if percent else None


def _printers(machine: Machine) -> Iterator[Item]:
    for node in section(machine, "SPPrintersDataType", "Printers").nodes:
        fields = {
            "name": node.name,
            "model": node.text("PPD"),
            "port": without_credentials(node.text("URI")),
            "shared": {"yes": True, "no": False}.get(node.text("Shared").lower()),
            "default": node.text("Default").lower() == "yes" or None,
            "server": "" if node.text("Print Server").lower() == "local" else node.text("Print Server"),
        }
        yield item("printer", node.name, fields)


def _applications(machine: Machine) -> Iterator[Item]:
    """One item an application; what Parallels shows of a Windows inside is none of the Mac's."""
    for node in section(machine, "SPApplicationsDataType", "Applications").nodes:
        if _OF_PARALLELS.search(node.text("Location")):
            continue
        signer = node.text("Signed by").partition(",")[0]
        fields = {
            "name": node.name,
            "version": node.raw("Version"),
            "format": "application",
            "maker": signer.partition(": ")[2].rpartition(" (")[0] or signer,
            "comment": node.text("Get Info String"),
            "folder": node.text("Location"),
            "architecture": node.text("Kind"),
            "modified_on": _day(node.text("Last Modified")),
            "obtained_from": node.text("Obtained from"),
        }
        yield item("software", node.name, fields)


def _day(text: str) -> str | None:
    """`2/20/11 3:34 PM` and `10/7/20, 8:53 PM`: month first, as LC_ALL=C writes; `2024-05-01T...` in JSON."""
    found, iso = _DAY.match(text), _ISO.match(text)
    year = int(found[3]) + (2000 if len(found[3]) == 2 else 0) if found else 0
    with suppress(ValueError):
        if found:
            return date(year, int(found[1]), int(found[2])).isoformat()
        return date.fromisoformat(iso[0]).isoformat() if iso else None
    return None
