"""What each NFS mount does, from /proc/self/mountstats and mountinfo (net/sunrpc/stats.c, fs/nfs/super.c).

No privilege. Asked for by name only: one mount alone has six hundred series.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers
from keskidee_report.model import Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True


def _counter(name: str, what: str, digits: int = 0) -> Family:
    return Family(f"node_mountstats_nfs_{name}_total", "counter", what, digits=digits)


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_mountstats_nfs_{name}", "gauge", what, digits=0)


INFO = _gauge("mountpoint_info", "1, labelled with what is mounted where")
AGE = _counter("age_seconds", "Seconds since the mount was made")

BYTES = (
    _counter("read_bytes", "Bytes read by programs"),
    _counter("write_bytes", "Bytes written by programs"),
    _counter("direct_read_bytes", "Bytes read by programs with O_DIRECT"),
    _counter("direct_write_bytes", "Bytes written by programs with O_DIRECT"),
    _counter("total_read_bytes", "Bytes read from the server"),
    _counter("total_write_bytes", "Bytes written to the server"),
    _counter("read_pages", "Pages read through mapped files"),
    _counter("write_pages", "Pages written through mapped files"),
)

# in the order of enum nfs_stat_eventcounters (include/linux/nfs_iostat.h); one has never been counted
EVENTS = (
    _counter("event_inode_revalidate", "Times attributes of a file were asked for again"),
    _counter("event_dnode_revalidate", "Times a name in a folder was asked for again"),
    _counter("event_data_invalidate", "Times the cached content of a file was dropped"),
    _counter("event_attribute_invalidate", "Times cached attributes were dropped"),
    _counter("event_vfs_open", "Files and folders opened"),
    _counter("event_vfs_lookup", "Names looked up"),
    _counter("event_vfs_access", "Times a permission was checked"),
    _counter("event_vfs_update_page", "Pages updated"),
    _counter("event_vfs_read_page", "Pages read"),
    _counter("event_vfs_read_pages", "Groups of pages read"),
    _counter("event_vfs_write_page", "Pages written"),
    _counter("event_vfs_write_pages", "Groups of pages written"),
    _counter("event_vfs_getdents", "Times a folder was listed"),
    _counter("event_vfs_setattr", "Times attributes were set"),
    _counter("event_vfs_flush", "Times waiting writes were forced to the server"),
    _counter("event_vfs_fsync", "Times a file or folder was synchronised"),
    _counter("event_vfs_lock", "Times a lock was asked for"),
    _counter("event_vfs_file_release", "Files closed"),
    None,
    _counter("event_truncation", "Files cut short"),
    _counter("event_write_extension", "Files that grew by writing past their end"),
    _counter("event_silly_rename", "Files removed while a program held them open"),
    _counter("event_short_read", "Times the server gave less than was asked for"),
    _counter("event_short_write", "Times the server took less than it was given"),
    _counter("event_jukebox_delay", "Times the server asked to wait for slow storage"),
    _counter("event_pnfs_read", "Reads from parallel NFS"),
    _counter("event_pnfs_write", "Writes to parallel NFS"),
)

# the numbers of a transport that have a family, by position: port and bind come first; over UDP nothing is connected
TRANSPORT = (
    (1, _counter("transport_bind", "Times a transport was set up anew")),
    (2, _counter("transport_connect", "TCP connections made to the server")),
    (4, _gauge("transport_idle_time_seconds", "Seconds since anything was asked of the server")),
    (5, _counter("transport_sends", "Requests sent")),
    (6, _counter("transport_receives", "Responses received")),
    (7, _counter("transport_bad_transaction_ids", "Responses to nothing that was asked")),
    (9, _counter("transport_backlog_queue", "Length of the backlog, summed over all requests")),
    (10, _gauge("transport_maximum_rpc_slots", "Most requests that were ever under way at once")),
    (11, _counter("transport_sending_queue", "Length of the queue for sending, summed over all requests")),
    (12, _counter("transport_pending_queue", "Length of the queue for responses, summed over all requests")),
)
TCP_NUMBERS = (10, 13)  # without and with what version 1.1 of the statistics added
RDMA_NUMBERS = range(20, 32)
RDMA_SHARED = 10  # what follows counts memory, not queues
NOT_OVER_UDP = slice(2, 2)

OPERATIONS = (
    _counter("operations_requests", "Requests by operation"),
    _counter("operations_transmissions", "Times requests were sent, by operation"),
    _counter("operations_major_timeouts", "Requests that went without an answer for long, by operation"),
    _counter("operations_sent_bytes", "Bytes sent, by operation"),
    _counter("operations_received_bytes", "Bytes received, by operation"),
    _counter("operations_queue_time_seconds", "Seconds that requests waited to be sent, by operation", 3),
    _counter("operations_response_time_seconds", "Seconds until requests were answered, by operation", 3),
    _counter("operations_request_time_seconds", "Seconds that requests took in all, by operation", 3),
    _counter("operations_errors", "Requests that failed, by operation"),
)
MILLISECONDS = range(5, 8)
MANTISSA = 1 << 53
"""The kernel's sums of milliseconds can run below zero; the wrapped number is cut to what a double holds."""


class Mount:
    """The statistics of one NFS mount, as numbers by line."""

    __slots__ = ("device", "operations", "path", "single", "transports", "version")

    def __init__(self, device: bytes, path: bytes, version: bytes) -> None:
        self.device = device
        self.path = path
        self.version = version
        self.single: dict[bytes, list[int]] = {}
        self.transports: list[tuple[bytes, list[int]]] = []
        self.operations: list[tuple[bytes, list[int]]] = []


