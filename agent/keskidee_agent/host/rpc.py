"""What the NFS client and the NFS server count alike in /proc/net/rpc (net/sunrpc/stats.c)."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_report.model import Family, Sample

# the procedures of NFS 2 and 3 in the order of their numbers (RFC 1094, RFC 1813), named as node_exporter names them
VERSION_2 = (
    "Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir RmDir "
    "ReadDir FsStat"
)
VERSION_3 = (
    "Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir Rename Link "
    "ReadDir ReadDirPlus FsStat FsInfo PathConf Commit"
)


def rows(content: bytes) -> dict[bytes, list[int]]:
    """The numbers of each line by the word it begins with. Raises Malformed.

    Of `th`, only the first two are numbers that still count anything.
    """
    found: dict[bytes, list[int]] = {}
    for line in complete_lines(content):
        name, _, rest = line.partition(b" ")
        if not name or not rest or name in found:
            raise Malformed("not a line of /proc/net/rpc", line)
        found[name] = numbers(b" ".join(rest.split()[:2]) if name == b"th" else rest)
    return found


def row(found: dict[bytes, list[int]], name: bytes, length: int) -> list[int]:
    """The numbers of one line, empty where the kernel has no such line. Raises Malformed for another length."""
    counts = found.get(name, [])
    if counts and len(counts) != length:
        raise Malformed("more or fewer numbers than known", name)
    return counts


def procedures(found: dict[bytes, list[int]], name: bytes) -> list[int]:
    """The counts of a line that begins with how many follow. Raises Malformed."""
    counts = found.get(name, [])
    if counts and counts[0] != len(counts) - 1:
        raise Malformed("more or fewer numbers than it says", name)
    return counts[1:]


def labels_of(proto: str, methods: str) -> list[dict[str, str]]:
    """The labels of each method in a list of words; `-` stands for one that is not reported."""
    return [{"proto": proto, "method": method} for method in methods.split()]


def requests(family: Family, labels: list[dict[str, str]], counts: list[int]) -> list[Sample]:
    """A sample a method that has a count and is reported."""
    pairs = zip(labels, counts, strict=False)
    return [(family, label, count) for label, count in pairs if label["method"] != "-"]
