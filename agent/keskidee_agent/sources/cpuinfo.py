"""What the processors are, from /proc/cpuinfo (arch/x86/kernel/cpu/proc.c). No privilege.

Off unless named: node_exporter has it in its cpu collector, off too. It is a series a processor and one a flag, and
the kernel may ask every processor for its frequency. Read once a minute.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, decimal, number
from keskidee_agent.host.sysfs import attribute, text
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True
EVERY_SECONDS = 60

INFO = Family("node_cpu_info", "gauge", "1, labelled with what the processor is", digits=0)
FREQUENCY = Family("node_cpu_frequency_hertz", "gauge", "Frequency now, as the kernel measured it", digits=0)
FLAG = Family("node_cpu_flag_info", "gauge", "1 for each thing that the first processor can do", digits=0)
BUG = Family("node_cpu_bug_info", "gauge", "1 for each flaw of the first processor", digits=0)

LABELS = {
    "physical id": "package",
    "core id": "core",
    "processor": "cpu",
    "vendor_id": "vendor",
    "cpu family": "family",
    "model": "model",
    "model name": "model_name",
    "microcode": "microcode",
    "stepping": "stepping",
    "cache size": "cachesize",
}
MEGAHERTZ = 1_000_000
UNKNOWN = "Unknown"
# where the hardware itself tells its frequency, the source cpufreq has this family
TOLD_BY_HARDWARE = "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_cur_freq"


def read(machine: Machine) -> Iterator[Sample]:
    """An info sample a processor and its frequency, labelled `cpu`, `core` and `package`; flags and bugs of the first.

    Raises NotHere where the kernel does not tell processors apart in that way (s390, powerpc).
    """
    processors = parse(machine.content("proc/cpuinfo"))
    if not processors:
        raise NotHere("no processors in /proc/cpuinfo")
    measured = attribute(machine, TOLD_BY_HARDWARE) is None
    for fields in processors:
        labels = {label: fields.get(field, "") for field, label in LABELS.items()}
        yield (INFO, labels, 1)
        if measured and fields.get("cpu MHz", UNKNOWN) != UNKNOWN:
            hertz = round(decimal(fields["cpu MHz"].encode()) * MEGAHERTZ)
            yield FREQUENCY(hertz, **{name: labels[name] for name in ("package", "core", "cpu")})
    first = processors[0]
    for flag in dict.fromkeys(first.get("flags", first.get("Features", "")).split()):
        yield FLAG(1, flag=flag)
    for bug in dict.fromkeys(first.get("bugs", "").split()):
        yield BUG(1, bug=bug)


def parse(content: bytes) -> list[dict[str, str]]:
    """The fields of each processor. Raises Malformed."""
    found: list[dict[str, str]] = []
    for line in complete_lines(content):
        name, colon, value = line.partition(b":")
        field = text(name).strip()
        if field == "processor" and colon:
            number(value)
            found.append({})
        if found and colon:
            found[-1].setdefault(field, text(value).strip())
    return found
