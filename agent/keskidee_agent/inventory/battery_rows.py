r"""Batteries of Windows with their wear: the classes of the battery driver in root\wmi, else Win32_Battery.

Source: Windows' batclass.h (BATTERY_INFORMATION) and the CIM schema (Win32_Battery).
"""

from __future__ import annotations

from keskidee_agent.inventory import words
from keskidee_agent.inventory.wmi import spare
from keskidee_agent.inventory.wmi_rows import Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Value

RELATIVE = 0x40000000  # BATTERY_CAPACITY_RELATIVE: capacities are in no unit that is known
CHEMISTRY = {
    "LION": "Lithium Ion",
    "LI-I": "Lithium Ion",
    "LIP": "Lithium Polymer",
    "LIPO": "Lithium Polymer",
    "NIMH": "Nickel Metal Hydride",
    "NICD": "Nickel Cadmium",
    "PBAC": "Lead Acid",
}
"""By the letters of BATTERY_INFORMATION.Chemistry."""


def batteries(machine: Machine) -> Iterator[tuple[str, dict[str, Value]]]:
    """Each battery by its place: maker, model, serial, chemistry, what it was to hold and what it holds. None where the
    machine has none, or WMI does not say.
    """
    told = spare(machine, "BatteryStaticData")
    full, counted = spare(machine, "BatteryFullChargedCapacity"), spare(machine, "BatteryCycleCount")
    for row in told:
        place = row.raw("InstanceName")
        fields = {**_static(row), "cycles": _same(counted, place).number("CycleCount")}
        if not (row.number("Capabilities") or 0) & RELATIVE:
            fields["design_milliwatt_hours"] = row.number("DesignedCapacity")
            fields["full_milliwatt_hours"] = _same(full, place).number("FullChargedCapacity")
        yield place.rpartition("_")[0] or "battery 1", _known(fields)
    for number, row in enumerate([] if told else spare(machine, "Win32_Battery"), 1):
        yield f"battery {number}", _known(_listed(row))


def _same(rows: list[Row], place: str) -> Row:
    return next((row for row in rows if row.raw("InstanceName") == place), Row({}))


def _static(row: Row) -> dict[str, Value | None]:
    letters = (row.number("Chemistry") or 0).to_bytes(8, "little").rstrip(b"\0").decode("ascii", "replace")
    return {
        "maker": row.text("ManufactureName"),
        "model": row.text("DeviceName"),
        "serial": row.text("SerialNumber"),
        "chemistry": CHEMISTRY.get(letters.upper()),
    }


def _listed(row: Row) -> dict[str, Value | None]:
    kind = words.CHEMISTRY.get(row.number("Chemistry") or 0)
    return {
        "model": row.text("Name"),
        "chemistry": None if kind in ("Other", "Unknown") else kind,
        "design_milliwatt_hours": row.number("DesignCapacity"),
        "full_milliwatt_hours": row.number("FullChargeCapacity"),
        "design_millivolts": row.number("DesignVoltage"),
    }


def _known(fields: dict[str, Value | None]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if value}
