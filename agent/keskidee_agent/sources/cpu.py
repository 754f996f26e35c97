"""What each processor spent its time on, from /proc/stat (proc(5)) and /sys/devices/system/cpu; psutil elsewhere.

No privilege. Throttling is there on Intel only.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number, numbers, only_number
from keskidee_report.model import Columns, Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Names, Sample, Samples

PROMPT = True

SECONDS = Family("node_cpu_seconds_total", "counter", "Seconds each processor spent in each mode", digits=2)
GUEST = Family("node_cpu_guest_seconds_total", "counter", "Seconds spent running virtual machines", digits=2)
CORE_THROTTLES = Family("node_cpu_core_throttles_total", "counter", "Times a core was slowed by its heat", digits=0)
PACKAGE_THROTTLES = Family("node_cpu_package_throttles_total", "counter", "Times a socket was slowed by heat", digits=0)
ISOLATED = Family("node_cpu_isolated", "gauge", "1 for each processor kept from the scheduler", digits=0)
ONLINE = Family("node_cpu_online", "gauge", "Whether the processor is switched on", digits=0)

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
GUEST_MODES = ("user", "nice")
FEWEST_MODES = 4
MODES_AT_MOST = len(MODES) + len(GUEST_MODES)
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


def _linux(machine: Machine) -> Samples:
    known: Known = machine.memory("cpu").setdefault("known", Known())
    counts, shown = parse(machine.shared("proc/stat"), known.processors)
    if known.shown != shown:  # the first round, or one was plugged in or out
        known.shown = shown
        known.settled, known.throttles = _topology(machine)
        known.names = (*_names(shown), *[sample[:2] for sample in [*known.settled, *known.throttles]])
    counts += [round(value) for _, _, value in known.settled]
    counts += [only_number(machine.content(path)) for _, _, path in known.throttles]
    return Columns(known.names, counts)


class Known:
    """What the last round knew: ticks by processor, how many of each are shown, and what does not move."""

    __slots__ = ("names", "processors", "settled", "shown", "throttles")

    def __init__(self) -> None:
        self.processors: dict[bytes, list[int]] = {}
        self.shown: list[tuple[bytes, int]] = []
        self.names: Names = ()
        self.settled: list[Sample] = []
        self.throttles: list[tuple[Family, dict[str, str], str]] = []


def parse(content: bytes, processors: dict[bytes, list[int]]) -> tuple[list[int], list[tuple[bytes, int]]]:
    """The ticks of the `cpuN` lines of /proc/stat, end to end; and each line's name with how many of them are its.

    `processors`, the ticks of each in the last round, is brought up to date. Raises Malformed.
    """
    ticks: list[int] = []
    shown: list[tuple[bytes, int]] = []
    for line in complete_lines(content):
        if not line.startswith(b"cpu"):
            break
        name, _, rest = line.partition(b" ")
        if name == b"cpu":
            continue
        now = numbers(rest)
        last = processors.get(name)
        if last is None:
            if len(now) < FEWEST_MODES or not name[3:].isdigit():
                raise Malformed("not a cpu line", line)
        else:
            now = forward(last, now)
        processors[name] = now
        shown.append((name, min(len(now), MODES_AT_MOST)))
        ticks += now[:MODES_AT_MOST]
    if not shown:
        raise Malformed("no cpu lines", content)
    if len(shown) < len(processors):  # one was plugged out: all begin anew
        processors.clear()
        return parse(content, processors)
    return ticks, shown


def _names(shown: list[tuple[bytes, int]]) -> list[tuple[Family, dict[str, str]]]:
    families = [SECONDS] * len(MODES) + [GUEST] * len(GUEST_MODES)
    return [
        (family, {"cpu": name[3:].decode(), "mode": mode})
        for name, count in shown
        for family, mode in zip(families[:count], (MODES + GUEST_MODES)[:count], strict=True)
    ]


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
