"""Frequencies of each processor, from /sys/devices/system/cpu/cpu*/cpufreq (Documentation/admin-guide/pm/cpufreq.rst).

No privilege, but for the frequency that the hardware itself tells, on the few processors where it does: root.
The current frequency is read in every round; limits and governors of a processor in every sixteenth.
"""

from __future__ import annotations

from keskidee_agent.host.lines import only_number
from keskidee_agent.host.sysfs import attribute, words
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/devices/system/cpu/cpufreq/policy*", "sys/devices/system/cpu/cpu0/cpufreq")
FOLDER = "sys/devices/system/cpu"
REREAD_ROUNDS = 16
KILOHERTZ = 1000
NOT_KNOWN = b"<unknown>\n"


def _hertz(name: str, what: str) -> Family:
    return Family(f"node_cpu_{name}_hertz", "gauge", what, digits=0)


NOW = {
    "cpuinfo_cur_freq": _hertz("frequency", "Frequency now, as the hardware tells"),
    "scaling_cur_freq": _hertz("scaling_frequency", "Frequency now, as the kernel set or measured it"),
}
LIMITS = {
    "cpuinfo_min_freq": _hertz("frequency_min", "Lowest frequency of the hardware"),
    "cpuinfo_max_freq": _hertz("frequency_max", "Highest frequency of the hardware"),
    "scaling_min_freq": _hertz("scaling_frequency_min", "Lowest frequency that the kernel may set"),
    "scaling_max_freq": _hertz("scaling_frequency_max", "Highest frequency that the kernel may set"),
}
GOVERNOR = Family("node_cpu_scaling_governor", "gauge", "1 for the governor that sets the frequency", digits=0)


class Processor:
    """What hardly changes of a processor."""

    __slots__ = ("labels", "now", "samples")

    def __init__(self, number: str) -> None:
        self.labels = {"cpu": number}
        self.now: list[tuple[str, Family]] = []
        self.samples: list[Sample] = []


def read(machine: Machine) -> Iterable[Sample]:
    """Frequencies in hertz, labelled `cpu`, and the governors, labelled `governor` too.

    Raises NotHere where the kernel does not set frequencies (most virtual machines).
    """
    memory = machine.memory("cpufreq")
    turn = memory["turn"] = (memory.get("turn", -1) + 1) % REREAD_ROUNDS
    known: dict[str, Processor] = memory.setdefault("known", {})
    samples: list[Sample] = []
    for name in machine.names(FOLDER, "cpu"):
        number = name[3:]
        if not number.isdigit():
            continue
        folder = f"{FOLDER}/{name}/cpufreq/"
        processor = known.get(number)
        if processor is None or int(number) % REREAD_ROUNDS == turn:
            processor = known[number] = _look(machine, folder, processor or Processor(number))
        for file, family in processor.now:
            content = attribute(machine, folder + file)
            if content is not None and content != NOT_KNOWN:
                samples.append((family, processor.labels, only_number(content) * KILOHERTZ))
        samples += processor.samples
    if not samples:
        raise NotHere("the kernel sets no frequencies")
    return samples


def _look(machine: Machine, folder: str, processor: Processor) -> Processor:
    """Which files the processor has, and what is in those that hardly change."""
    labels = processor.labels
    try:
        files = machine.names(folder)
    except NotHere:
        processor.now, processor.samples = [], []
        return processor
    processor.now = [
        (file, family)
        for file, family in NOW.items()
        if file in files and attribute(machine, folder + file) is not None
    ]
    samples: list[Sample] = []
    for file, family in LIMITS.items():
        content = attribute(machine, folder + file) if file in files else None
        if content is not None:
            samples.append((family, labels, only_number(content) * KILOHERTZ))
    chosen = words(attribute(machine, folder + "scaling_governor"))
    available = words(attribute(machine, folder + "scaling_available_governors")).split()
    samples += governors(chosen, available, labels["cpu"])
    if samples != processor.samples:  # the same objects again cost nothing when they are encoded
        processor.samples = samples
    return processor


def governors(chosen: str, available: list[str], number: str) -> list[Sample]:
    """1 for the chosen one of the available governors, 0 for the others. Raises Malformed."""
    if chosen and available and chosen not in available:
        raise Malformed("not an available governor", chosen)
    return [GOVERNOR(int(name == chosen), cpu=number, governor=name) for name in available if chosen]
