"""The machine's clock: time, zone, and what the kernel counts with (/sys/devices/system/clocksource). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines
from keskidee_report.model import Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PROMPT = True

NOW = Family("node_time_seconds", "gauge", "What the machine's clock shows, in seconds since 1970", digits=6)
ZONE = Family("node_time_zone_offset_seconds", "gauge", "How far local time is ahead of UTC", digits=0)
AVAILABLE = Family(
    "node_time_clocksource_available_info", "gauge", "1 for each clock source the kernel could use", digits=0
)
CURRENT = Family("node_time_clocksource_current_info", "gauge", "1 for the clock source the kernel uses", digits=0)

FOLDER = "sys/devices/system/clocksource"
NO_LABELS: dict[str, str] = {}


def read(machine: Machine) -> Iterator[Sample]:
    """The clock; the zone's offset labelled `time_zone`; clock sources labelled `device` and `clocksource`."""
    found = False
    try:
        yield (NOW, NO_LABELS, machine.time())
        found = True
        name, offset = machine.zone()
        zones = machine.memory("time zone")
        yield (ZONE, zones.get(name) or zones.setdefault(name, {"time_zone": name}), offset)
    except NotHere:  # a recording without a clock may have clock sources
        pass
    if machine.platform == "linux":
        try:
            for sample in _sources(machine):
                found = True
                yield sample
        except (NotHere, Denied):  # containers and some boards have none
            pass
    if not found:
        raise NotHere("no clock in the recording")


def _sources(machine: Machine) -> list[Sample]:
    """The clock sources of each device, read again when the one in use changes: one that fails is replaced at once."""
    remembered = machine.memory("time")
    devices = remembered.get("devices") or machine.names(FOLDER, "clocksource")
    current = [machine.content(f"{FOLDER}/{device}/current_clocksource") for device in devices]
    if remembered.get("current") != current:
        samples: list[Sample] = []
        for device, used in zip(devices, current, strict=True):
            number = device.removeprefix("clocksource")
            available = names(machine.content(f"{FOLDER}/{device}/available_clocksource"))
            samples += [AVAILABLE(1, device=number, clocksource=source) for source in available]
            samples += [CURRENT(1, device=number, clocksource=source) for source in names(used)]
        remembered["devices"], remembered["current"], remembered["samples"] = devices, current, samples
    return remembered["samples"]  # type: ignore[no-any-return]


def names(content: bytes) -> list[str]:
    """The names of clock sources in a line such as `tsc hpet acpi_pm`. Raises Malformed."""
    found = b" ".join(complete_lines(content)).split()
    if not all(name.isascii() for name in found):
        raise Malformed("not names of clock sources", content)
    return [name.decode() for name in found]
