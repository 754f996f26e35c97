"""What a machine is, as texts for the register: names, system, maker, serial. What is unknown is left out."""

from __future__ import annotations

from keskidee_agent.host.evidence import disk_marks
from keskidee_agent.host.handed import copy_of
from keskidee_agent.host.placeholders import said, said_uuid
from keskidee_agent.host.release import release_of
from keskidee_agent.host.smbios import system_texts
from keskidee_report.identity import machine_id_hash
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.host.machine import Machine

DMI = "sys/class/dmi/id/"

# SMBIOS 3.7 (DMTF DSP0134), 7.4.1 "System Enclosure or Chassis Types"
CHASSIS = {
    **dict.fromkeys((3, 4, 5, 6, 7, 13, 15, 16, 24, 35, 36), "desktop"),
    **dict.fromkeys((8, 9, 10, 14, 31, 32), "laptop"),
    **dict.fromkeys((11, 30), "tablet"),
    **dict.fromkeys((17, 23, 25, 28, 29), "server"),
}
# words in maker and product of virtual machines as DMI gives them, and the hypervisor's name
VIRTUAL = (
    ("kvm", "kvm"),
    ("qemu", "qemu"),
    ("vmware", "vmware"),
    ("virtualbox", "virtualbox"),
    ("microsoft corporation virtual machine", "hyper-v"),
    ("xen", "xen"),
    ("amazon ec2", "amazon"),
    ("google compute engine", "google"),
    ("openstack", "kvm"),
    ("parallels", "parallels"),
    ("bhyve", "bhyve"),
    ("bochs", "bochs"),
    ("rhev", "kvm"),
    ("ovirt", "kvm"),
    ("apple virtualization", "apple"),
    ("alibaba cloud ecs", "kvm"),
    ("digitalocean droplet", "kvm"),
    ("exoscale compute platform", "kvm"),
    ("hetzner vserver", "kvm"),
    ("kubevirt", "kvm"),
    ("linode compute instance", "kvm"),
    ("nutanix ahv", "ahv"),
    ("scaleway", "kvm"),
    ("smartdc hvm", "kvm"),
    ("tencent cloud cvm", "kvm"),
    ("upcloud cloud server", "kvm"),
    ("vultr", "kvm"),
)
DMI_NAMES = (
    "sys_vendor",
    "product_name",
    "product_version",
    "product_serial",
    "product_uuid",
    "board_vendor",
    "board_name",
    "board_serial",
    "chassis_serial",
    "chassis_type",
)


def facts_of(machine: Machine) -> dict[str, str]:
    """hostname, os, os_name, kernel, architecture, maker, model, serial, uuid, board_serial, chassis, virtualisation,
    machine_id_hash, disks (evidence.py) and boot_id, each only where it is known. Raises nothing: a fact that cannot be
    read is left out.
    """
    readers = {"linux": _linux, "windows": _windows, "darwin": _darwin}
    facts = {
        "os": machine.platform,
        "os_name": _os_name(machine),
        **readers[machine.platform](machine),
        **_uname(machine),
    }
    return {name: value for name, value in facts.items() if value}


def _os_name(machine: Machine) -> str:
    try:
        return release_of(machine).get("PRETTY_NAME", "")
    except (NotHere, Denied, Malformed, OSError):
        return ""


def _uname(machine: Machine) -> dict[str, str]:
    try:
        _, hostname, release, version, architecture = machine.uname()
    except (NotHere, Malformed):
        return {}
    kernel = version if machine.platform == "windows" else release
    return {"hostname": hostname, "kernel": kernel, "architecture": architecture}


def _linux(machine: Machine) -> dict[str, str]:
    read = _reader(machine)
    dmi = {name: read(DMI + name) or read(copy_of(name)) for name in DMI_NAMES}
    virtual = _virtualisation(machine, read, f"{dmi['sys_vendor']} {dmi['product_name']}")
    device_tree = "sys/firmware/devicetree/base/"  # boards without DMI; its texts end in NUL
    facts = _of_dmi(dmi)
    return {
        # uname says these of a running machine; a recording may lack it
        "hostname": read("proc/sys/kernel/hostname") or read("etc/hostname"),
        "kernel": read("proc/sys/kernel/osrelease"),
        **facts,
        "model": facts["model"] or said(read(device_tree + "model").rstrip("\0")),
        "serial": facts["serial"] or said(read(device_tree + "serial-number").rstrip("\0")),
        "chassis": "virtual" if virtual else facts["chassis"],
        "virtualisation": virtual,
        "machine_id_hash": machine_id_hash(read("etc/machine-id")),
        "disks": disk_marks(machine),
        "boot_id": read("proc/sys/kernel/random/boot_id"),
    }


