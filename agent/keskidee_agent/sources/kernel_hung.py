"""Tasks that the kernel found hung, from /proc/sys/kernel/hung_task_detect_count (Documentation/admin-guide/sysctl).

No privilege. Since Linux 6.13.
"""

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
FILE = "proc/sys/kernel/hung_task_detect_count"
NEEDS = (FILE,)
NO_LABELS: dict[str, str] = {}
DETECTED = Family("node_kernel_hung_task_detect_count", "counter", "Tasks found hung since boot", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """One counter without labels: tasks that waited for a disk or a lock for two minutes without an end."""
    yield (DETECTED, NO_LABELS, only_number(machine.content(FILE)))
