"""How a pretend machine is set up and kept: its system, file systems, network, encryption, antivirus and firewall.

No address is anybody's (RFC 2544), and no user is told of.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from keskidee_report.items import item
from keskidee_simulator.hardware import encryption, whole
from keskidee_simulator.sites import SITES
from keskidee_simulator.software import in_use_days
from keskidee_simulator.systems import disks_of, interfaces_of, mounts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_report.items import Item, Value
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.software import Past

Fields = dict[str, "Value | None"]

DOMAIN = "secretariat.example"
FREE_UNIT = 1 << 20
WIRED, WIRELESS = "Mangrove Gigabit", "Mangrove Wireless AX"
"""The adapters."""
FIREWALL_PROFILES = ("Domain", "Private", "Public")
OLD_SIGNATURES = 0.9
"""From this age on, an antivirus is no longer kept up to date."""


def upkeep(machine: Pretend, past: Past) -> Iterator[Item]:
    """What its agent tells beside parts and programs."""
    yield _operating_system(machine, past)
    yield from _network(machine)
    is_encrypted = whole(encryption(machine.model, machine.system), machine.age) >= 1
    tell = {"linux": _linux, "windows": _windows, "darwin": _macos}[machine.system.os]
    yield from tell(machine, is_encrypted=is_encrypted)


def _operating_system(machine: Pretend, past: Past) -> Item:
    system = machine.system
    fields: Fields = {
        "name": system.product, "full_name": system.name, "id": system.id, "version": system.version,
        "version_id": system.version_id, "support_ends_on": system.support_ends_on,
    }  # fmt: skip
    if system.os == "windows":
        day = past.began - timedelta(days=in_use_days(machine))
        build = {"build": system.version_id.rpartition(".")[2], "edition": "Professional", "architecture": "64-bit"}
        return item("operating_system", "operating system", fields | build | {"installed_on": day.isoformat()})
    name, architecture = ("Linux", "x86_64") if system.os == "linux" else ("Darwin", "arm64")
    kernel = {"kernel": name, "kernel_version": system.kernel, "architecture": architecture}
    return item("operating_system", "operating system", fields | kernel)


def _network(machine: Pretend) -> Iterator[Item]:
    virtual = machine.model.chassis == "virtual"
    for number, name in enumerate(interfaces_of(machine.model, machine.system)):
        is_wireless = name == "Wi-Fi"
        used = (f"198.18.{SITES.index(machine.site)}.{machine.number % 250 + 1}/24",)
        adapter = "Virtio network device" if virtual else WIRELESS if is_wireless else WIRED
        yield item(
            "network", name,
            {
                "name": name, "type": "wifi" if is_wireless else "ethernet", "mac": machine.mac(number),
                "addresses": used if number == 0 else None, "up": number == 0, "virtual": False, "model": adapter,
                "maker": None if virtual else "Mangrove",
            },
        )  # fmt: skip


def _free(machine: Pretend, size: float) -> int:
    share = 0.75 - 0.40 * machine.chance(12)
    return int(size * share) // FREE_UNIT * FREE_UNIT


def _linux(machine: Pretend, *, is_encrypted: bool) -> Iterator[Item]:
    for labels, size in mounts_of(machine.model, machine.system):
        root = labels["mountpoint"] == "/"
        yield item(
            "filesystem", labels["mountpoint"],
            {
                "mount": labels["mountpoint"], "type": labels["fstype"], "encrypted": root and is_encrypted,
                "size_bytes": int(size), "free_bytes": _free(machine, size),
                "device": "/dev/mapper/root" if root and is_encrypted else labels["device"],
            },
        )  # fmt: skip
    if is_encrypted:
        below = (f"{disks_of(machine.model, machine.system)[0]}p2",)
        yield item("encryption", "root", {"device": "dm-0", "on": below, "format": "LUKS2", "enabled": True})
    unit = "ufw" if machine.system.id == "ubuntu" else "nftables"
    yield item("firewall", unit, {"name": unit, "enabled": machine.luck[26] % 5 > 0})


def _windows(machine: Pretend, *, is_encrypted: bool) -> Iterator[Item]:
    size = machine.model.disk_bytes
    volume: Fields = {"mount": "C:", "type": "NTFS", "drive": "Local Disk", "label": "Windows", "system": True}
    yield item("filesystem", "C:", volume | {"size_bytes": size, "free_bytes": _free(machine, size)})
    method = "XTS-AES-128" if is_encrypted else None
    yield item("encryption", "C:", {"format": "BitLocker", "enabled": is_encrypted, "method": method, "volume": "C:"})
    name, is_kept = "Microsoft Defender Antivirus", machine.age < OLD_SIGNATURES
    versions: Fields = {"version": "4.18.24090.11", "signatures_version": "1.421.1176.0" if is_kept else "1.407.12.0"}
    yield item("antivirus", name, versions | {"name": name, "enabled": True, "up_to_date": is_kept})
    for profile in FIREWALL_PROFILES:
        yield item("firewall", profile, {"name": "Windows Firewall", "profile": profile, "enabled": True})
    yield item("domain", DOMAIN, {"name": DOMAIN})


def _macos(machine: Pretend, *, is_encrypted: bool) -> Iterator[Item]:
    yield item("encryption", "FileVault", {"format": "FileVault", "enabled": is_encrypted})
    yield item("firewall", "Firewall", {"name": "Firewall", "enabled": machine.luck[26] % 3 > 0})
