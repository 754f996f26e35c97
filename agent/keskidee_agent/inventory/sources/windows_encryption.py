"""BitLocker of each volume, by Win32_EncryptableVolume: for administrators, so apart from what everybody may ask."""

from __future__ import annotations

from keskidee_agent.inventory.wmi import rows
from keskidee_report.items import item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("windows",)
KINDS = ("encryption",)
PROTECTED = {0: False, 1: True}  # Win32_EncryptableVolume.ProtectionStatus; 2 is a locked volume
METHODS = {1: "AES-128 with diffuser", 2: "AES-256 with diffuser", 3: "AES-128", 4: "AES-256"}
METHODS |= {5: "hardware", 6: "XTS-AES-128", 7: "XTS-AES-256"}


def read(machine: Machine) -> Iterator[Item]:
    """`encryption` by volume. Raises NotHere where the edition has no BitLocker, Denied for who is no administrator."""
    volumes = rows(machine, "Win32_EncryptableVolume")
    if not volumes:
        raise NotHere("no volume can be encrypted")
    for row in volumes:
        status, method = row.number("ProtectionStatus"), row.number("EncryptionMethod")
        letter = row.raw("DriveLetter")
        fields = {
            "format": "BitLocker",
            "enabled": PROTECTED.get(-1 if status is None else status),
            "method": METHODS.get(method or 0),
        }
        yield item("encryption", letter or row.raw("DeviceID") or "volume", {**fields, "volume": letter})
