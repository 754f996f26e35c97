"""What firmware says of the machine, from /sys/class/dmi/id; on Windows from the SMBIOS table (DMTF DSP0134).

Serial numbers and the UUID need root on Linux, or root's helper (`keskidee agent firmware`), which deploy/systemd runs
at boot; everything else is for all. Read once an hour.
"""

from __future__ import annotations

from keskidee_agent.host.handed import content
from keskidee_agent.host.smbios import system_texts
from keskidee_agent.host.sysfs import text
from keskidee_report.model import Denied, Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux", "windows")
EVERY_SECONDS = 3600
RIGHT = "root, or its helper, for serial numbers and the UUID"
GRANT = 'sudo keskidee agent firmware --group "$(id -gn)"  # until next boot; deploy/systemd does it at each'

INFO = Family("node_dmi_info", "gauge", "1, labelled with what the machine's firmware says of it", digits=0)

# file in /sys/class/dmi/id, and the label where it is another name
LABELS = {
    "bios_date": "bios_date",
    "bios_release": "bios_release",
    "bios_vendor": "bios_vendor",
    "bios_version": "bios_version",
    "board_asset_tag": "board_asset_tag",
    "board_name": "board_name",
    "board_serial": "board_serial",
    "board_vendor": "board_vendor",
    "board_version": "board_version",
    "chassis_asset_tag": "chassis_asset_tag",
    "chassis_serial": "chassis_serial",
    "chassis_vendor": "chassis_vendor",
    "chassis_version": "chassis_version",
    "product_family": "product_family",
    "product_name": "product_name",
    "product_serial": "product_serial",
    "product_sku": "product_sku",
    "product_uuid": "product_uuid",
    "product_version": "product_version",
    "sys_vendor": "system_vendor",
}


def read(machine: Machine) -> Iterator[Sample]:
    """One sample with a label for each text the firmware gives, as it gives it: "To be filled by O.E.M." too, since
    node_dmi_info is node_exporter's and existing rules match it. The register takes its facts without placeholders.
    """
    texts, denied = _windows(machine) if machine.platform == "windows" else _linux(machine)
    if texts:
        yield (INFO, texts, 1)
    if denied:
        raise Denied(f"{', '.join(denied)} in /sys/class/dmi/id: only root may read them")
    if not texts:
        raise NotHere("no DMI")


def _linux(machine: Machine) -> tuple[dict[str, str], list[str]]:
    """Labels with their texts, and the names of files that may not be read."""
    present = machine.names("sys/class/dmi/id")
    texts, denied = {}, []
    for name, label in LABELS.items():
        if name in present:
            try:
                texts[label] = text_of(content(machine, f"sys/class/dmi/id/{name}"))
            except Denied:
                denied.append(name)
    return texts, denied


def text_of(content: bytes) -> str:
    """A text of firmware, without the blanks that fill its field."""
    return text(content).strip()


def _windows(machine: Machine) -> tuple[dict[str, str], list[str]]:
    texts = system_texts(machine.smbios())
    return {label: texts[name] for name, label in LABELS.items() if name in texts}, []
