"""USB devices, printers, graphics and monitors of Windows, from WMI and the registry's list of devices."""

from __future__ import annotations

import re

from keskidee_agent.inventory.ids import names_of
from keskidee_agent.inventory.monitor_rows import monitor_of
from keskidee_agent.inventory.registry import CONTROL_SET, registry_of, text, whole
from keskidee_agent.inventory.sources.monitor import monitor
from keskidee_agent.inventory.wmi import some
from keskidee_report.items import item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.registry import Registry
    from keskidee_agent.inventory.registry import Value as RegistryValue
    from keskidee_report.items import Item

PLATFORMS = ("windows",)
KINDS = ("usb", "printer", "graphics", "monitor")
ENUM = rf"{CONTROL_SET}\Enum"
DISPLAY_CLASS = rf"{CONTROL_SET}\Control\Class\{{4d36e968-e325-11ce-bfc1-08002be10318}}"
ENTITY_CLASSES = ("Win32_PnPEntity", "CIM_LogicalDevice")
MOST_MEMORY = (1 << 32) - (1 << 20)
DRIVERS_MAKERS = ("(", "Microsoft")  # who made the driver, and not the device
_USB = re.compile(r"USB\\VID_([0-9A-F]{4})&PID_([0-9A-F]{4})\\(.+)\Z", re.IGNORECASE)
_PCI = re.compile(r"PCI\\VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", re.IGNORECASE)
_PORT = re.compile(r"(?:USB|LPT|COM|DOT4_)\d{1,4}\Z", re.IGNORECASE)


def read(machine: Machine) -> Iterator[Item]:
    """`usb` by instance, `printer` by name or port, `graphics` by its name, `monitor` by its place on the adapter.

    Raises NotHere where nothing of these is known.
    """
    try:
        registry: Registry | None = registry_of(machine)
    except NotHere:
        registry = None
    found = False
    for each in (*_usb(machine), *_printers(machine, registry), *_graphics(machine, registry)):
        found = True
        yield each
    for each in _monitors(machine, registry):
        found = True
        yield each
    if not found:
        raise NotHere("neither WMI nor registry tells of devices")


def _usb(machine: Machine) -> Iterator[Item]:
    """The devices that are plugged in; the functions of one (`MI_00`) are part of it."""
    told = next(filter(None, (some(machine, name) for name in ENTITY_CLASSES)), [])
    devices = {}
    for row in told:
        instance = row.raw("PNPDeviceID") or row.raw("DeviceID")
        if instance not in devices and _USB.match(instance):
            devices[instance] = row
    names = names_of(machine, "usb.ids", {instance[8:12].lower(): () for instance in devices}) if devices else None
    for instance, row in devices.items():
        matched = _USB.match(instance)
        if matched is None or names is None:
            continue
        vendor, product = matched[1].lower(), matched[2].lower()
        if vendor == "0000":  # one that could not be asked what it is
            continue
        maker = row.text("Manufacturer")
        fields = {
            "vendor_id": vendor,
            "product_id": product,
            "maker": names.device(vendor) or ("" if maker.startswith(DRIVERS_MAKERS) else maker),
            "model": names.device(vendor, product) or row.text("Name") or row.text("Caption"),
            "serial": serial_in(instance),
            "driver": row.text("Service"),
        }
        yield item("usb", instance, {**fields, "description": row.text("Name")})


def serial_in(instance: str) -> str:
    """The serial number that ends a device's instance path; those with `&` Windows made up for want of one."""
    last = instance.rpartition("\\")[2]
    return "" if "&" in last else last


def _printers(machine: Machine, registry: Registry | None) -> Iterator[Item]:
    """The printers that are set up; and those plugged in by USB with their serial number, which the set-up lacks."""
    plugged = {} if registry is None else dict(_plugged(registry))
    rows = some(machine, "Win32_Printer") or [
        row for row in some(machine, "CIM_LogicalDevice") if row.raw("CreationClassName") == "Win32_Printer"
    ]
    for row in rows:
        port = row.raw("PortName")
        fields = {
            **plugged.pop(port, {}),
            "name": row.text("Name"),
            "driver": row.text("DriverName"),
            "port": port,
            "shared": row.flag("Shared"),
            "network": row.flag("Network"),
            "default": row.flag("Default") or None,
            "server": row.text("ServerName").strip("\\"),
        }
        yield item("printer", row.text("Name") or port or "printer", fields)
    for port, told in plugged.items():
        yield item("printer", port, {**told, "port": port})


