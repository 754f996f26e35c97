"""Physical or virtual, and on what; in a container or not; how it was started; Secure Boot; TPM.

Sources: /sys/firmware/efi (UEFI specification, 3.3: the variable SecureBoot), /sys/class/tpm (Documentation/ABI/stable/
sysfs-class-tpm), Win32_Tpm, and for the hypervisor what the agent's facts go by.
"""

from __future__ import annotations

from contextlib import suppress

from keskidee_agent.host.facts import facts_of, named_virtual
from keskidee_agent.host.machine import LINUX, WINDOWS
from keskidee_agent.inventory.firmware import firmware_of
from keskidee_agent.inventory.layout import BIOS, SYSTEM, TPM
from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.wmi_rows import Row
    from keskidee_report.items import Item

PLATFORMS = ("linux", "windows")
KINDS = ("platform", "boot", "tpm")
EFI = "sys/firmware/efi"
SECURE_BOOT = f"{EFI}/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SECURE_BOOT_BYTES = 5  # four of attributes, and the value
TPM_FOLDER = "sys/class/tpm"
FIRMWARE_TYPES = {1: "bios", 2: "uefi"}  # winnt.h, FIRMWARE_TYPE
CONTAINERS = (
    ("docker", "docker"),
    ("kubepods", "kubernetes"),
    ("libpod", "podman"),
    ("/lxc", "lxc"),
    ("machine.slice", "nspawn"),
)


def read(machine: Machine) -> Iterator[Item]:
    """`platform`: virtual or not, hypervisor, container. `boot`: UEFI or BIOS, Secure Boot. `tpm`: version, maker.

    What cannot be known is left out: a machine whose firmware tables are not readable may be either.
    """
    hypervisor, container = _hypervisor(machine), _container(machine)
    known = bool(hypervisor) or _has_firmware(machine)
    if known or container:
        fields = {"virtual": bool(hypervisor) if known else None, "hypervisor": hypervisor, "container": container}
        yield item("platform", "platform", fields)
    yield from _boot(machine)
    yield from _tpms(machine)


def _hypervisor(machine: Machine) -> str:
    told = facts_of(machine).get("virtualisation", "")
    if told and told != "unknown hypervisor":
        return told
    if machine.platform == WINDOWS and not told:
        told = named_virtual(
            " ".join(row.raw(name) for row in _computers(machine) for name in ("Manufacturer", "Model"))
        )
    with suppress(NotHere, Denied, TimedOut, OSError):
        records = [*firmware_of(machine).of(BIOS), *firmware_of(machine).of(SYSTEM)]
        names = [" ".join(record.text(name) for name in ("version", "maker", "model")) for record in records]
        return named_virtual(" ".join(names)) or told
    return told


def _has_firmware(machine: Machine) -> bool:
    with suppress(NotHere, Denied, TimedOut, OSError):
        return bool(firmware_of(machine).of(SYSTEM))
    if machine.platform == WINDOWS:
        return any(row.text("Model") for row in _computers(machine))
    return machine.exists("sys/class/dmi/id/product_name")


def _computers(machine: Machine) -> list[Row]:
    from keskidee_agent.inventory.wmi import spare

    return spare(machine, "Win32_ComputerSystem")


def _container(machine: Machine) -> str:
    if machine.platform != LINUX:
        return ""
    if machine.exists("run/.containerenv"):
        return "podman"
    if machine.exists(".dockerenv"):
        return "docker"
    with suppress(NotHere, Denied, OSError):
        for variable in machine.content("proc/1/environ").split(b"\0"):
            if variable.startswith(b"container="):
                return variable.removeprefix(b"container=").decode("utf-8", "replace")
    with suppress(NotHere, Denied, OSError):
        groups = machine.text("proc/1/cgroup")
        return next((name for part, name in CONTAINERS if part in groups), "")
    return ""


def _boot(machine: Machine) -> Iterator[Item]:
    if machine.platform == WINDOWS:
        yield from _boot_of_windows(machine)
    if machine.platform != LINUX or not machine.exists("sys/firmware"):
        return
    secure = None
    with suppress(NotHere, Denied, OSError):
        content = machine.content(SECURE_BOOT)
        secure = content[-1] == 1 if len(content) == SECURE_BOOT_BYTES else None
    efi = machine.exists(EFI)
    if efi or machine.exists("sys/firmware/dmi"):
        yield item("boot", "boot", {"firmware": "uefi" if efi else "bios", "secure_boot": secure if efi else False})


def _boot_of_windows(machine: Machine) -> Iterator[Item]:
    """What the loader left in the registry: the sort of firmware, and the state of Secure Boot where there is UEFI."""
    from keskidee_agent.inventory.registry import CONTROL_SET, registry_of, whole

    with suppress(NotHere):
        control = rf"{CONTROL_SET}\Control"
        firmware = FIRMWARE_TYPES.get(whole(registry_of(machine).values(control), "PEFirmwareType") or 0)
        secure = whole(registry_of(machine).values(rf"{control}\SecureBoot\State"), "UEFISecureBootEnabled")
        if firmware or secure is not None:
            fields = {"firmware": firmware, "secure_boot": None if secure is None else bool(secure)}
            yield item("boot", "boot", fields)


def _tpms(machine: Machine) -> Iterator[Item]:
    if machine.platform == WINDOWS:
        from keskidee_agent.inventory.wmi import spare

        rows = spare(machine, "Win32_Tpm")  # administrators alone may ask; for others firmware's word remains
        for number, row in enumerate(rows):
            fields = {
                "maker": row.text("ManufacturerIdTxt").strip("\0 "),
                "version": row.raw("SpecVersion").partition(",")[0],  # `2.0, 0, 1.38`
                "firmware": row.raw("ManufacturerVersion"),
                "enabled": row.flag("IsEnabled_InitialValue"),
            }
            yield item("tpm", f"tpm{number}", fields)
        if rows:
            return
    with suppress(NotHere, Denied, OSError):
        for name in machine.names(TPM_FOLDER):
            version = ""
            with suppress(NotHere, Denied, OSError):
                version = machine.text(f"{TPM_FOLDER}/{name}/tpm_version_major")
            yield item("tpm", name, {"version": {"1": "1.2", "2": "2.0"}.get(version, version)})
        return
    with suppress(NotHere, Denied, TimedOut, OSError):
        for number, record in enumerate(firmware_of(machine).of(TPM)):
            told = {"maker": record.text("maker"), "version": record.text("specification_version")}
            yield item("tpm", f"tpm{number}", told)
