"""The files of a monitoring chip: of which sensor and family each is (Documentation/hwmon/sysfs-interface.rst).

Names and units are those of node_exporter's hwmon collector, so a file that is made tomorrow has a family too.
"""

from __future__ import annotations

from keskidee_agent.host.sysfs import MOST_DIGITS
from keskidee_report.model import Family

LONGEST_NAME = 100

KINDS = frozenset(
    (
        *("vrm", "beep_enable", "update_interval", "in", "cpu", "fan", "pwm", "temp", "curr", "power", "energy"),
        *("humidity", "intrusion", "freq"),
    )
)
# kind of sensor: how the names of its families end, and digits after the point of a value in that unit
UNITS = {
    "in": ("_volts", 3),
    "cpu": ("_volts", 3),
    "temp": ("_celsius", 3),
    "curr": ("_amps", 3),
    "energy": ("_joule_total", 6),
    "power": ("_watt", 6),
    "humidity": ("", 6),  # node_exporter divides by a million, although the kernel counts in 1/1000 of a percent
    "freq": ("_freq_mhz", 6),
}
MEANINGS = {"in": "Voltage", "cpu": "Voltage", "temp": "Temperature", "curr": "Current", "energy": "Energy used"}
FREQUENCY = "node_hwmon_freq_freq_mhz"
# kinds that are one setting of the whole chip
WHOLE_CHIP = {
    "beep_enable": Family("node_hwmon_beep_enabled", "gauge", "Whether the chip may beep", digits=0),
    "vrm": Family("node_hwmon_voltage_regulator_version", "gauge", "Version of the voltage regulator", digits=0),
    "update_interval": Family(
        "node_hwmon_update_interval_seconds", "gauge", "How often the chip measures anew", digits=3
    ),
}
FLAGS = frozenset({"alarm", "fault"})
REVOLUTIONS = frozenset({"input", "min", "max", "target"})
POWER_INTERVALS = frozenset({"average_interval", "average_interval_min", "average_interval_max"})
LETTERS = "abcdefghijklmnopqrstuvwxyz_"
KEPT = frozenset(LETTERS + "0123456789:")


def split(file: str) -> tuple[str, int, str] | None:
    """`temp1_crit_alarm` is ("temp", 1, "crit_alarm"); None for a file that is no sensor's."""
    kind = file[: len(file) - len(file.lstrip(LETTERS))]
    if kind not in KINDS or len(file) > LONGEST_NAME or file == "power":  # each device has a folder `power`
        return None
    number, _, element = file[len(kind) :].partition("_")
    if file == kind:
        return kind, 0, ""
    if not (number.isascii() and number.isdigit() and (element or file.endswith(number))):
        return None
    return kind, int(number), element


def family_of(kind: str, element: str, families: dict[str, Family], *, beside_bare: bool) -> Family | None:
    """The family of an element of a sensor, or None for what is no value. `beside_bare`: there is `fan1` too.

    `families` are those made so far, by name.
    """
    if kind in WHOLE_CHIP:
        return WHOLE_CHIP[kind] if element == "" else None
    if element == "label":
        return None
    name = f"node_hwmon_{kind}"
    if element == "input":
        name += "_input" if beside_bare else ""
    elif element:
        name += "_" + clean(element).replace(":", "_")
    suffix, digits = _unit(kind, element)
    name += suffix
    family = families.get(name)
    if family is None:
        what = f"{MEANINGS.get(kind, kind.capitalize())}: {clean(element).replace('_', ' ') or 'input'}"
        counts = "counter" if kind == "energy" and suffix else "gauge"
        family = families[name] = Family(name, counts, what, digits=digits)
    return family


def _unit(kind: str, element: str) -> tuple[str, int]:
    """How the name of a family ends, and the digits after the point of a value in that unit."""
    if element == "beep":
        return "_enabled", 0
    if element in FLAGS or (kind, element) == ("temp", "type"):
        return "", 0
    if kind == "fan" and element in REVOLUTIONS:
        return "_rpm", 0
    if kind == "power" and element == "accuracy":
        return "", 6
    if kind == "power" and element in POWER_INTERVALS:
        return "_seconds", 3
    if kind == "freq" and element != "input":
        return "", 0
    return UNITS.get(kind, ("", 0))


def parse(content: bytes) -> int | None:
    """The whole number an attribute holds, or None where it holds another text (`power1_model_number`)."""
    if content[-1:] != b"\n":
        return None
    number = content[:-1].strip()
    bare = number[1:] if number[:1] == b"-" else number
    return int(number) if bare.isdigit() and len(bare) <= MOST_DIGITS else None


def clean(name: str) -> str:
    """A name in lower case, as part of a label: anything but letters, digits, colon and underscore is underscore."""
    lower = name.strip("\n").lower()
    return "".join([character if character in KEPT else "_" for character in lower]).strip("_")
