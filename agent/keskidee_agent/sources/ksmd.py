"""Pages of memory that are kept once for several uses, from /sys/kernel/mm/ksm (Documentation/admin-guide/mm/ksm.rst).

No privilege.
"""

from __future__ import annotations

from keskidee_agent.host.lines import only_number
from keskidee_agent.host.sysfs import integer
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # of use on hosts of virtual machines only
FOLDER = "sys/kernel/mm/ksm"
NO_LABELS: dict[str, str] = {}


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_ksmd_{name}", "gauge", what, digits=0)


FILES = (
    ("full_scans", Family("node_ksmd_full_scans_total", "counter", "Scans of all mergeable memory", digits=0)),
    ("general_profit", _gauge("general_profit", "Bytes saved, less what the bookkeeping takes; may be below zero")),
    ("merge_across_nodes", _gauge("merge_across_nodes", "1 where pages of different NUMA nodes may be merged")),
    ("pages_shared", _gauge("pages_shared", "Merged pages in use")),
    ("pages_sharing", _gauge("pages_sharing", "Uses of merged pages beyond the first: what is saved")),
    ("pages_to_scan", _gauge("pages_to_scan", "Pages to scan before the scanner sleeps")),
    ("pages_unshared", _gauge("pages_unshared", "Pages that are alone but checked again and again")),
    ("pages_volatile", _gauge("pages_volatile", "Pages that change too fast to be merged")),
    ("run", _gauge("run", "1 while the scanner runs, 0 stopped, 2 stopped and unmerged")),
)
SLEEP = Family("node_ksmd_sleep_seconds", "gauge", "How long the scanner sleeps between scans", digits=3)


def read(machine: Machine) -> Iterator[Sample]:
    """One sample a file, without labels; files that this kernel lacks are left out."""
    sleep = only_number(machine.content(f"{FOLDER}/sleep_millisecs"))
    for name, family in FILES:
        try:
            content = machine.content(f"{FOLDER}/{name}")
        except NotHere:  # merge_across_nodes is there on NUMA kernels only, general_profit since Linux 6.4
            continue
        yield (family, NO_LABELS, integer(content))
    yield (SLEEP, NO_LABELS, sleep / 1000)
