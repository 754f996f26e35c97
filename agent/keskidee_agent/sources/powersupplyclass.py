"""Batteries, mains and UPSs, from /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power). No privilege.

The kernel counts in millionths of a volt, ampere and watt and in tenths of a degree.
"""

from __future__ import annotations

from keskidee_agent.host.sysfs import attribute, integer, label, words
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/power_supply/*",)
FOLDER = "sys/class/power_supply"

INFO = Family("node_power_supply_info", "gauge", "1, labelled with what the power supply is and its state", digits=0)


def _families(digits: int, *names: tuple[str, str, str]) -> dict[str, Family]:
    """Families by the name of their file, of triples of file, end of the family's name (or as the file) and help."""
    return {
        file: Family(f"node_power_supply_{name or file}", "gauge", what, digits=digits) for file, name, what in names
    }


NUMBERS = {
    **_families(
        0,
        ("authentic", "", "Whether the battery is from a maker the platform trusts"),
        ("calibrate", "", "Whether it calibrates itself"),
        ("capacity", "", "How full it is, in percent"),
        ("capacity_alert_max", "", "Highest charge before an alert, in percent"),
        ("capacity_alert_min", "", "Lowest charge before an alert, in percent"),
        ("cycle_count", "cyclecount", "Times it was charged and discharged"),
        ("online", "", "Whether it gives power: 1 at a fixed voltage, 2 at one that was agreed upon"),
        ("present", "", "Whether the battery is there"),
        ("time_to_empty_now", "time_to_empty_seconds", "Seconds until it is empty"),
        ("time_to_full_now", "time_to_full_seconds", "Seconds until it is full"),
    ),
    **_families(
        6,
        ("current_boot", "", "Current at boot, in amperes"),
        ("current_max", "", "Highest current, in amperes"),
        ("current_now", "current_ampere", "Current now, in amperes"),
        ("energy_empty", "", "Energy when empty, in watt hours"),
        ("energy_empty_design", "", "Energy when empty as it was designed, in watt hours"),
        ("energy_full", "", "Energy when full, in watt hours"),
        ("energy_full_design", "", "Energy when full as it was designed, in watt hours"),
        ("energy_now", "energy_watthour", "Energy now, in watt hours"),
        ("voltage_boot", "", "Voltage at boot"),
        ("voltage_max", "", "Highest voltage"),
        ("voltage_max_design", "", "Highest voltage as it was designed"),
        ("voltage_min", "", "Lowest voltage"),
        ("voltage_min_design", "", "Lowest voltage as it was designed"),
        ("voltage_now", "voltage_volt", "Voltage now"),
        ("voltage_ocv", "", "Voltage without a load"),
        ("charge_control_limit", "", "Limit of its charging"),
        ("charge_control_limit_max", "", "Highest limit of its charging"),
        ("charge_counter", "", "Charge counted, in ampere hours"),
        ("charge_empty", "", "Charge when empty, in ampere hours"),
        ("charge_empty_design", "", "Charge when empty as it was designed, in ampere hours"),
        ("charge_full", "", "Charge when full, in ampere hours"),
        ("charge_full_design", "", "Charge when full as it was designed, in ampere hours"),
        ("charge_now", "charge_ampere", "Charge now, in ampere hours"),
        ("charge_term_current", "", "Current at which charging ends, in amperes"),
        ("constant_charge_current", "", "Current of charging, in amperes"),
        ("constant_charge_current_max", "", "Highest current of charging, in amperes"),
        ("constant_charge_voltage", "", "Voltage of charging"),
        ("constant_charge_voltage_max", "", "Highest voltage of charging"),
        ("precharge_current", "", "Current before charging proper, in amperes"),
        ("input_current_limit", "", "Limit of the current that comes in, in amperes"),
        ("power_now", "power_watt", "Power now, in watts"),
    ),
    **_families(
        1,
        ("temp", "temp_celsius", "Temperature"),
        ("temp_alert_max", "temp_alert_max_celsius", "Highest temperature before an alert"),
        ("temp_alert_min", "temp_alert_min_celsius", "Lowest temperature before an alert"),
        ("temp_ambient", "temp_ambient_celsius", "Temperature around it"),
        ("temp_ambient_max", "temp_ambient_max_celsius", "Highest temperature around it before an alert"),
        ("temp_ambient_min", "temp_ambient_min_celsius", "Lowest temperature around it before an alert"),
        ("temp_max", "temp_max_celsius", "Highest temperature"),
        ("temp_min", "temp_min_celsius", "Lowest temperature"),
    ),
}
TEXTS = (
    *("capacity_level", "charge_type", "health", "manufacturer", "model_name", "scope", "serial_number", "status"),
    *("technology", "type", "usb_type"),
)


def read(machine: Machine) -> Iterator[Sample]:
    """What each power supply says of itself, labelled `power_supply`. What it does not say now is left out."""
    known: dict[str, dict[str, str]] = machine.memory("powersupplyclass")
    for name in machine.names(FOLDER):
        folder = f"{FOLDER}/{name}"
        labels = known.setdefault(name, {"power_supply": label(name)})
        try:
            files = machine.names(folder)
        except NotHere:  # unplugged a moment ago
            continue
        for file in files:
            family = NUMBERS.get(file)
            content = attribute(machine, f"{folder}/{file}") if family is not None else None
            if family is not None and content is not None:
                value = integer(content)
                yield (family, labels, value / 10**family.digits if family.digits else value)
        texts = {file: words(attribute(machine, f"{folder}/{file}")) for file in TEXTS if file in files}
        yield (INFO, {**labels, **{file: text for file, text in texts.items() if text}}, 1)
