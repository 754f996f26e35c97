"""What the NFS server was asked for, from /proc/net/rpc/nfsd (fs/nfsd/stats.c). No privilege."""

from __future__ import annotations

from keskidee_agent.host.rpc import VERSION_2, VERSION_3, labels_of, procedures, requests, row, rows
from keskidee_report.model import Family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NEEDS = ("proc/net/rpc/nfsd",)


def _counter(name: str, what: str) -> Family:
    return Family(f"node_nfsd_{name}_total", "counter", f"{what} by the NFS server", digits=0)


PACKETS = _counter("packets", "Packets sent and received")
ERRORS = _counter("rpc_errors", "Remote procedure calls refused")
REQUESTS = _counter("requests", "Requests served")
NO_LABELS: dict[str, str] = {}

# each line, how many numbers it has, and which of them mean something still: position, family, labels
LINES: tuple[tuple[bytes, int, tuple[tuple[int, Family, dict[str, str]], ...]], ...] = (
    (
        b"rc",
        3,
        (
            (0, _counter("reply_cache_hits", "Repeated requests answered from the reply cache"), NO_LABELS),
            (1, _counter("reply_cache_misses", "Requests put into the reply cache"), NO_LABELS),
            (2, _counter("reply_cache_nocache", "Requests that need no reply cache, served"), NO_LABELS),
        ),
    ),
    (b"fh", 5, ((0, _counter("file_handles_stale", "File handles found stale"), NO_LABELS),)),
    (
        b"io",
        2,
        (
            (0, _counter("disk_bytes_read", "Bytes read from disk"), NO_LABELS),
            (1, _counter("disk_bytes_written", "Bytes written to disk"), NO_LABELS),
        ),
    ),
    (b"th", 2, ((0, Family("node_nfsd_server_threads", "gauge", "Threads of the NFS server", digits=0), NO_LABELS),)),
    (
        b"ra",
        12,
        (
            (
                0,
                Family("node_nfsd_read_ahead_cache_size_blocks", "gauge", "Size of the read-ahead cache", digits=0),
                NO_LABELS,
            ),
            (11, _counter("read_ahead_cache_not_found", "Blocks missed in the read-ahead cache"), NO_LABELS),
        ),
    ),
    (
        b"net",
        4,
        (
            (1, PACKETS, {"proto": "udp"}),
            (2, PACKETS, {"proto": "tcp"}),
            (3, _counter("connections", "TCP connections taken"), NO_LABELS),
        ),
    ),
    (
        b"rpc",
        5,
        (
            (2, ERRORS, {"error": "fmt"}),
            (3, ERRORS, {"error": "auth"}),
            (4, ERRORS, {"error": "cInt"}),
            (0, _counter("server_rpcs", "Remote procedure calls taken"), NO_LABELS),
        ),
    ),
)

# the operations in the order of their numbers (RFC 7530, 16); those without a name are not given by node_exporter
VERSION_4 = (
    "- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup LookupRoot "
    "Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename Renew RestoreFH SaveFH "
    "SecInfo SetAttr - - Verify Write RelLockOwner"
)

LABELS = {
    b"proc2": labels_of("2", VERSION_2.replace("Null", "-")),
    b"proc3": labels_of("3", VERSION_3.replace("Null", "-")),
    b"proc4ops": labels_of("4", VERSION_4),
}
RECALLED = {"proto": "4", "method": "WdelegGetattr"}


def read(machine: Machine) -> Iterator[Sample]:
    """Requests labelled `proto` (the version of NFS) and `method`, and how the server's caches and threads fare.

    Raises NotHere where this machine serves no NFS.
    """
    return iter(parse(machine.content("proc/net/rpc/nfsd")))


def parse(content: bytes) -> list[Sample]:
    """The samples of a /proc/net/rpc/nfsd. Raises Malformed."""
    found = rows(content)
    samples: list[Sample] = []
    for name, length, columns in LINES:
        counts = row(found, name, length)
        if counts:
            samples += [(family, labels, counts[position]) for position, family, labels in columns]
    for name, labels in LABELS.items():
        samples += requests(REQUESTS, labels, procedures(found, name))
    for count in row(found, b"wdeleg_getattr", 1):
        samples.append((REQUESTS, RECALLED, count))
    return samples
