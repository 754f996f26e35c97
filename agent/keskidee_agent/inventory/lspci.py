"""PCI devices as the kernel shows them in /sys/bus/pci (Documentation/ABI/testing/sysfs-bus-pci), or as `lspci -v -nn`
prints them (lspci(8)), in one form.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

from keskidee_agent.inventory.ids import names_of
from keskidee_agent.inventory.quantities import size_bytes
from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.ids import Names

FOLDER = "sys/bus/pci/devices"
PREFETCHABLE_MEMORY = 0x2200  # include/linux/ioport.h: IORESOURCE_MEM and IORESOURCE_PREFETCH
_HEAD = re.compile(
    r"^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (.*?)(?: \[([0-9a-f]{4})\])?: (.*?)"
    r"(?: \[([0-9a-f]{4}):([0-9a-f]{4})\])?(?: \(rev ([0-9a-f]{2})\))?(?: \(prog-if .*\))?$"
)
_SUBSYSTEM = re.compile(r"^\s+Subsystem: (.*?)(?: \[([0-9a-f]{4}):([0-9a-f]{4})\])?$")
_MEMORY = re.compile(r"^\s+Memory at .*[( ]prefetchable\) (?:\[\w+\] )?\[size=(\d+[KMGT]?)\]")
_DRIVER = re.compile(r"^\s+Kernel driver in use: (.*)$")
_SECOND_WORDS = frozenset({"Corporation", "Inc.", "Inc", "Ltd.", "Ltd", "Co.,", "Co.", "Technologies", "Technology",
                           "Semiconductor", "Semiconductors", "Electronics", "Systems", "Company", "Devices,", "Micro",
                           "Computer", "Networks", "Communications", "[AMD]", "[AMD/ATI]", "Limited", "Group",
                           "Corp.", "Corp", "Hat,", "Packard", "Instruments", "Digital", "Microsystems"})  # fmt: skip
_LEGAL_ENDS = frozenset({"Corporation", "Corp.", "Inc.", "Inc", "Ltd.", "Ltd", "Ltd.,", "Limited", "GmbH", "LLC"})
_LONGEST_MAKER = 6
_MAKERS = ("LSI Logic / Symbios Logic", "Broadcom / LSI", "Broadcom Inc. and subsidiaries", "Qualcomm Atheros",
           "SK hynix", "Micron/Crucial Technology", "Creative Labs", "Silicon Integrated Systems [SiS]")  # fmt: skip
"""Makers of pci.ids whose names end in no word of a company's."""
LONGEST_LINE = 1000
RECORDS = ("Slot:\t", "Device:\t")
UNNAMED = "Device"
"""What lspci writes for a device that its list does not know."""


class Device(NamedTuple):
    """One function of a device: address, numbers in hexadecimal without 0x, names where they are known."""

    address: str
    class_code: str = ""
    class_name: str = ""
    vendor: str = ""
    device: str = ""
    maker: str = ""
    model: str = ""
    subsystem_vendor: str = ""
    subsystem_device: str = ""
    board_maker: str = ""
    board_model: str = ""
    revision: str = ""
    driver: str = ""
    memory_bytes: int | None = None


def devices_of(machine: Machine) -> list[Device]:
    """All PCI devices, once a machine. Raises NotHere where there is no PCI, and no recording of lspci."""
    memory = machine.memory("inventory.pci")
    if "devices" not in memory:
        try:
            addresses = machine.names(FOLDER)
        except NotHere:
            addresses = []
        if addresses:
            memory["devices"] = _named(machine, [_device(machine, address) for address in addresses])
        else:
            memory["devices"] = parse(machine.run("lspci", "-v", "-nn").decode("utf-8", "replace"))
    found: list[Device] = memory["devices"]
    if not found:
        raise NotHere("no PCI device")
    return found


def _device(machine: Machine, address: str) -> Device:
    def attribute(name: str) -> str:
        with suppress(NotHere, Denied, OSError):
            return machine.text(f"{FOLDER}/{address}/{name}").removeprefix("0x")
        return ""

    board = attribute("subsystem_vendor").replace("0000", "")  # bridges have none
    driver = machine.place(f"{FOLDER}/{address}/driver").rpartition("/")[2]
    return Device(
        address=address,
        class_code=attribute("class")[:4],
        vendor=attribute("vendor"),
        device=attribute("device"),
        subsystem_vendor=board,
        subsystem_device=attribute("subsystem_device") if board else "",
        revision=attribute("revision"),
        driver="" if driver == "driver" else driver,
        memory_bytes=_largest(attribute("resource")) if attribute("class").startswith("03") else None,
    )


