"""Power supply units of servers, from SMBIOS (DSP0134, 7.40). What the BMC knows more of them is Redfish's."""

from __future__ import annotations

from keskidee_agent.inventory.firmware import firmware_of
from keskidee_agent.inventory.layout import POWER_SUPPLY
from keskidee_report.items import item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux", "windows")
KINDS = ("power_supply",)
TEXTS = ("slot", "model", "maker", "serial", "asset_tag", "part", "revision", "status")
SAYING = frozenset({"model", "maker", "serial", "part", "maximum_watts"})


def read(machine: Machine) -> Iterator[Item]:
    """A unit by its place. One of which firmware says neither what it is nor its power is a template of the board's
    maker and left out. Raises NotHere, or Denied without the right to read SMBIOS.
    """
    firmware = firmware_of(machine)
    for number, record in enumerate(firmware.of(POWER_SUPPLY), 1):
        made = item(
            "power_supply",
            record.text("slot") or record.text("model") or f"unit {number}",
            {
                **{name: record.text(name) for name in TEXTS},
                "maximum_watts": record.number("maximum_watts"),
                "plugged": record.flag("plugged"),
                "hot_replaceable": record.flag("hot_replaceable"),
            },
        )
        if SAYING & made.fields.keys():
            yield made
    firmware.check()
