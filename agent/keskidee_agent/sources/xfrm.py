"""Packets that IPsec dropped, by reason, from /proc/net/xfrm_stat (Documentation/networking/xfrm_proc.rst).

No privilege.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("proc/net/xfrm_stat",)
OPT_IN = True  # off in node_exporter too
NO_LABELS: dict[str, str] = {}


def _counter(direction: str, reason: str) -> Family:
    words = "".join([f"_{letter.lower()}" if letter.isupper() else letter for letter in reason])
    what = f"Packets dropped by IPsec on their way {direction}: {words[1:].replace('_', ' ')}"
    return Family(f"node_xfrm_{direction}{words}_packets_total", "counter", what, digits=0)


_IN = (
    *("Error", "BufferError", "HdrError", "NoStates", "StateProtoError", "StateModeError", "StateSeqError"),
    *("StateExpired", "StateMismatch", "StateInvalid", "TmplMismatch", "NoPols", "PolBlock", "PolError"),
)
_OUT = (
    *("Error", "BundleGenError", "BundleCheckError", "NoStates", "StateProtoError", "StateModeError"),
    *("StateSeqError", "StateExpired", "PolBlock", "PolDead", "PolError", "StateInvalid"),
)
# first word of a line, and its family
LINES = {
    **{f"XfrmIn{reason}".encode(): _counter("in", reason) for reason in _IN},
    **{f"XfrmOut{reason}".encode(): _counter("out", reason) for reason in _OUT},
    b"XfrmFwdHdrError": _counter("fwd", "HdrError"),
    b"XfrmAcquireError": Family(
        "node_xfrm_acquire_error_packets_total", "counter", "Packets dropped for want of a key in time", digits=0
    ),
}


def read(machine: Machine) -> Iterator[Sample]:
    """A counter a reason, without labels; reasons that this kernel does not count are left out."""
    return parse(machine.content("proc/net/xfrm_stat"))


def parse(content: bytes) -> Iterator[Sample]:
    """The samples of lines such as `XfrmInNoStates    3`; newer names are passed over. Raises Malformed.

    In node_exporter's recording the newline that ends the last line is missing: it is taken too.
    """
    if content[-1:] != b"\n" and content.rpartition(b"\n")[2].startswith(b"XfrmAcquireError "):
        content += b"\n"
    seen = set()
    for line in complete_lines(content):
        name, _, count = line.partition(b" ") if b" " in line else line.partition(b"\t")
        if name[:4] != b"Xfrm" or name in seen:
            raise Malformed("not a line of xfrm_stat", line)
        seen.add(name)
        dropped = number(count)
        if name in LINES:
            yield (LINES[name], NO_LABELS, dropped)