def _windows(machine: Machine) -> dict[str, str]:
    try:
        dmi = system_texts(machine.smbios())
    except (NotHere, Denied, Malformed, OSError):
        dmi = {}
    facts = _of_dmi(dmi)
    virtual = named_virtual(f"{dmi.get('sys_vendor', '')} {dmi.get('product_name', '')}")
    return {
        **facts,
        "chassis": "virtual" if virtual else facts["chassis"],
        "virtualisation": virtual,
        "machine_id_hash": machine_id_hash(_machine_guid(machine)),
    }


def _darwin(machine: Machine) -> dict[str, str]:
    try:
        report = machine.run("system_profiler", "SPHardwareDataType").decode("utf-8", "replace")
    except (NotHere, Denied, TimedOut, OSError):
        report = ""
    pairs = (line.strip().partition(": ") for line in report.splitlines())
    hardware = {name: value.strip() for name, _, value in pairs}
    name, identifier = hardware.get("Model Name", ""), hardware.get("Model Identifier", "")
    virtual = "apple" if identifier.startswith("VirtualMac") else named_virtual(identifier)
    kind = "laptop" if "Book" in name else "desktop" if name else ""
    return {
        "maker": "Apple" if hardware else "",
        "model": f"{name} ({identifier})" if name and identifier else identifier or name,
        "serial": said(hardware.get("Serial Number (system)", "")),
        "uuid": said_uuid(hardware.get("Hardware UUID", "")),
        "chassis": "virtual" if virtual else kind,
        "virtualisation": virtual,
        "machine_id_hash": machine_id_hash(hardware.get("Hardware UUID", "")),
    }


def _of_dmi(dmi: dict[str, str]) -> dict[str, str]:
    """maker, model, serial, uuid and chassis from texts named as in /sys/class/dmi/id; empty where unknown."""

    def text(*names: str) -> str:
        return next(filter(None, (said(dmi.get(name, "")) for name in names)), "")

    maker = text("sys_vendor", "board_vendor")
    # Lenovo's product_name is the machine type ("20XW..."); people know the name in product_version
    model = ("product_version",) if maker.lower() == "lenovo" else ()
    kind = dmi.get("chassis_type", "")
    return {
        "maker": maker,
        "model": text(*model, "product_name", "board_name"),
        "serial": text("product_serial", "chassis_serial"),
        "uuid": said_uuid(dmi.get("product_uuid", "")),
        "board_serial": text("board_serial"),
        "chassis": CHASSIS.get(int(kind), "") if kind.isdecimal() else "",
    }


def _virtualisation(machine: Machine, read: Callable[[str], str], product: str) -> str:
    """The name of the hypervisor or container this system runs in; empty on bare metal."""
    container = read("run/systemd/container")
    if container:
        return container
    if "microsoft" in read("proc/sys/kernel/osrelease").lower():
        return "wsl"
    named = named_virtual(product) or read("sys/hypervisor/type")
    if named or product.lower().strip().endswith(".metal"):
        return named
    try:
        flags = machine.content("proc/cpuinfo").partition(b"\nflags")[2].partition(b"\n")[0]
    except (NotHere, Denied, Malformed, OSError):
        return ""
    return "unknown hypervisor" if b" hypervisor" in flags else ""


def named_virtual(product: str) -> str:
    """The hypervisor that maker and product name; empty where they name none."""
    product = product.lower()
    if product.strip().endswith(".metal"):  # "Amazon EC2 m5.metal" is a whole machine
        return ""
    return next((name for words, name in VIRTUAL if words in product), "")


def _reader(machine: Machine) -> Callable[[str], str]:
    def read(path: str) -> str:
        try:
            return machine.text(path)
        except (NotHere, Denied, Malformed, OSError):
            return ""

    return read


def _machine_guid(machine: Machine) -> str:
    try:
        return machine.registry(r"SOFTWARE\Microsoft\Cryptography", "MachineGuid")
    except (NotHere, Denied):
        return ""
