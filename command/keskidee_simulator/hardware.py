"""What a pretend machine tells of its hardware and of its care: heat, batteries, and what the last inventory says.

As the real agent does on each system: heat and batteries from Linux, SMART from Linux and macOS, encryption,
updates and the end of support from all.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keskidee_report.model import COUNTER, GAUGE, Family
from keskidee_simulator.course import AGE, BOOTED, CPU_BUSY, ONE, UPDATED_ON
from keskidee_simulator.layout import Source
from keskidee_simulator.programs import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keskidee_simulator.models import Model, System

DAY = 86400.0
BATTERY_WATT_HOURS = 50.0
JOULES = 3600.0
"""In a watt hour."""
WORN_OUT = 0.65
"""What the oldest battery has lost of its charge."""

Line = tuple[float, float]
"""Coefficient and constant of what a machine's age decides; what it tells is cut to a whole number."""
WEAR_PERCENT: Line = (70.0, 0.0)
SPARE_PERCENT: Line = (-20.0, 100.0)
FULL_SHARE: Line = (-WORN_OUT, 1.0)
UPDATES: dict[str, Line] = {"linux": (24.0, 1.0), "darwin": (3.0, 1.0)}
"""Some always wait; Windows does not tell."""
SECURITY_UPDATES: Line = (6.0, 0.0)
RESTART_DUE: Line = (1.25, 0.0)
ENCRYPTION: dict[tuple[str, str], Line] = {
    ("linux", "laptop"): (-1.0, 1.5),
    ("windows", "laptop"): (-1.0, 1.8),
    ("windows", "desktop"): (-1.0, 1.4),
    ("darwin", "laptop"): (0.0, 1.0),
    ("darwin", "desktop"): (0.0, 1.0),
}
"""By system and chassis; the older ones were never encrypted. Of Linux only laptops: servers stand behind a door."""
NEVER: Line = (0.0, 0.0)


def whole(line: Line, age: float) -> int:
    """What such a line says of a machine of this age, as its reports say it."""
    coefficient, constant = line
    return int(constant + coefficient * age)


def encryption(model: Model, system: System) -> Line:
    """The line of which 1 is encrypted."""
    return ENCRYPTION.get((system.os, model.chassis), NEVER)


def _gauge(name: str, what: str, digits: int | None = 0) -> Family:
    return Family(name, GAUGE, what, digits=digits)


def _counter(name: str, what: str) -> Family:
    return Family(name, COUNTER, what, digits=0)


ZONE = _gauge("node_thermal_zone_temp", "Temperature of the zone in Celsius", 3)
ENERGY_FULL = _gauge("node_power_supply_energy_full", "Energy when full, in watt hours", 6)
ENERGY_DESIGN = _gauge("node_power_supply_energy_full_design", "Energy when full as it was designed, in watt hours", 6)

SMART = _gauge("smartctl_device_smart_status", "General smart status")
CELSIUS = _gauge("smartctl_device_temperature", "Device temperature celsius")
WEAR = _counter("smartctl_device_percentage_used", "Device write percentage used")
SPARE = _counter("smartctl_device_available_spare", "Percentage of the spare capacity that is left")
WARNING = _counter("smartctl_device_critical_warning", "Critical warnings of the controller, as bits")

INFO = _gauge("keskidee_inventory_info", "1, labelled with what this machine is")
ITEMS = _gauge("keskidee_inventory_items", "Items in this machine's inventory, by kind")
TAKEN = _gauge("keskidee_inventory_taken_timestamp_seconds", "When the inventory was taken")
SUPPORT = _gauge("keskidee_inventory_support_end_timestamp_seconds", "When the system's support ends")
RESTART = _gauge("keskidee_inventory_restart_due", "Whether something waits for a restart")
SECURITY = _gauge("keskidee_inventory_security_updates", "Security updates that wait")
WAITING = _gauge("keskidee_inventory_pending_updates", "Updates that wait, those for security among them")
UPDATED = _gauge("keskidee_inventory_last_update_timestamp_seconds", "Day of the newest update of Windows")
ENCRYPTED = _gauge("keskidee_inventory_encrypted", "Whether the system's disk is encrypted")
BATTERY_FULL = _gauge("keskidee_inventory_battery_full_joules", "What a full charge holds now")
BATTERY_DESIGN = _gauge("keskidee_inventory_battery_design_joules", "What a full charge held when it was new")


def heat(model: Model, system: System) -> Source:
    """Its processor's temperature; a virtual machine has none."""
    source = Source(name="thermal_zone", seconds=0.00003)
    if system.os == "linux" and model.chassis != "virtual":
        source.add(ZONE, CPU_BUSY, 38.0, 41.0, zone="0", type="x86_pkg_temp")
    return source


def power(model: Model, system: System) -> Source:
    """The battery of a laptop, as Linux counts it."""
    source = Source(name="powersupplyclass", seconds=0.00009)
    if system.os == "linux" and model.chassis == "laptop":
        source.add(ENERGY_FULL, AGE, -WORN_OUT * BATTERY_WATT_HOURS, BATTERY_WATT_HOURS, power_supply="BAT0")
        source.add(ENERGY_DESIGN, ONE, BATTERY_WATT_HOURS, power_supply="BAT0")
    return source


def inventoried(model: Model, system: System, disks: Sequence[str]) -> Source:
    """What the inventory says that was taken when it was booted."""
    source = Source(name="inventoried", seconds=0.00002)
    virtual = model.chassis == "virtual"
    source.add(
        INFO, ONE, 1.0, virtual=str(virtual).lower(), hypervisor="kvm" if virtual else "", container="",
        firmware="UEFI", secure_boot="true", support_ends_on=system.support_ends_on, edition="",
    )  # fmt: skip
    source.add(TAKEN, BOOTED, 1.0, 60.0)
    source.add(ITEMS, ONE, float(model.disks), kind="disk")
    source.add(ITEMS, ONE, float(count_of(system)), kind="software")
    if system.support_ends_on:
        day = datetime.strptime(system.support_ends_on, "%Y-%m-%d").replace(tzinfo=UTC)
        source.add(SUPPORT, ONE, day.timestamp())
    if system.os in UPDATES:
        source.add(WAITING, AGE, *UPDATES[system.os])
    if system.os == "linux":
        source.add(SECURITY, AGE, *SECURITY_UPDATES)
    if system.os == "windows":
        source.add(RESTART, AGE, *RESTART_DUE)
        source.add(UPDATED, UPDATED_ON, 1.0)
    source.add(ENCRYPTED, AGE, *encryption(model, system))
    if model.chassis == "laptop":
        new = BATTERY_WATT_HOURS * JOULES
        source.add(BATTERY_FULL, AGE, *[part * new for part in FULL_SHARE], battery="BAT0")
        source.add(BATTERY_DESIGN, ONE, new, battery="BAT0")
    if system.os != "windows" and not virtual:
        _disks(source, disks)
    return source


def _disks(source: Source, disks: Sequence[str]) -> None:
    for family, course, coefficient, constant in (
        (SMART, ONE, 1.0, 0.0), (WEAR, AGE, *WEAR_PERCENT), (SPARE, AGE, *SPARE_PERCENT), (WARNING, ONE, 0.0, 0.0),
    ):  # fmt: skip
        for disk in disks:
            source.add(family, course, coefficient, constant, device=disk)
    for disk in disks:
        source.add(CELSIUS, CPU_BUSY, 18.0, 31.0, device=disk, temperature_type="current")
