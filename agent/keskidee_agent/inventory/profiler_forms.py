"""The other forms of system_profiler, XML (`-xml`, a property list) and JSON (`-json`), as the tree of its text.

The keys there are the program's own; LABELS has those that sources read, under the labels of the text.
"""

from __future__ import annotations

import json
from datetime import datetime

from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

Tree: TypeAlias = "tuple[str, dict[str, str], list[Any]]"
"""A heading, the values below it by label, and the trees below it."""
TITLES = {
    "SPHardwareDataType": "Hardware",
    "SPMemoryDataType": "Memory",
    "SPSerialATADataType": "Serial-ATA",
    "SPNVMeDataType": "NVMExpress",
    "SPParallelATADataType": "ATA",
    "SPUSBDataType": "USB",
    "SPUSBHostDataType": "USB Host",
    "SPStorageDataType": "Storage",
    "SPDisplaysDataType": "Graphics/Displays",
    "SPPowerDataType": "Power",
    "SPPrintersDataType": "Printers",
    "SPApplicationsDataType": "Applications",
    "SPNetworkDataType": "Network",
    "SPSoftwareDataType": "Software",
}
NAMES = {
    "hardware_overview": "Hardware Overview",
    "os_overview": "System Software Overview",
    "spbattery_information": "Battery Information",
    "sppower_battery_model_info": "Model Information",
    "sppower_battery_health_info": "Health Information",
}
LABELS = {
    "machine_name": "Model Name",
    "machine_model": "Model Identifier",
    "model_number": "Model Number",
    "serial_number": "Serial Number (system)",
    "platform_UUID": "Hardware UUID",
    "boot_rom_version": "Boot ROM Version",
    "chip_type": "Chip",
    "cpu_type": "Processor Name",
    "current_processor_speed": "Processor Speed",
    "packages": "Number of Processors",
    "number_processors": "Total Number of Cores",
    "os_version": "System Version",
    "kernel_version": "Kernel Version",
    "SPMemoryDataType": "Memory",
    "dimm_size": "Size",
    "dimm_type": "Type",
    "dimm_speed": "Speed",
    "dimm_status": "Status",
    "dimm_manufacturer": "Manufacturer",
    "dimm_part_number": "Part Number",
    "dimm_serial_number": "Serial Number",
    "bsd_name": "BSD Name",
    "device_model": "Model",
    "device_serial": "Serial Number",
    "device_revision": "Revision",
    "size_in_bytes": "Capacity",
    "spsata_medium_type": "Medium Type",
    "spnvme_medium_type": "Medium Type",
    "smart_status": "S.M.A.R.T. status",
    "removable_media": "Removable Media",
    "vendor_id": "Vendor ID",
    "product_id": "Product ID",
    "manufacturer": "Manufacturer",
    "serial_num": "Serial Number",
    "bcd_device": "Version",
    "location_id": "Location ID",
    "a_product_id": "Product ID",  # 10.9 and before
    "b_vendor_id": "Vendor ID",
    "c_bcd_device": "Version",
    "d_serial_num": "Serial Number",
    "f_manufacturer": "Manufacturer",
    "g_location_id": "Location ID",
    "USBDeviceKeyProductID": "Product ID",  # 26 and later
    "USBDeviceKeyVendorID": "Vendor ID",
    "USBDeviceKeyProductVersion": "Version",
    "USBDeviceKeySerialNumber": "Serial Number",
    "USBDeviceKeyVendorName": "Manufacturer",
    "USBKeyLocationID": "Location ID",
    "mount_point": "Mount Point",
    "file_system": "File System",
    "volume_uuid": "Volume UUID",
    "free_space_in_bytes": "Free",
    "writable": "Writable",
    "sppci_model": "Chipset Model",
    "spdisplays_vendor": "Vendor",
    "spdisplays_device-id": "Device ID",
    "spdisplays_vram": "VRAM (Total)",
    "_spdisplays_vram": "VRAM (Total)",
    "spdisplays_vram_shared": "VRAM (Dynamic, Max)",
    "_spdisplays_resolution": "Resolution",
    "_spdisplays_pixels": "Pixels",
    "spdisplays_pixelresolution": "Panel Resolution",
    "_spdisplays_display-vendor-id": "Vendor ID",
    "_spdisplays_display-product-id": "Product ID",
    "_spdisplays_display-serial-number": "Serial Number in EDID",
    "_spdisplays_display-week": "Week of Manufacture",
    "_spdisplays_display-year": "Year of Manufacture",
    "spdisplays_display-serial-number": "Display Serial Number",
    "spdisplays_connection_type": "Connection Type",
    "spdisplays_online": "Online",
    "sppower_battery_manufacturer": "Manufacturer",
    "sppower_battery_device_name": "Device Name",
    "sppower_battery_serial_number": "Serial Number",
    "sppower_battery_cycle_count": "Cycle Count",
    "sppower_battery_health": "Condition",
    "sppower_battery_health_maximum_capacity": "Maximum Capacity",
    "ppd": "PPD",
    "uri": "URI",
    "shared": "Shared",
    "default": "Default",
    "printserver": "Print Server",
    "version": "Version",
    "path": "Location",
    "lastModified": "Last Modified",
    "obtained_from": "Obtained from",
    "signed_by": "Signed by",
    "info": "Get Info String",
    "arch_kind": "Kind",
    "runtime_environment": "Kind",  # before 10.15
    "interface": "BSD Device Name",
}
WORDS = {
    "vendor_id": {"apple_vendor_id": "0x05ac (Apple Inc.)"},
    "spdisplays_vendor": {
        "sppci_vendor_Apple": "Apple",
        "sppci_vendor_amd": "AMD",
        "sppci_vendor_intel": "Intel",
        "sppci_vendor_nvidia": "NVIDIA",
    },
    "dimm_status": {"ok": "OK"},
    "sppower_battery_health": {"Good": "Normal"},
    "runtime_environment": {"arch_x86": "Intel", "arch_ppc": "PowerPC"},
    "arch_kind": {
        "arch_arm": "Apple Silicon",
        "arch_arm_i64": "Universal",
        "arch_i32": "Intel",
        "arch_i32_i64": "Intel",
        "arch_i64": "Intel",
        "arch_ios": "iOS",
        "arch_other": "Other",
        "arch_ppc": "PowerPC",
    },
    "obtained_from": {
        "apple": "Apple",
        "identified_developer": "Identified Developer",
        "mac_app_store": "Mac App Store",
        "unknown": "Unknown",
    },
}
"""Values that are keys of a translation, too, and what the text has for them."""
DEEPEST = 12


