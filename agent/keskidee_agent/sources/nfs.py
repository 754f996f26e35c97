"""What the NFS client asked servers for, from /proc/net/rpc/nfs (net/sunrpc/stats.c). No privilege."""

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
NEEDS = ("proc/net/rpc/nfs",)
NO_LABELS: dict[str, str] = {}
UDP, TCP = {"protocol": "udp"}, {"protocol": "tcp"}


def _counter(name: str, what: str) -> Family:
    return Family(f"node_nfs_{name}_total", "counter", f"{what} by the NFS client", digits=0)


PACKETS = _counter("packets", "Packets sent and received")
CONNECTIONS = _counter("connections", "TCP connections made")
RPC = (
    _counter("rpcs", "Remote procedure calls made"),
    _counter("rpc_retransmissions", "Remote procedure calls sent again"),
    _counter("rpc_authentication_refreshes", "Times credentials were renewed"),
)
REQUESTS = _counter("requests", "Requests made")

# the client's procedures in the order of NFSPROC4_CLNT_ (include/linux/nfs4.h), named as node_exporter names them
VERSION_4 = (
    "Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew SetClientID "
    "SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link Symlink Create Pathconf "
    "StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo FsidPresent "
    "ExchangeID CreateSession DestroySession Sequence GetLeaseTime ReclaimComplete LayoutGet GetDeviceInfo "
    "LayoutCommit LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession DestroyClientID "
    "Seek Allocate DeAllocate LayoutStats Clone"
)
WITH_ZERO_RANGE = 71
"""From Linux 6.16 on there are so many, and a new one stands before LayoutStats."""

LABELS = {b"proc2": labels_of("2", VERSION_2), b"proc3": labels_of("3", VERSION_3), b"proc4": labels_of("4", VERSION_4)}
LABELS_WITH_ZERO_RANGE = [*LABELS[b"proc4"][:-2], {"proto": "4", "method": "-"}, *LABELS[b"proc4"][-2:]]


def read(machine: Machine) -> Iterator[Sample]:
    """Packets labelled `protocol`, requests labelled `proto` (the version of NFS) and `method`, and the calls beneath.

    Raises NotHere where nothing was ever mounted by NFS.
    """
    return iter(parse(machine.content("proc/net/rpc/nfs")))


def parse(content: bytes) -> list[Sample]:
    """The samples of a /proc/net/rpc/nfs. Raises Malformed."""
    found = rows(content)
    samples: list[Sample] = []
    net = row(found, b"net", 4)
    if net:
        samples += [(PACKETS, UDP, net[1]), (PACKETS, TCP, net[2]), (CONNECTIONS, NO_LABELS, net[3])]
    samples += [(family, NO_LABELS, count) for family, count in zip(RPC, row(found, b"rpc", len(RPC)), strict=False)]
    for version, labels in LABELS.items():
        counts = procedures(found, version)
        if version == b"proc4" and counts:
            if len(counts) >= WITH_ZERO_RANGE:
                labels = LABELS_WITH_ZERO_RANGE  # noqa: PLW2901 - the newer order
            # what an older kernel does not know was never asked for
            counts += [0] * (len(labels) - len(counts))
        samples += requests(REQUESTS, labels, counts)
    return samples
