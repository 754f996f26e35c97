"""The kernel's store of randomness, from /proc/sys/kernel/random (random(4)). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import only_number
from keskidee_report.model import Family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
FOLDER = "proc/sys/kernel/random"
NO_LABELS: dict[str, str] = {}
AVAILABLE = Family("node_entropy_available_bits", "gauge", "Randomness in store, in bits", digits=0)
POOL_SIZE = Family("node_entropy_pool_size_bits", "gauge", "Randomness that can be in store, in bits", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """Two gauges without labels."""
    yield (AVAILABLE, NO_LABELS, only_number(machine.content(f"{FOLDER}/entropy_avail")))
    yield (POOL_SIZE, NO_LABELS, only_number(machine.content(f"{FOLDER}/poolsize")))
