"""What each processor spent its time on, from /proc/stat (proc(5)) and /sys/devices/system/cpu; psutil elsewhere.

No privilege. Throttling is there on Intel only.
"""

from __future__ import annotations

from keskidee_agent.lines import complete_lines, number, numbers, only_number
from keskidee_report.model import Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

SECONDS = Family("node_cpu_seconds_total", "counter", "Seconds each processor spent in each mode", digits=2)
GUEST = Family("node_cpu_guest_seconds_total", "counter", "Seconds spent running virtual machines", digits=2)
CORE_THROTTLES = Family("node_cpu_core_throttles_total", "counter", "Times a core was slowed by its heat", digits=0)
PACKAGE_THROTTLES = Family("node_cpu_package_throttles_total", "counter", "Times a socket was slowed by heat", digits=0)
ISOLATED = Family("node_cpu_isolated", "gauge", "1 for each processor kept from the scheduler", digits=0)
ONLINE = Family("node_cpu_online", "gauge", "Whether the processor is switched on", digits=0)

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
GUEST_MODES = ("user", "nice")
FEWEST_MODES = 4
TICKS_PER_SECOND = 100  # USER_HZ, the same on every architecture that is still built
HOTPLUG_TICKS = 3 * TICKS_PER_SECOND
IDLE = 3
LARGEST_CPU = 1 << 16
FOLDER = "sys/devices/system/cpu"


def read(machine: Machine) -> Iterable[Sample]:
    """Seconds labelled `cpu` and `mode`; throttle counts labelled `package` and `core`; isolated and online `cpu`s."""
    if machine.platform == "linux":
        return _linux(machine)
    return _portable(machine)


def _linux(machine: Machine) -> Iterable[Sample]:
    remembered = machine.memory("cpu")
    processors: dict[bytes, Processor] = remembered.setdefault("processors", {})
    samples = parse(machine.shared("proc/stat"), processors)
    if remembered.get("names") != processors.keys():  # the first round, or one was plugged in or out
        remembered["topology"] = _topology(machine)
        remembered["names"] = set(processors)
    settled, throttles = remembered["topology"]
    samples += settled
    samples += [(family, labels, only_number(machine.content(path))) for family, labels, path in throttles]
    return samples


class Processor:
    """What the last round knew of a processor: its ticks, and the families and labels of its samples."""

    __slots__ = ("families", "labels", "ticks")

    def __init__(self, cpu: str, ticks: list[int]) -> None:
        self.ticks = ticks
        self.families = [SECONDS] * len(MODES) + [GUEST] * len(GUEST_MODES)
        self.labels = [{"cpu": cpu, "mode": mode} for mode in MODES + GUEST_MODES]


def parse(content: bytes, processors: dict[bytes, Processor]) -> list[Sample]:
    """The samples of the `cpuN` lines of /proc/stat; `processors` is brought up to date. Raises Malformed."""
    samples: list[Sample] = []
    seen = 0
    for line in complete_lines(content):
        if not line.startswith(b"cpu"):
            break
        name, _, rest = line.partition(b" ")
        if name == b"cpu":
            continue
        ticks = numbers(rest)
        processor = processors.get(name)
        if processor is None:
            if len(ticks) < FEWEST_MODES or not name[3:].isdigit():
                raise Malformed("not a cpu line", line)
            processor = processors[name] = Processor(name[3:].decode(), ticks)
        seen += 1
        processor.ticks = ticks = forward(processor.ticks, ticks)
        seconds = [count / TICKS_PER_SECOND for count in ticks]
        samples += zip(processor.families, processor.labels, seconds, strict=False)
    if not seen:
        raise Malformed("no cpu lines", content)
    if seen < len(processors):  # one was plugged out: all begin anew
        processors.clear()
        return parse(content, processors)
    return samples


def forward(last: list[int], now: list[int]) -> list[int]:
    """The ticks to report after `last`, which never run backwards but for a processor that was plugged out and in.

    Idle and iowait may step back a little (proc(5)), which a rate would take for a restart of the machine.
    """
    if len(last) != len(now) or last[IDLE] - now[IDLE] >= HOTPLUG_TICKS:
        return now
    return list(map(max, last, now))


def _topology(machine: Machine) -> tuple[list[Sample], list[tuple[Family, dict[str, str], str]]]:
    """What holds until a processor is plugged in or out: constant samples, and where the throttle counts are."""
    settled: list[Sample] = []
    try:
        settled += [ISOLATED(1, cpu=str(cpu)) for cpu in cpu_list(machine.content(FOLDER + "/isolated"))]
        cpus = [name for name in machine.names(FOLDER, "cpu") if name[3:].isdigit()]
    except (NotHere, Denied):  # a sandbox
        return settled, []
    if machine.exists(f"{FOLDER}/cpu0/online"):
        running = cpu_list(machine.content(FOLDER + "/online"))
        settled += [ONLINE(1 if int(cpu[3:]) in running else 0, cpu=cpu[3:]) for cpu in cpus]
    throttles: dict[tuple[str, ...], tuple[Family, dict[str, str], str]] = {}
    for cpu in cpus:
        folder = f"{FOLDER}/{cpu}"
        try:
            package = str(only_number(machine.content(folder + "/topology/physical_package_id")))
            core = str(only_number(machine.content(folder + "/topology/core_id")))
        except (NotHere, Denied, Malformed):  # switched off, or a machine that numbers no packages (-1)
            continue
        path = folder + "/thermal_throttle/core_throttle_count"
        if (package, core) not in throttles and machine.exists(path):
            throttles[package, core] = (CORE_THROTTLES, {"package": package, "core": core}, path)
        path = folder + "/thermal_throttle/package_throttle_count"
        if (package,) not in throttles and machine.exists(path):
            throttles[package,] = (PACKAGE_THROTTLES, {"package": package}, path)
    return settled, list(throttles.values())


def cpu_list(content: bytes) -> list[int]:
    """The numbers of a list such as `1,3-5,9` (Documentation/admin-guide/cputopology.rst). Raises Malformed."""
    found: list[int] = []
    for piece in b",".join(complete_lines(content)).split(b","):
        if piece:
            first, dash, last = piece.partition(b"-")
            low, high = number(first), number(last if dash else first)
            if not low <= high <= LARGEST_CPU:
                raise Malformed("not a list of processors", content)
            found += range(low, high + 1)
    return found


def _portable(machine: Machine) -> Iterable[Sample]:
    for index, times in enumerate(machine.ask("cpu_times", percpu=True)):
        cpu = str(index)
        # Windows counts the time in interrupts and deferred procedure calls into system as well; Linux does not
        irq, softirq = getattr(times, "interrupt", None), getattr(times, "dpc", None)
        yield SECONDS(round(times.user, 2), cpu=cpu, mode="user")
        yield SECONDS(round(max(0.0, times.system - (irq or 0) - (softirq or 0)), 2), cpu=cpu, mode="system")
        yield SECONDS(round(times.idle, 2), cpu=cpu, mode="idle")
        for mode, seconds in (("nice", getattr(times, "nice", None)), ("irq", irq), ("softirq", softirq)):
            if seconds is not None:
                yield SECONDS(round(seconds, 2), cpu=cpu, mode=mode)