def _plugged(registry: Registry) -> Iterator[tuple[str, dict[str, str]]]:
    """Each printer by its USB port. Its serial number is its parent's, told by the parent's prefix or container."""
    parents = list(_usb_keys(registry))
    for model in registry.below(rf"{ENUM}\USBPRINT"):
        for instance in registry.below(rf"{ENUM}\USBPRINT\{model}"):
            key = rf"{ENUM}\USBPRINT\{model}\{instance}"
            port = text(registry.values(rf"{key}\Device Parameters"), "PortName") or instance.rpartition("&")[2]
            if not _PORT.match(port):
                continue
            values = registry.values(key)
            maker = text(values, "Mfg").rpartition(";")[2]
            fields = {"model": text(values, "DeviceDesc").rpartition(";")[2], "maker": maker}
            yield port, {**fields, "serial": _parent_serial(instance, values, parents)}


def _usb_keys(registry: Registry) -> Iterator[tuple[str, dict[str, RegistryValue]]]:
    for device in registry.below(rf"{ENUM}\USB"):
        for instance in registry.below(rf"{ENUM}\USB\{device}"):
            yield instance, registry.values(rf"{ENUM}\USB\{device}\{instance}")


def _parent_serial(
    instance: str, values: dict[str, RegistryValue], parents: list[tuple[str, dict[str, RegistryValue]]]
) -> str:
    """Up from the printer to what is plugged in: in a device of several functions, it stands two steps below."""
    container = text(values, "ContainerID").lower()
    for _ in range(3):
        prefix = instance.rpartition("&")[0].lower()
        above = next((each for each, told in parents if _is_prefix(text(told, "ParentIdPrefix"), prefix)), "")
        if not above:
            break
        if serial_in(above):
            return above
        instance = above
    if container.strip("{}0-"):
        same = (each for each, told in parents if text(told, "ContainerID").lower() == container)
        return next(filter(None, map(serial_in, same)), "")
    return ""


def _is_prefix(prefix: str, instance: str) -> bool:
    return bool(prefix) and instance == prefix.lower()


def _graphics(machine: Machine, registry: Registry | None) -> Iterator[Item]:
    classes: dict[str, dict[str, RegistryValue]] = {}
    for name in registry.below(DISPLAY_CLASS) if registry is not None else ():
        values = registry.values(rf"{DISPLAY_CLASS}\{name}") if registry is not None else {}
        classes.setdefault(text(values, "DriverDesc"), values)
    for row in some(machine, "Win32_VideoController"):
        name = row.text("Name") or row.text("Caption")
        values = classes.get(name, {})
        numbers = _PCI.match(row.raw("PNPDeviceID"))
        width, height = row.number("CurrentHorizontalResolution"), row.number("CurrentVerticalResolution")
        memory = whole(values, "HardwareInformation.qwMemorySize") or whole(values, "HardwareInformation.MemorySize")
        yield item(
            "graphics",
            name or "graphics",
            {
                "model": name,  # the maker is part of it
                "chip": row.text("VideoProcessor") or text(values, "HardwareInformation.ChipType"),
                "memory_bytes": memory or _below_4_gib(row.number("AdapterRAM")),
                "resolution": f"{width}x{height}" if width and height else None,
                "driver_version": row.raw("DriverVersion"),
                "driver_date": row.day("DriverDate"),
                "vendor_id": numbers[1].lower() if numbers else None,
                "device_id": numbers[2].lower() if numbers else None,
            },
        )


def _below_4_gib(told: int | None) -> int | None:
    """AdapterRAM has 32 bits: what is as much as fits, in whole MiB, may be more."""
    return told if told and told < MOST_MEMORY else None


def _monitors(machine: Machine, registry: Registry | None) -> Iterator[Item]:
    """The EDID of each monitor; where WMI says which are connected, of those alone, and what it knows of the others."""
    active = {row.raw("InstanceName").upper().rpartition("_")[0]: row for row in some(machine, "WmiMonitorID")}
    for model in registry.below(rf"{ENUM}\DISPLAY") if registry is not None else ():
        for instance in registry.below(rf"{ENUM}\DISPLAY\{model}") if registry is not None else ():
            place = rf"{model}\{instance}"
            raw = _edid(registry, place)
            if raw and (not active or rf"DISPLAY\{place}".upper() in active):
                active.pop(rf"DISPLAY\{place}".upper(), None)
                yield monitor(machine, place, raw)
    for row in active.values():
        yield monitor_of(machine, row)


def _edid(registry: Registry | None, place: str) -> bytes:
    raw = registry.values(rf"{ENUM}\DISPLAY\{place}\Device Parameters").get("edid") if registry is not None else b""
    return raw if isinstance(raw, bytes) else b""