def _largest(resources: str) -> int | None:
    """The largest window into a device's memory: begin, end and flags a line."""
    sizes = []
    for line in resources.splitlines():
        with suppress(ValueError):
            begin, end, flags = (int(word, 16) for word in line.split())
            if flags & PREFETCHABLE_MEMORY == PREFETCHABLE_MEMORY and end > begin:
                sizes.append(end - begin + 1)
    return max(sizes, default=None)


def _named(machine: Machine, devices: list[Device]) -> list[Device]:
    wanted: dict[str, set[str]] = {}
    for each in devices:
        wanted.setdefault(each.vendor, set()).add(each.device)
        wanted.setdefault(each.subsystem_vendor, {"none"})  # of makers of boards their own names
    names = names_of(machine, "pci.ids", wanted)
    return [_name(each, names) for each in devices]


def _name(each: Device, names: Names) -> Device:
    code = each.class_code
    return each._replace(
        maker=names.device(each.vendor),
        model=names.device(each.vendor, each.device),
        board_maker=names.device(each.subsystem_vendor),
        board_model=names.device(each.vendor, each.device, each.subsystem_vendor, each.subsystem_device),
        class_name=names.kind(code[:2], code[2:]) or names.kind(code[:2]),
    )


def parse(text: str) -> list[Device]:
    """The devices of `lspci -v -nn` (also without -v, or with -vmm). Lines that are none are passed over."""
    if text.lstrip().startswith(RECORDS):
        from keskidee_agent.inventory.lspci_records import records

        return [Device(**fields) for fields in records(text)]
    found: list[Device] = []
    for line in text.splitlines():
        if len(line) > LONGEST_LINE:
            continue
        head = _HEAD.match(line)
        if head:
            found.append(_of_head(head))
        elif found and line[:1] in ("\t", " "):
            found[-1] = _with(found[-1], line)
    return found


def _of_head(head: re.Match[str]) -> Device:
    address, class_name, class_code, name, vendor, device, revision = (part or "" for part in head.groups())
    maker, model = split_maker(name)
    return Device(
        address=address if address.count(":") > 1 else f"0000:{address}",  # it leaves a lone domain out
        class_code=class_code,
        class_name=class_name,
        vendor=vendor,
        device=device,
        maker=maker,
        model="" if model == UNNAMED else model,
        revision=revision,
    )


def _with(device: Device, line: str) -> Device:
    """The device with what a line below its head adds."""
    subsystem, memory, driver = _SUBSYSTEM.match(line), _MEMORY.match(line), _DRIVER.match(line)
    if subsystem:
        name, vendor, number = (part or "" for part in subsystem.groups())
        maker, model = _board(device, name)
        return device._replace(subsystem_vendor=vendor, subsystem_device=number, board_maker=maker, board_model=model)
    if memory:
        size = size_bytes(memory[1] if memory[1][-1].isalpha() else f"{memory[1]} bytes")
        return device._replace(memory_bytes=max(size or 0, device.memory_bytes or 0) or None)
    return device._replace(driver=driver[1].strip()) if driver else device


def _board(device: Device, name: str) -> tuple[str, str]:
    """Maker and model of the board in a subsystem's name, which may be its maker's and the device's own."""
    if name.endswith(f" {device.model}") and device.model:
        return name.removesuffix(f" {device.model}"), ""
    if name.endswith(f" {UNNAMED}"):
        return name.removesuffix(f" {UNNAMED}"), ""
    return ("", "") if name == f"{device.maker} {device.model}".strip() else split_maker(name)


def split_maker(name: str) -> tuple[str, str]:
    """Maker and model, which lspci writes in one: `Intel Corporation Skylake GT2` is (`Intel Corporation`, ...)."""
    known = next((maker for maker in _MAKERS if name.startswith(f"{maker} ")), "")
    if known:
        return known, name.removeprefix(known).strip()
    words = name.split(" ")
    legal = [at for at, word in enumerate(words[1:_LONGEST_MAKER], 2) if word in _LEGAL_ENDS]
    end = legal[0] if legal else 1
    while end < len(words) and words[end] in _SECOND_WORDS:
        end += 1
    if name.startswith("Advanced Micro Devices, Inc. "):
        end = 5 if words[4:5] in (["[AMD]"], ["[AMD/ATI]"]) else 4
    return " ".join(words[:end]), " ".join(words[end:])