def read(machine: Machine) -> Iterator[Sample]:
    """Samples of each export, labelled `export`, `protocol` and `mountaddr`; where it is mounted is an info sample.

    An export that is mounted several times is counted once by the kernel and given once.
    Raises NotHere where nothing is mounted by NFS.
    """
    mounts = parse(machine.content("proc/self/mountstats"))
    if not mounts:
        raise NotHere("nothing is mounted by NFS")
    try:
        addresses = parse_addresses(machine.content("proc/self/mountinfo"))
    except (NotHere, Denied):
        addresses = {}
    seen: set[tuple[bytes, bytes, bytes]] = set()
    for mount in mounts:
        address = addresses.get((mount.device, mount.path), b"")
        protocol = mount.transports[0][0] if mount.transports else b""
        labels = {"export": _text(mount.device), "protocol": _text(protocol), "mountaddr": _text(address)}
        yield (INFO, {**labels, "mountpoint": _text(mount.path)}, 1)
        identity = (mount.device, protocol, address)
        if identity not in seen:
            seen.add(identity)
            yield from samples_of(mount, labels)


def parse(content: bytes) -> list[Mount]:
    """The NFS mounts of a mountstats; what other file systems say is passed over. Raises Malformed."""
    mounts: list[Mount] = []
    mount: Mount | None = None
    per_operation = False
    for line in complete_lines(content):
        fields = line.split()
        if line.startswith((b"device ", b"no device ")):
            mount = _mount(fields)
            per_operation = False
            if mount is not None:
                mounts.append(mount)
        elif mount is None or not fields:
            continue
        elif per_operation:
            counts = numbers(b" ".join(fields[1:]))
            if fields[0][-1:] != b":" or len(counts) < len(OPERATIONS) - 1:
                raise Malformed("not a line of an operation", line)
            mount.operations.append((fields[0][:-1], counts))
        elif fields[0] == b"per-op":
            per_operation = True
        else:
            _take(mount, fields)
    return mounts


def _mount(fields: list[bytes]) -> Mount | None:
    """The mount that a line begins if it is of NFS: `device A mounted on B with fstype nfs4 statvers=1.1`."""
    if len(fields) == 9 and fields[7] in (b"nfs", b"nfs4"):
        return Mount(fields[1], fields[4], fields[8].removeprefix(b"statvers="))
    return None


def _take(mount: Mount, fields: list[bytes]) -> None:
    name = fields[0]
    if name in (b"age:", b"bytes:", b"events:"):
        counts = numbers(b" ".join(fields[1:]))
        if len(counts) < {b"age:": 1, b"bytes:": len(BYTES), b"events:": len(EVENTS)}[name]:
            raise Malformed("fewer numbers than known", b" ".join(fields))
        mount.single[name] = counts
    elif name == b"xprt:" and len(fields) > 2:
        mount.transports.append((fields[1], transport_numbers(fields[1], fields[2:])))


def transport_numbers(protocol: bytes, fields: list[bytes]) -> list[int]:
    """The numbers of a transport in the places they have over TCP. Raises Malformed.

    Those that a protocol lacks are 0, as in node_exporter, or missing at the end.
    """
    # the time since the last request is signed, and below zero for a moment
    counts = numbers(b" ".join([b"0" if field[:1] == b"-" and field[1:].isdigit() else field for field in fields]))
    if protocol == b"udp":
        counts[NOT_OVER_UDP] = [0, 0, 0]
    if protocol in (b"tcp", b"udp") and len(counts) in TCP_NUMBERS:
        return counts + [0] * (TCP_NUMBERS[-1] - len(counts))
    if protocol == b"rdma" and len(counts) in RDMA_NUMBERS:
        return counts[:RDMA_SHARED]
    raise Malformed("not a transport of NFS", b" ".join([protocol, *fields]))


def parse_addresses(content: bytes) -> dict[tuple[bytes, bytes], bytes]:
    """The server's address by device and mount point, from the NFS mounts of a mountinfo. Raises Malformed."""
    addresses = {}
    for line in complete_lines(content):
        before, separator, after = line.partition(b" - ")
        mounted, system = before.split(), after.split()
        if not separator or len(mounted) < 6 or len(system) < 2:
            raise Malformed("not a line of mountinfo", line)
        if system[0] in (b"nfs", b"nfs4") and len(system) > 2:
            for option in system[2].split(b","):
                if option.startswith(b"addr="):
                    addresses[system[1], mounted[4]] = option.removeprefix(b"addr=")
    return addresses


def samples_of(mount: Mount, labels: dict[str, str]) -> Iterator[Sample]:
    """All that a mount counts."""
    for age in mount.single.get(b"age:", [])[:1]:
        yield (AGE, labels, age)
    for family, count in zip(BYTES, mount.single.get(b"bytes:", []), strict=False):
        yield (family, labels, count)
    for event, count in zip(EVENTS, mount.single.get(b"events:", []), strict=False):
        if event is not None:
            yield (event, labels, count)
    for number, (_, counts) in enumerate(mount.transports):
        yield from _of_transport(counts, {**labels, "transport": str(number)})
    for operation, counts in mount.operations:
        yield from _of_operation(counts, {**labels, "operation": _text(operation)})


def _of_transport(counts: list[int], labels: dict[str, str]) -> Iterator[Sample]:
    for position, family in TRANSPORT:
        if position < len(counts):
            yield (family, labels, counts[position] % MANTISSA)


def _of_operation(counts: list[int], labels: dict[str, str]) -> Iterator[Sample]:
    told = counts + [0] * (len(OPERATIONS) - len(counts))  # older kernels do not count errors
    for position, family in enumerate(OPERATIONS):
        if position in MILLISECONDS:
            yield (family, labels, told[position] % MANTISSA / 1000)
        else:
            yield (family, labels, told[position])


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
