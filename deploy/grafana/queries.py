"""PromQL that several panels share, and the values from which on something is coloured.

Machines are chosen by `keskidee_machine_info`, so that the same queries work where Prometheus reads a page a machine
and where it reads /metrics. Rates run over `$__rate_interval`, which panels.py keeps at two minutes or more.
Red begins where an alert does: the values are those of deploy/prometheus/thresholds.yml.
"""

from __future__ import annotations

from deploy.prometheus.build import thresholds

GOOD, WARN, BAD, CALM = "green", "orange", "red", "blue"

Steps = tuple[tuple[float | None, str], ...]
"""From which value on (None: from the lowest) which colour."""

OURS = thresholds()


def threshold(name: str) -> float:
    """A threshold's number. Some are written as products (`21 * 86400`)."""
    number = 1.0
    for factor in str(OURS[name]).split(" * "):
        base, _, power = factor.partition("^")
        number *= float(base) ** float(power or 1)
    return number


NO_JUDGEMENT: Steps = ((None, CALM),)
BUSY: Steps = ((None, GOOD), (0.8, WARN), (0.95, BAD))  # no alert: a processor is there to be busy
FULL: Steps = (
    (None, GOOD),
    (1 - threshold("disk_ticket_below_ratio"), WARN),
    (1 - threshold("disk_free_least_ratio"), BAD),
)
MEMORY: Steps = (
    (None, GOOD),
    (1 - 2 * threshold("memory_least_ratio"), WARN),
    (1 - threshold("memory_least_ratio"), BAD),
)
CLOCK: Steps = ((None, BAD), (-threshold("clock_off_seconds"), GOOD), (threshold("clock_off_seconds"), BAD))
LOAD: Steps = ((None, GOOD), (1, WARN), (threshold("load_most_per_core"), BAD))
WEAR: Steps = (
    (None, GOOD),
    (threshold("disk_wear_most_percent") - 20, WARN),
    (threshold("disk_wear_most_percent"), BAD),
)
HEAT: Steps = ((None, GOOD), (70, WARN), (threshold("temperature_most_celsius"), BAD))
ROOM: Steps = ((None, GOOD), (threshold("room_most_celsius") - 5, WARN), (threshold("room_most_celsius"), BAD))
BATTERY: Steps = ((None, BAD), (threshold("battery_least_ratio"), WARN), (0.8, GOOD))
SUPPLY: Steps = ((None, BAD), (threshold("supply_least_ratio"), WARN), (3 * threshold("supply_least_ratio"), GOOD))
PORT: Steps = ((None, GOOD), (0.7, WARN), (threshold("port_full_ratio"), BAD))
UPS_LOAD: Steps = ((None, GOOD), (0.7, WARN), (threshold("ups_load_most_ratio"), BAD))
UPS_LEFT: Steps = ((None, BAD), (threshold("ups_least_seconds"), WARN), (2 * threshold("ups_least_seconds"), GOOD))
OBJECTIVE = threshold("service_objective_ratio")
AVAILABLE: Steps = ((None, BAD), (OBJECTIVE, WARN), ((1 + OBJECTIVE) / 2, GOOD))
BUDGET: Steps = ((None, BAD), (0, WARN), (0.25, GOOD))
SLOW: Steps = ((None, GOOD), (threshold("service_slow_seconds") / 2, WARN), (threshold("service_slow_seconds"), BAD))
CERTIFICATE: Steps = (
    (None, BAD),
    (threshold("certificate_page_seconds"), WARN),
    (threshold("certificate_ticket_seconds"), GOOD),
)
SUPPORT: Steps = ((None, BAD), (0, WARN), (threshold("support_notice_seconds"), GOOD))
ANY_IS_BAD: Steps = ((None, GOOD), (1, BAD))
ANY_IS_WORTH_A_LOOK: Steps = ((None, GOOD), (1, WARN))
NONE_IS_BAD: Steps = ((None, BAD), (1, GOOD))

STATES = {0: ("on", GOOD), 1: ("off", CALM), 2: ("silent", BAD), 3: ("link down", BAD)}
"""What the numbers of STATE mean."""

CHOSEN = 'keskidee_machine_info{site=~"$site", role=~"$role", os=~"$system", fund=~"$fund"}'
CLIENTS, DEVICES = str(OURS["clients"]), str(OURS["devices"])
SERVERS = CHOSEN.replace("}", f', role!~"{CLIENTS}|{DEVICES}"}}')
PERSONAL = CHOSEN.replace("}", f', role=~"{CLIENTS}"}}')
EACH = "group by (instance, site, role, os, model, fund) ({})".format
"""The machines of a selector, each once even where two jobs read the collector: to count, and to join labels from."""
POLLED = 'keskidee_machine_info{site=~"$site", role="device"}'
ONE = 'instance="$instance"'
AT = 'site=~"$site"'

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
DISK_SPENT, DISK_DONE = (
    f"rate(node_disk_{read}[$__rate_interval]) + rate(node_disk_{written}[$__rate_interval])"
    for read, written in (
        ("read_time_seconds_total", "write_time_seconds_total"),
        ("reads_completed_total", "writes_completed_total"),
    )
)
DISK_WAIT = f"max by (instance, device) (({DISK_SPENT}) / (({DISK_DONE}) > 0))"
DISK_SICK = "(smartctl_device_smart_status == 0 or smartctl_device_critical_warning > 0)"
LOAD_PER_CORE = 'max by (instance) (node_load15) / count by (instance) (node_cpu_seconds_total{mode="idle"})'
TRAFFIC = (
    "sum by (instance) (rate(node_network_receive_bytes_total[$__rate_interval])"
    " + rate(node_network_transmit_bytes_total[$__rate_interval]))"
)


NAMELESS = {"fund": "not booked", "os": "device", "model": "not told"}


def of(machines: str, expr: str) -> str:
    """Only what `expr` says of these machines."""
    return f"({expr}) and on (instance) {machines}"


def count(machines: str, expr: str) -> str:
    """How many of these machines' series `expr` gives; 0 for none, because a blank reads as a fault."""
    return f"count({of(machines, expr)}) or vector(0)"


def by_label(machines: str, expr: str, label: str, how: str = "sum") -> str:
    """A sum of what `expr` says of these machines, by a label of theirs. Of two that a machine has for one scrape,
    because a second job has not yet read its new one, `topk` takes one: else the query fails.
    """
    one_each = f"topk by (instance) (1, group by (instance, {label}) ({machines}))"
    return named(f"{how} by ({label}) (({expr}) * on (instance) group_left ({label}) {one_each})", label)


def named(expr: str, label: str) -> str:
    """The same with a word where the label is empty, for a line without a name is nobody's."""
    return f'label_replace({expr}, "{label}", "{NAMELESS[label]}", "{label}", "")' if label in NAMELESS else expr


def or_none(expr: str, label: str) -> str:
    """The same, or a series of 0 that says `none`: an empty panel looks like a broken one, and none is an answer."""
    return f'({expr}) or on () label_replace(vector(0), "{label}", "none", "", "")'
