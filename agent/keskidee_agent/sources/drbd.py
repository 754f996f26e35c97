"""Disks mirrored over the network, from /proc/drbd (DRBD 8, drbd_proc.c). No privilege. DRBD 9 says nothing there."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("proc/drbd",)
OPT_IN = True  # off in node_exporter too
KIB = 1024


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_drbd_{name}", "gauge", what, digits=0)


def _counter(name: str, what: str) -> Family:
    return Family(f"node_drbd_{name}_total", "counter", what, digits=0)


CONNECTED = _gauge("connected", "1 where the device is connected to its twin, otherwise 0")
PRIMARY = _gauge("node_role_is_primary", "1 where a node has the primary role, otherwise 0")
UP_TO_DATE = _gauge("disk_state_is_up_to_date", "1 where a node's disk is up to date, otherwise 0")
# key, family, what the number is multiplied by
COUNTS: dict[bytes, tuple[Family, int]] = {
    b"ns": (_counter("network_sent_bytes", "Bytes sent to the twin"), KIB),
    # KiB too, but node_exporter does not multiply them
    b"nr": (_counter("network_received_bytes", "Received from the twin"), 1),
    b"dw": (_counter("disk_written_bytes", "Bytes written to the disk"), KIB),
    b"dr": (_counter("disk_read_bytes", "Bytes read from the disk"), KIB),
    b"al": (_counter("activitylog_writes", "Writes to the log of activity"), 1),
    b"bm": (_counter("bitmap_writes", "Writes to the map of changes"), 1),
    b"lo": (_gauge("local_pending", "Requests that the disk has not answered"), 1),
    b"pe": (_gauge("remote_pending", "Requests that the twin has not answered"), 1),
    b"ua": (_gauge("remote_unacknowledged", "Requests of the twin not yet answered"), 1),
    b"ap": (_gauge("application_pending", "Requests of applications not yet answered"), 1),
    b"ep": (_gauge("epochs", "Epochs that are open"), 1),
    b"oos": (_gauge("out_of_sync_bytes", "Bytes that differ from the twin's"), KIB),
}
PAIRS = {b"ro": (PRIMARY, b"Primary"), b"ds": (UP_TO_DATE, b"UpToDate")}


def read(machine: Machine) -> Iterator[Sample]:
    """Gauges and counters labelled `device`; roles and disk states also `node`, which is local or remote."""
    return parse(machine.content("proc/drbd"))


def parse(content: bytes) -> Iterator[Sample]:
    """The samples of a /proc/drbd. Raises Malformed."""
    lines = complete_lines(content)
    if not lines[0].startswith(b"version:"):
        raise Malformed("not the version of DRBD", lines[0])
    device = ""
    for line in lines[1:]:
        words = line.split()
        if not words or line[:1] != b" ":
            continue
        if words[0][-1:] == b":" and words[0][:-1].isdigit():
            device = f"drbd{number(words[0][:-1])}"
        elif not device:
            raise Malformed("no device before it", line)
        for word in words:
            yield from _samples(word, device)


def _samples(word: bytes, device: str) -> Iterator[Sample]:
    """What a word such as `ns:17324442` or `ro:Primary/Secondary` says. Other keys say nothing that has a family."""
    key, _, value = word.partition(b":")
    if key in COUNTS:
        counted, factor = COUNTS[key]
        yield counted(number(value) * factor, device=device)
    elif key == b"cs":
        yield CONNECTED(int(value == b"Connected"), device=device)
    elif key in PAIRS:
        family, good = PAIRS[key]
        local, slash, remote = value.partition(b"/")
        if not (local and slash and remote):
            raise Malformed("not the states of two nodes", word)
        yield family(int(local == good), device=device, node="local")
        yield family(int(remote == good), device=device, node="remote")
