"""How well the clock is kept in step, from the kernel's own account of it: adjtimex(2). No privilege."""

from __future__ import annotations

from keskidee_report.model import Family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NO_LABELS: dict[str, str] = {}

TIME_ERROR = 5  # what adjtimex returns while the clock is not in step
STA_NANO = 0x2000  # the bit of the status that says nanoseconds instead of microseconds
NANOSECONDS, MICROSECONDS = 1_000_000_000, 1_000_000
PARTS = 65536 * 1_000_000  # frequencies are in parts of a million with 16 bits of fraction
OFFSET_LIMIT_SECONDS = 4.0  # beyond it, the offset is the kernel's mistake (2**32 ns)


def _gauge(name: str, what: str, *, digits: int | None = None) -> Family:
    return Family(f"node_timex_{name}", "gauge", what, digits=digits)


def _counter(name: str, what: str) -> Family:
    return Family(f"node_timex_{name}_total", "counter", what, digits=0)


SYNC = _gauge("sync_status", "1 where the clock is in step with a reliable one, otherwise 0", digits=0)
OFFSET = _gauge("offset_seconds", "How far the clock is from the reference", digits=9)
OVERFLOWS = _counter("offset_overflow", "Readings in which the offset was beyond what it can be")
FREQUENCY = _gauge("frequency_adjustment_ratio", "Speed of the clock as corrected; 1 is uncorrected")
JITTER = _gauge("pps_jitter_seconds", "Jitter of the pulse per second", digits=9)

# field of struct timex, family, what it is divided by
FIELDS: tuple[tuple[str, Family, int], ...] = (
    ("maxerror", _gauge("maxerror_seconds", "Largest possible error of the clock", digits=6), MICROSECONDS),
    ("esterror", _gauge("estimated_error_seconds", "Estimated error of the clock", digits=6), MICROSECONDS),
    ("status", _gauge("status", "Bits of the clock's status", digits=0), 1),
    ("constant", _gauge("loop_time_constant", "Time constant of the loop that corrects the phase", digits=0), 1),
    ("tick", _gauge("tick_seconds", "Time between ticks of the clock", digits=6), MICROSECONDS),
    ("ppsfreq", _gauge("pps_frequency_hertz", "Frequency of the pulse per second"), PARTS),
    ("shift", _gauge("pps_shift_seconds", "Length of an interval of the pulse per second", digits=0), 1),
    ("stabil", _gauge("pps_stability_hertz", "Mean change of the frequency of the pulse per second"), PARTS),
    ("jitcnt", _counter("pps_jitter", "Pulses whose jitter was beyond the limit"), 1),
    ("calcnt", _counter("pps_calibration", "Intervals of calibration of the pulse per second"), 1),
    ("errcnt", _counter("pps_error", "Errors of calibration of the pulse per second"), 1),
    ("stbcnt", _counter("pps_stability_exceeded", "Pulses beyond the limit of stability"), 1),
    ("tai", _gauge("tai_offset_seconds", "How far international atomic time is ahead of UTC", digits=0), 1),
)


def read(machine: Machine) -> Iterator[Sample]:
    """One sample a family, without labels. Of a recorded machine, those that the recording has the fields for."""
    found = machine.timex()
    remembered: dict[str, int] = machine.memory("timex")
    for family, value in describe(found):
        if family is OFFSET:
            remembered["overflows"] = remembered.get("overflows", 0) + (abs(value) > OFFSET_LIMIT_SECONDS)
            yield (OVERFLOWS, NO_LABELS, remembered["overflows"])
        yield (family, NO_LABELS, value)


def describe(found: Mapping[str, int]) -> Iterator[tuple[Family, float]]:
    """Families and values of the fields of struct timex that are there; `state` is what adjtimex returned."""
    fraction = NANOSECONDS if found.get("status", 0) & STA_NANO else MICROSECONDS
    if "state" in found:
        yield SYNC, int(found["state"] != TIME_ERROR)
    if "freq" in found:
        yield FREQUENCY, 1 + found["freq"] / PARTS
    for name, family in (("offset", OFFSET), ("jitter", JITTER)):
        if name in found:
            yield family, found[name] / fraction
    for name, family, divisor in FIELDS:
        if name in found:
            yield family, found[name] / divisor if divisor > 1 else found[name]
