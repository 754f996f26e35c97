"""Thermal zones and what cools them, from /sys/class/thermal (Documentation/ABI/testing/sysfs-class-thermal).

No privilege. What a zone or a cooling device is, and the most it can do, is read again in every sixteenth round.
"""

from __future__ import annotations

from keskidee_agent.host.sysfs import attribute, integer, words
from keskidee_report.model import Family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/thermal/*",)
FOLDER = "sys/class/thermal"
REREAD_ROUNDS = 16

TEMPERATURE = Family("node_thermal_zone_temp", "gauge", "Temperature of the zone in Celsius", digits=3)
STATE = Family("node_cooling_device_cur_state", "gauge", "How hard it cools now, from 0", digits=0)
MOST = Family("node_cooling_device_max_state", "gauge", "How hard it can cool", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """The temperature of each zone, labelled `zone` and `type`; the state of what cools, labelled `name` and `type`.

    Zones that are switched off and those that cannot tell their temperature now are left out.
    """
    memory = machine.memory("thermal_zone")
    turn = memory["turn"] = (memory.get("turn", -1) + 1) % REREAD_ROUNDS
    known: dict[str, tuple[dict[str, str], Sample | None]] = memory.setdefault("known", {})
    for position, name in enumerate(machine.names(FOLDER)):
        kind = name.rstrip("0123456789")
        if kind not in ("thermal_zone", "cooling_device") or kind == name:
            continue
        folder = f"{FOLDER}/{name}"
        if name not in known or position % REREAD_ROUNDS == turn:
            known[name] = _look(machine, folder, kind, name.removeprefix(kind), known.get(name))
        labels, most = known[name]
        if kind == "thermal_zone":
            yield from _zone(machine, folder, labels)
        else:
            content = attribute(machine, folder + "/cur_state")
            if content is not None and most is not None:
                yield (STATE, labels, integer(content))  # -1 where it is not in use
                yield most


def _look(
    machine: Machine, folder: str, kind: str, number: str, before: tuple[dict[str, str], Sample | None] | None
) -> tuple[dict[str, str], Sample | None]:
    """Labels of a zone or a cooling device, and the most it can do."""
    name = "zone" if kind == "thermal_zone" else "name"
    labels = {name: number, "type": words(attribute(machine, folder + "/type"))}
    if before is not None and before[0] == labels:
        labels = before[0]
    content = attribute(machine, folder + "/max_state") if name == "name" else None
    return labels, None if content is None else (MOST, labels, integer(content))


def _zone(machine: Machine, folder: str, labels: dict[str, str]) -> Iterator[Sample]:
    if words(attribute(machine, folder + "/mode")) == "disabled":
        return
    try:
        content = attribute(machine, folder + "/temp")
    except OSError:  # a sensor that sleeps answers with any error
        return
    if content is not None:
        yield (TEMPERATURE, labels, integer(content) / 1000)