def trees(output: bytes) -> list[Tree] | None:
    """The sections of either form; None where the output is neither. Raises Malformed where it is cut short."""
    start = output.lstrip()[:1]
    if start not in (b"<", b"[", b"{"):
        return None
    import plistlib  # here, because this module is loaded on every system
    from xml.parsers.expat import ExpatError

    try:
        told = plistlib.loads(output.strip()) if start == b"<" else json.loads(output)
    except (ValueError, ExpatError, RecursionError, AttributeError, IndexError, KeyError, TypeError):
        raise Malformed("system_profiler's answer is cut short", output[-80:]) from None
    if isinstance(told, dict):
        told = [{"_dataType": kind, "_items": items} for kind, items in told.items()]
    return [
        _tree(TITLES.get(str(part.get("_dataType")), ""), part.get("_items"))
        for part in (told if isinstance(told, list) else [])
        if isinstance(part, dict)
    ]


def _tree(name: str, told: Any, depth: int = 0) -> Tree:
    values: dict[str, str] = {}
    below: list[Any] = []
    if depth < DEEPEST:
        for key, value in _pairs(told):
            if isinstance(value, dict):
                shown = value.get("_name", key)
                below.append(_tree(NAMES.get(str(shown), str(shown)), value, depth + 1))
            elif isinstance(value, list) and value and all(isinstance(each, str) for each in value):
                values.setdefault(LABELS.get(key, key), ", ".join(value))
            elif isinstance(value, list):
                _, _, inside = _tree("", value, depth + 1)
                below += inside
            elif key != "_name":
                told_of = _text(value)
                values.setdefault(LABELS.get(key, key), WORDS.get(key, {}).get(told_of, told_of))
    return name, values, below


def _pairs(told: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(told, dict):
        yield from told.items()
    elif isinstance(told, list):
        yield from (("", each) for each in told if isinstance(each, dict))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.month}/{value.day}/{value.year}"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    text = str(value)
    return f"{text} bytes" if isinstance(value, int) and value > 1 << 20 else text.removeprefix("spdisplays_")
