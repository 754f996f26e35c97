"""USB devices by the port they are plugged into, from /sys/bus/usb (Documentation/ABI/stable/sysfs-bus-usb). Linux.

Root hubs are part of their controller, which is a PCI device, and left out.
"""

from __future__ import annotations

import re
from contextlib import suppress

from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.ids import names_of
from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.ids import Names
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("usb",)
FOLDER = "sys/bus/usb/devices"
LINUX_FOUNDATION = "1d6b"  # the vendor of root hubs
_LSUSB = re.compile(r"^Bus (\d{3}) Device (\d{3}): ID ([0-9a-f]{4}):([0-9a-f]{4})(.*)$")


def read(machine: Machine) -> Iterator[Item]:
    """Maker, model, serial and class of each device; names are the device's own, then those of usb.ids.

    Raises NotHere where there is no USB.
    """
    try:
        folders = machine.names(FOLDER)
    except NotHere:
        if machine.exists("sys/bus"):
            raise NotHere("the kernel has no USB") from None
        yield from lsusb(machine.run("lsusb").decode("utf-8", "replace"))
        return
    ports = [name for name in folders if ":" not in name and not name.startswith("usb")]
    attributes = {port: _attributes(machine, port) for port in ports}
    wanted: dict[str, list[str]] = {}
    for each in attributes.values():
        wanted.setdefault(each["idVendor"], []).append(each["idProduct"])
    names = names_of(machine, "usb.ids", wanted) if wanted else None
    for port, each in attributes.items():
        if names is not None and each["idVendor"]:
            yield _device(port, each, names)
    if not ports:
        raise NotHere("nothing is plugged into USB")


def _attributes(machine: Machine, port: str) -> dict[str, str]:
    found = {}
    for name in ("idVendor", "idProduct", "manufacturer", "product", "serial", "bDeviceClass", "bcdDevice"):
        found[name] = ""
        with suppress(NotHere, Denied, OSError):
            found[name] = machine.text(f"{FOLDER}/{port}/{name}")
    return found


def _device(port: str, told: dict[str, str], names: Names) -> Item:
    vendor, product, kind = told["idVendor"], told["idProduct"], told["bDeviceClass"]
    return item(
        "usb",
        port,
        {
            "port": port,
            "vendor_id": vendor,
            "product_id": product,
            "maker": said(told["manufacturer"]) or names.device(vendor),
            "model": said(told["product"]) or names.device(vendor, product),
            "serial": said(told["serial"]),
            "class": names.kind(kind),
            "class_code": kind,
            "version": told["bcdDevice"],
        },
    )


def lsusb(text: str) -> Iterator[Item]:
    """What the plain list of lsusb tells: numbers, and maker and model in one."""
    for line in text.splitlines():
        found = _LSUSB.match(line.strip())
        if found and found[3] != LINUX_FOUNDATION:
            bus, device, vendor, product, name = found.groups()
            fields = {"vendor_id": vendor, "product_id": product, "model": name.strip()}
            yield item("usb", f"bus {bus} device {device}", fields)
