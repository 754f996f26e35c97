"""PromQL that several panels share, and the values from which on something is coloured.

Machines are chosen by `keskidee_machine_info`, so that the same queries work where Prometheus reads a page a machine
and where it reads /metrics. Rates run over `$__rate_interval`, which panels.py keeps at two minutes or more.
"""

from __future__ import annotations

GOOD, WARN, BAD, CALM = "green", "orange", "red", "blue"

Steps = tuple[tuple[float | None, str], ...]
"""From which value on (None: from the lowest) which colour."""

NO_JUDGEMENT: Steps = ((None, CALM),)
BUSY: Steps = ((None, GOOD), (0.8, WARN), (0.95, BAD))
FULL: Steps = ((None, GOOD), (0.8, WARN), (0.97, BAD))  # as KeskideeDiskFilling
MEMORY: Steps = ((None, GOOD), (0.9, WARN), (0.95, BAD))  # as KeskideeMemoryShort
CLOCK: Steps = ((None, BAD), (-10, GOOD), (10, BAD))  # as KeskideeClockOff
ANY_IS_BAD: Steps = ((None, GOOD), (1, BAD))
ANY_IS_WORTH_A_LOOK: Steps = ((None, GOOD), (1, WARN))
NONE_IS_BAD: Steps = ((None, BAD), (1, GOOD))

STATES = {0: ("on", GOOD), 1: ("off", CALM), 2: ("silent", BAD), 3: ("link down", BAD)}
"""What the numbers of STATE mean."""

CHOSEN = 'keskidee_machine_info{site=~"$site", role=~"$role"}'
SERVERS = 'keskidee_machine_info{site=~"$site", role=~"$role", role!~"desktop|laptop"}'
ONE = 'instance="$instance"'

STATE = (
    'sum by (instance) (keskidee_machine_state{state="off"})'
    ' + 2 * sum by (instance) (keskidee_machine_state{state="silent"})'
    ' + 3 * sum by (instance) (keskidee_machine_state{state="link_down"})'
)
CPU_BUSY = '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))'
MEMORY_USED = "max by (instance) (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)"
SPACE_USED = (
    "max by (instance, mountpoint) ("
    "(1 - node_filesystem_avail_bytes / (node_filesystem_size_bytes >= 256 * 2^20))"
    " unless node_filesystem_readonly == 1)"
)
DISK_BUSY = "max by (instance, device) (rate(node_disk_io_time_seconds_total[$__rate_interval]))"


def of(machines: str, expr: str) -> str:
    """Only what `expr` says of these machines."""
    return f"({expr}) and on (instance) {machines}"


def count(machines: str, expr: str) -> str:
    """How many of these machines' series `expr` gives; 0 for none, because a blank reads as a fault."""
    return f"count({of(machines, expr)}) or vector(0)"
