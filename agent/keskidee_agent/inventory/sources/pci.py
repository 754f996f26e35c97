"""PCI devices, and graphics among them. Linux; no privilege."""

from __future__ import annotations

import re

from keskidee_agent.inventory.lspci import devices_of
from keskidee_report.items import item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.lspci import Device
    from keskidee_report.items import Item, Value

PLATFORMS = ("linux",)
KINDS = ("pci", "graphics")
DISPLAY = "03"  # PCI Code and ID Assignment Specification, 1.4: display controllers
DISPLAY_NAMES = ("VGA compatible controller", "XGA compatible controller", "3D controller", "Display controller")
"""The same as lspci without -nn names them."""
_SOLD = re.compile(r"(.+?) ?\[([^\[\]]+)\](?: \([^()]*\))?")


def read(machine: Machine) -> Iterator[Item]:
    """`pci`: a function by its address: class, maker, model, the maker of the board it is on, revision, driver.
    `graphics`: the chip, the card's name, and its memory as far as the processor sees it.

    Raises NotHere where there is no PCI.
    """
    devices = devices_of(machine)
    for device in devices:
        yield item("pci", device.address, _fields(device))
    for device in devices:
        if device.class_code.startswith(DISPLAY) or (not device.class_code and device.class_name in DISPLAY_NAMES):
            yield item("graphics", device.address, _graphics(device))


def _fields(device: Device) -> dict[str, Value | None]:
    return {
        "address": device.address,
        "class": device.class_name,
        "class_code": device.class_code,
        "maker": device.maker,
        "model": device.model,
        "vendor_id": device.vendor,
        "device_id": device.device,
        "board_maker": device.board_maker,
        "board_model": device.board_model,
        "subsystem_vendor_id": device.subsystem_vendor,
        "subsystem_device_id": device.subsystem_device,
        "revision": device.revision,
        "driver": device.driver,
    }


def _graphics(device: Device) -> dict[str, Value | None]:
    """`Skylake GT2 [HD Graphics 520]`: the chip, and in brackets what it is sold as, if those end the name."""
    sold = _SOLD.fullmatch(device.model)
    return {
        "address": device.address,
        "maker": device.maker,
        "model": sold[2] if sold else device.model,
        "chip": sold[1] if sold else None,
        "board_maker": device.board_maker,
        "class": device.class_name,
        "vendor_id": device.vendor,
        "device_id": device.device,
        "memory_bytes": device.memory_bytes,
        "driver": device.driver,
    }
