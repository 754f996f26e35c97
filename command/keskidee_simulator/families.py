"""The metric families of the ten sources, named as node_exporter names them, with the decimals that our agent sends."""

from __future__ import annotations

from keskidee_report.model import COUNTER, GAUGE, Family

CPU = Family("node_cpu_seconds_total", COUNTER, "Seconds the CPUs spent in each mode.", digits=2)
CPU_GUEST = Family(
    "node_cpu_guest_seconds_total", COUNTER, "Seconds the CPUs spent in guests (VMs) for each mode.", digits=2
)

BOOT_TIME = Family("node_boot_time_seconds", GAUGE, "Node boot time, in unixtime.", digits=0)
CONTEXT_SWITCHES = Family("node_context_switches_total", COUNTER, "Total number of context switches.", digits=0)
FORKS = Family("node_forks_total", COUNTER, "Total number of forks.", digits=0)
INTERRUPTS = Family("node_intr_total", COUNTER, "Total number of interrupts serviced.", digits=0)
PROCESSES_BLOCKED = Family(
    "node_procs_blocked", GAUGE, "Number of processes blocked waiting for I/O to complete.", digits=0
)
PROCESSES_RUNNING = Family("node_procs_running", GAUGE, "Number of processes in runnable state.", digits=0)

LOADS = tuple(Family(f"node_load{m}", GAUGE, f"{m}m load average.", digits=2) for m in (1, 5, 15))


def memory(field: str) -> Family:
    """The family of one line of /proc/meminfo, such as `MemTotal_bytes` or `HugePages_Free`."""
    return Family(f"node_memory_{field}", GAUGE, f"Memory information field {field}.", digits=0)


DISK_INFO = Family("node_disk_info", GAUGE, "Info of /sys/block/<block_device>.", digits=0)
DISK_IO_NOW = Family("node_disk_io_now", GAUGE, "The number of I/Os currently in progress.", digits=0)
DISK_COUNTERS = {
    "reads_completed_total": Family(
        "node_disk_reads_completed_total", COUNTER, "The total number of reads completed successfully.", digits=0
    ),
    "reads_merged_total": Family(
        "node_disk_reads_merged_total", COUNTER, "The total number of reads merged.", digits=0
    ),
    "read_bytes_total": Family(
        "node_disk_read_bytes_total", COUNTER, "The total number of bytes read successfully.", digits=0
    ),
    "read_time_seconds_total": Family(
        "node_disk_read_time_seconds_total", COUNTER, "The total number of seconds spent by all reads.", digits=3
    ),
    "writes_completed_total": Family(
        "node_disk_writes_completed_total", COUNTER, "The total number of writes completed successfully.", digits=0
    ),
    "writes_merged_total": Family("node_disk_writes_merged_total", COUNTER, "The number of writes merged.", digits=0),
    "written_bytes_total": Family(
        "node_disk_written_bytes_total", COUNTER, "The total number of bytes written successfully.", digits=0
    ),
    "write_time_seconds_total": Family(
        "node_disk_write_time_seconds_total",
        COUNTER,
        "This is the total number of seconds spent by all writes.",
        digits=3,
    ),
    "io_time_seconds_total": Family(
        "node_disk_io_time_seconds_total", COUNTER, "Total seconds spent doing I/Os.", digits=3
    ),
    "io_time_weighted_seconds_total": Family(
        "node_disk_io_time_weighted_seconds_total", COUNTER, "The weighted # of seconds spent doing I/Os.", digits=3
    ),
}

FILESYSTEM_SIZE = Family("node_filesystem_size_bytes", GAUGE, "Filesystem size in bytes.", digits=0)
FILESYSTEM_FREE = Family("node_filesystem_free_bytes", GAUGE, "Filesystem free space in bytes.", digits=0)
FILESYSTEM_AVAIL = Family(
    "node_filesystem_avail_bytes", GAUGE, "Filesystem space available to non-root users in bytes.", digits=0
)
FILESYSTEM_FILES = Family("node_filesystem_files", GAUGE, "Filesystem total file nodes.", digits=0)
FILESYSTEM_FILES_FREE = Family("node_filesystem_files_free", GAUGE, "Filesystem total free file nodes.", digits=0)
FILESYSTEM_READONLY = Family("node_filesystem_readonly", GAUGE, "Filesystem read-only status.", digits=0)
FILESYSTEM_ERROR = Family(
    "node_filesystem_device_error",
    GAUGE,
    "Whether an error occurred while getting statistics for the given device.",
    digits=0,
)


def network(statistic: str) -> Family:
    """The family of one column of /proc/net/dev, such as `receive_bytes`."""
    return Family(f"node_network_{statistic}_total", COUNTER, f"Network device statistic {statistic}.", digits=0)


UNAME = Family("node_uname_info", GAUGE, "Labeled system information as provided by the uname system call.", digits=0)
TIME = Family("node_time_seconds", GAUGE, "System time in seconds since epoch (1970).")
TIME_ZONE = Family("node_time_zone_offset_seconds", GAUGE, "System time zone offset in seconds.", digits=0)
CLOCKSOURCE_AVAILABLE = Family(
    "node_time_clocksource_available_info",
    GAUGE,
    "Available clocksources read from '/sys/devices/system/clocksource'.",
    digits=0,
)
CLOCKSOURCE_CURRENT = Family(
    "node_time_clocksource_current_info",
    GAUGE,
    "Current clocksource read from '/sys/devices/system/clocksource'.",
    digits=0,
)
DMI = Family(
    "node_dmi_info", GAUGE, "A metric with a constant '1' value labeled by what DMI says of the machine.", digits=0
)
OS_INFO = Family(
    "node_os_info",
    GAUGE,
    "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, name, pretty_name, "
    "variant, variant_id, version, version_codename, version_id.",
    digits=0,
)
OS_VERSION = Family("node_os_version", GAUGE, "Metric containing the major.minor part of the OS version.")

AGENT_INFO = Family("keskidee_agent_info", GAUGE, "The version of the agent.", digits=0)
AGENT_SPOOL_BYTES = Family("keskidee_agent_spool_bytes", GAUGE, "Bytes of reports that wait for delivery.", digits=0)
AGENT_SPOOL_REPORTS = Family("keskidee_agent_spool_reports", GAUGE, "Reports that wait for delivery.", digits=0)
AGENT_DROPPED = Family("keskidee_agent_dropped_reports_total", COUNTER, "Reports given up.", digits=0)
AGENT_FAILURES = Family("keskidee_agent_delivery_failures_total", COUNTER, "Deliveries that failed.", digits=0)
AGENT_CPU = Family("keskidee_agent_cpu_seconds_total", COUNTER, "Processor time of the agent.", digits=6)
AGENT_MEMORY = Family("keskidee_agent_resident_memory_bytes", GAUGE, "Resident memory of the agent.", digits=0)
AGENT_START = Family("keskidee_agent_start_timestamp_seconds", GAUGE, "When the agent started.", digits=0)
