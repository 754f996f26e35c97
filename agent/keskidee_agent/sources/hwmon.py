"""Temperatures, fans, voltages, currents and powers, from /sys/class/hwmon (Documentation/hwmon/sysfs-interface.rst).

No privilege. What a chip measures is read in every round. Its limits, labels and settings hardly ever change, and
asking a chip costs up to a millisecond each: they are read in every eighth round, each chip in another one, and when
the folder of the chip changes.
"""

from __future__ import annotations

from keskidee_agent.host.sensors import FREQUENCY, WHOLE_CHIP, clean, family_of, parse, split
from keskidee_agent.host.sysfs import text
from keskidee_report.model import Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/hwmon/*",)
FOLDER = "sys/class/hwmon"
REREAD_ROUNDS = 8
SENSORS_REMEMBERED = 4096

CHIP_NAMES = Family("node_hwmon_chip_names", "gauge", "1, labelled with what the chip calls itself", digits=0)
SENSOR_LABEL = Family("node_hwmon_sensor_label", "gauge", "1, labelled with what the sensor measures", digits=0)

MEASURED = frozenset({"", "input", "average", "output"})


class Attribute:
    """A file of a chip that gives a sample, and what it said last."""

    __slots__ = ("content", "family", "labels", "live", "path", "sample")

    def __init__(self, path: str, family: Family, labels: dict[str, str], *, live: bool) -> None:
        self.path = path
        self.family = family
        self.labels = labels
        self.live = live
        self.content: bytes | None = None
        self.sample: Sample | None = None


class Chip:
    """What is known of a chip: its place, its names, and its attributes once they were looked for."""

    __slots__ = ("attributes", "base", "entry", "label", "name", "signature", "told")

    def __init__(self, entry: str, signature: object, base: str, name: str) -> None:
        self.entry = entry
        self.signature = signature
        self.base = base
        self.name = name
        self.label: str | None = None
        self.told: list[Sample] = []
        self.attributes: list[Attribute] = []


def read(machine: Machine) -> Iterable[Sample]:
    """What each sensor measures and its limits, labelled `chip` and `sensor`; names of both.

    A sensor that does not answer (its hardware sleeps) or says no number is left out.
    """
    memory = machine.memory("hwmon")
    known: dict[str, Chip] = memory.setdefault("chips", {})
    turn = memory["turn"] = (memory.get("turn", -1) + 1) % REREAD_ROUNDS
    chips: dict[str, Chip] = {}
    for entry in machine.names(FOLDER):
        folder = f"{FOLDER}/{entry}"
        signature = (machine.signature(folder), machine.signature(folder + "/device"))
        chip = known.get(entry)
        if chip is None or chip.signature != signature:
            chip = Chip(entry, signature, *_names(machine, entry))
        chips[entry] = chip
    memory["chips"] = chips
    samples: list[Sample] = []
    for position, (chip, label) in enumerate(zip(chips.values(), chip_labels(list(chips.values())), strict=True)):
        if chip.label != label or position % REREAD_ROUNDS == turn:
            _look(machine, chip, label, memory)
        else:
            for attribute in chip.attributes:
                if attribute.live:
                    _measure(machine, attribute)
        samples += chip.told
        samples += [attribute.sample for attribute in chip.attributes if attribute.sample is not None]
    return samples


def _names(machine: Machine, entry: str) -> tuple[str, str]:
    """The first part of the label of a chip, and what the chip calls itself (or an empty text)."""
    folder = f"{FOLDER}/{entry}"
    name = clean(text(_content(machine, folder + "/name") or b""))
    device = ""
    if machine.exists(folder + "/device"):
        bus, device = machine.place(folder + "/device").split("/")[-2:]
        device = "_".join([part for part in (clean(bus), clean(device)) if part])
    return device or name or clean(machine.place(folder).rpartition("/")[2]), name


def chip_labels(chips: list[Chip]) -> list[str]:
    """A label for each chip that no other one has: its device, and where chips share one its name or its number."""
    bases = [chip.base for chip in chips]
    pairs = [(chip.base, chip.name) for chip in chips]
    labels: list[str] = []
    for chip, pair in zip(chips, pairs, strict=True):
        label = chip.base
        if bases.count(label) > 1:
            label += f"_{chip.name}" if chip.name and pairs.count(pair) == 1 else f"_{clean(chip.entry)}"
        labels.append(label if label not in labels else f"{label}_{clean(chip.entry)}")
    return labels


def _look(machine: Machine, chip: Chip, label: str, memory: dict[str, Any]) -> None:
    """Reads every attribute of a chip anew."""
    known: dict[tuple[str, ...], dict[str, str]] = memory.setdefault("labels", {})
    families: dict[str, Family] = memory.setdefault("families", {})
    if len(known) > SENSORS_REMEMBERED:
        known.clear()
    told: list[Sample] = []
    attributes: list[Attribute] = []
    if chip.name:
        told.append((CHIP_NAMES, _remembered(known, chip=label, chip_name=chip.name), 1))
    taken = set()
    for (kind, number), files in sorted(_sensors(machine, f"{FOLDER}/{chip.entry}").items()):
        sensor = f"{kind}{number}"
        what = (_content(machine, files["label"]) or b"") if "label" in files else b""
        said = text(what).strip("\n") if what.endswith(b"\n") else ""
        if said:
            told.append((SENSOR_LABEL, _remembered(known, chip=label, sensor=sensor, label=said), 1))
        for element, path in sorted(files.items()):
            family = family_of(kind, element, families, beside_bare="" in files)
            if family is None or (kind == "freq" and element == "input" and not clean(said)):
                continue
            shown = clean(said) if family.name == FREQUENCY else sensor
            if (family.name, shown) not in taken:
                taken.add((family.name, shown))
                live = element in MEASURED or element.endswith(("alarm", "fault"))
                found = Attribute(path, family, _remembered(known, chip=label, sensor=shown), live=live)
                _measure(machine, found)
                attributes.append(found)
    chip.label, chip.told, chip.attributes = label, told, attributes


def _remembered(known: dict[tuple[str, ...], dict[str, str]], **labels: str) -> dict[str, str]:
    return known.setdefault(tuple(labels.values()) + tuple(labels), labels)


def _sensors(machine: Machine, folder: str) -> dict[tuple[str, int], dict[str, str]]:
    """The sensors of a chip by kind and number, and the paths of their files by element.

    Drivers from before Linux 3.12 have their files in the folder of the device.
    """
    found: dict[tuple[str, int], dict[str, str]] = {}
    for place in (folder, folder + "/device"):
        try:
            files = machine.names(place)
        except (NotHere, Denied):
            continue
        for file in files:
            sensor = split(file)
            if sensor is not None:
                found.setdefault(sensor[:2], {})[sensor[2]] = f"{place}/{file}"
    return found


def _measure(machine: Machine, attribute: Attribute) -> None:
    content = _content(machine, attribute.path)
    if content is None:
        attribute.sample = attribute.content = None
    elif content != attribute.content:
        attribute.content = content
        value = parse(content)
        family = attribute.family
        if value is None:
            attribute.sample = None
        elif family is WHOLE_CHIP["beep_enable"]:
            attribute.sample = (family, attribute.labels, int(value == 1))
        else:
            scaled = value / 10**family.digits if family.digits else value
            attribute.sample = (family, attribute.labels, scaled)


def _content(machine: Machine, path: str) -> bytes | None:
    try:
        return machine.content(path)
    except (NotHere, Denied, Malformed, OSError):
        # drivers answer with any error while the hardware sleeps (EIO, ENETDOWN, EAGAIN); other sensors still count
        return None
