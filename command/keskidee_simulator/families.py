"""The metric families of our agent's sources, described as the agent describes them (a test compares the two)."""

from __future__ import annotations

from keskidee_report.model import COUNTER, GAUGE, Family


def _counter(name: str, what: str, digits: int = 0) -> Family:
    return Family(name, COUNTER, what, digits=digits)


def _gauge(name: str, what: str, digits: int | None = 0) -> Family:
    return Family(name, GAUGE, what, digits=digits)


CPU = _counter("node_cpu_seconds_total", "Seconds each processor spent in each mode", 2)
CPU_GUEST = _counter("node_cpu_guest_seconds_total", "Seconds spent running virtual machines", 2)

BOOT_TIME = _gauge("node_boot_time_seconds", "When the machine was started, in seconds since 1970")
CONTEXT_SWITCHES = _counter("node_context_switches_total", "Context switches since boot")
FORKS = _counter("node_forks_total", "Processes and threads started since boot")
INTERRUPTS = _counter("node_intr_total", "Interrupts serviced since boot")
PROCESSES_BLOCKED = _gauge("node_procs_blocked", "Tasks that wait for a disk now")
PROCESSES_RUNNING = _gauge("node_procs_running", "Tasks that could run now")
SOFTIRQS = _counter("node_softirqs_total", "Software interrupts since boot, by kind")

LOADS = (
    _gauge("node_load1", "Load average over 1 minute", 2),
    _gauge("node_load5", "Load average over 5 minutes", 2),
    _gauge("node_load15", "Load average over 15 minutes", 2),
)


def memory(line: str, *, in_bytes: bool = True) -> Family:
    """The family of a line of /proc/meminfo, such as `Active(anon)`, or of what means the same elsewhere."""
    clean = line.replace("(", "_").replace(")", "")
    name = f"node_memory_{clean}_bytes" if in_bytes else f"node_memory_{clean}"
    return _gauge(name, f"{line} of /proc/meminfo", -10 if in_bytes else 0)


DISK_INFO = _gauge("node_disk_info", "1, labelled with what udev says of the device")
DISK_IO_NOW = _gauge("node_disk_io_now", "Requests under way now")
DISK_COUNTERS = {
    name: _counter(f"node_disk_{name}_total", what, 3 if "seconds" in name else 0)
    for name, what in (
        ("reads_completed", "Reads that succeeded"),
        ("reads_merged", "Reads joined to a neighbouring one"),
        ("read_bytes", "Bytes read"),
        ("read_time_seconds", "Seconds spent by all reads together"),
        ("writes_completed", "Writes that succeeded"),
        ("writes_merged", "Writes joined to a neighbouring one"),
        ("written_bytes", "Bytes written"),
        ("write_time_seconds", "Seconds spent by all writes together"),
        ("io_time_seconds", "Seconds in which the device had anything to do"),
        ("io_time_weighted_seconds", "Those seconds, times the requests under way"),
        ("discards_completed", "Discards that succeeded"),
        ("discards_merged", "Discards joined to a neighbouring one"),
        ("discarded_sectors", "Sectors of 512 bytes discarded"),
        ("discard_time_seconds", "Seconds spent by all discards together"),
        ("flush_requests", "Flushes that succeeded"),
        ("flush_requests_time_seconds", "Seconds spent by all flushes together"),
    )
}

FILESYSTEM_SIZE = _gauge("node_filesystem_size_bytes", "Size of the file system", -12)
FILESYSTEM_FREE = _gauge("node_filesystem_free_bytes", "Space that root may still use", -12)
FILESYSTEM_AVAIL = _gauge("node_filesystem_avail_bytes", "Space that everybody may still use", -12)
FILESYSTEM_FILES = _gauge("node_filesystem_files", "Files and folders it has room for")
FILESYSTEM_FILES_FREE = _gauge("node_filesystem_files_free", "Files and folders it has room for still")
FILESYSTEM_READONLY = _gauge("node_filesystem_readonly", "Whether it cannot be written to")
FILESYSTEM_ERROR = _gauge("node_filesystem_device_error", "Whether it did not say how full it is")
FILESYSTEM_MOUNT = _gauge("node_filesystem_mount_info", "1, labelled with the number of the mounted device")

NETWORK = {
    name: _counter(f"node_network_{name}_total", f"{what} by the interface")
    for name, what in (
        ("receive_bytes", "Bytes received"),
        ("receive_packets", "Packets received"),
        ("receive_errs", "Received packets that were bad"),
        ("receive_drop", "Received packets that were dropped"),
        ("receive_fifo", "Received packets lost to a full queue"),
        ("receive_frame", "Received packets that were framed wrongly"),
        ("receive_compressed", "Compressed packets received"),
        ("receive_multicast", "Multicast packets received"),
        ("transmit_bytes", "Bytes sent"),
        ("transmit_packets", "Packets sent"),
        ("transmit_errs", "Packets that could not be sent"),
        ("transmit_drop", "Packets dropped before they were sent"),
        ("transmit_fifo", "Packets not sent for a full queue"),
        ("transmit_colls", "Collisions while sending"),
        ("transmit_carrier", "Packets not sent for want of a carrier"),
        ("transmit_compressed", "Compressed packets sent"),
        ("receive_nohandler", "Received packets that no protocol wanted"),
    )
}

UNAME = _gauge("node_uname_info", "1, labelled with what uname says of the system")
TIME = _gauge("node_time_seconds", "What the machine's clock shows, in seconds since 1970", 6)
TIME_ZONE = _gauge("node_time_zone_offset_seconds", "How far local time is ahead of UTC")
CLOCKSOURCE_AVAILABLE = _gauge("node_time_clocksource_available_info", "1 for each clock source the kernel could use")
CLOCKSOURCE_CURRENT = _gauge("node_time_clocksource_current_info", "1 for the clock source the kernel uses")
DMI = _gauge("node_dmi_info", "1, labelled with what the machine's firmware says of it")
OS_INFO = _gauge("node_os_info", "1, labelled with the name and version of the operating system")
OS_VERSION = _gauge("node_os_version", "Major and minor version of the operating system as a number", None)

AGENT_INFO = _gauge("keskidee_agent_info", "The version of the agent")
AGENT_SPOOL_BYTES = _gauge("keskidee_agent_spool_bytes", "Bytes of reports that wait for delivery")
AGENT_SPOOL_REPORTS = _gauge("keskidee_agent_spool_reports", "Reports that wait for delivery")
AGENT_DROPPED = _counter("keskidee_agent_dropped_reports_total", "Reports given up")
AGENT_FAILURES = _counter("keskidee_agent_delivery_failures_total", "Deliveries that failed")
AGENT_LINK = _counter("keskidee_agent_link_bytes_total", "Bytes on the wire to and from the collector")
AGENT_CPU = _counter("keskidee_agent_cpu_seconds_total", "Processor time of the agent", 6)
AGENT_MEMORY = _gauge("keskidee_agent_resident_memory_bytes", "Resident memory of the agent", -12)
AGENT_START = _gauge("keskidee_agent_start_timestamp_seconds", "When the agent started")
