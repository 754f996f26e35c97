"""What the kernel calls itself, from uname(2) and /proc/sys/kernel/domainname. Every platform; no privilege."""

from __future__ import annotations

from keskidee_report.model import Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PROMPT = True

EVERY_SECONDS = 60

INFO = Family("node_uname_info", "gauge", "1, labelled with what uname says of the system", digits=0)

LABELS = ("sysname", "release", "version", "machine", "nodename", "domainname")


def read(machine: Machine) -> Iterator[Sample]:
    """One sample, labelled `sysname`, `release`, `version`, `machine`, `nodename` and `domainname` (that of NIS)."""
    sysname, nodename, release, version, architecture = machine.uname()
    try:
        domain = machine.text("proc/sys/kernel/domainname") if machine.platform == "linux" else ""
    except (NotHere, Denied, Malformed):  # a sandbox hides it; uname has the rest
        domain = "(none)"
    texts = (sysname, release, version, architecture, nodename, domain)
    yield (INFO, dict(zip(LABELS, texts, strict=True)), 1)
