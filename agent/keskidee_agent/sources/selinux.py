"""Whether SELinux guards the machine, from /sys/fs/selinux and /etc/selinux/config (selinux(8)). No privilege."""

from __future__ import annotations

from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NO_LABELS: dict[str, str] = {}
ENABLED = Family("node_selinux_enabled", "gauge", "1 where SELinux is on, otherwise 0", digits=0)
CONFIGURED = Family(
    "node_selinux_config_mode", "gauge", "Mode set for the next start: 1 enforcing, 0 permissive, -1 disabled", digits=0
)
CURRENT = Family("node_selinux_current_mode", "gauge", "Mode now: 1 enforcing, 0 permissive", digits=0)
MODES = {b"enforcing": 1, b"permissive": 0, b"disabled": -1}
CONFIGURATION = "etc/selinux/config"


def read(machine: Machine) -> Iterator[Sample]:
    """Whether it is on; where it is, also the mode now and the mode set. No labels."""
    try:
        enforcing = machine.content("sys/fs/selinux/enforce").strip()
    except NotHere:
        if not machine.exists("sys/fs"):
            raise
        yield (ENABLED, NO_LABELS, 0)
        return
    if enforcing not in (b"0", b"1"):
        raise Malformed("not a mode of SELinux", enforcing)
    yield (ENABLED, NO_LABELS, 1)
    yield (CURRENT, NO_LABELS, int(enforcing))
    remembered = machine.memory("selinux")
    signature = machine.signature(CONFIGURATION)
    if remembered.get("signature") != signature:
        remembered["mode"] = parse(machine.content(CONFIGURATION)) if signature else None
        remembered["signature"] = signature
    if remembered.get("mode") is not None:
        yield (CONFIGURED, NO_LABELS, remembered["mode"])


def parse(content: bytes) -> int:
    """The mode that a configuration sets. Raises Malformed."""
    for line in content.split(b"\n"):
        key, _, mode = line.partition(b"=")
        if key.strip() == b"SELINUX":
            if mode.strip().lower() not in MODES:
                raise Malformed("not a mode of SELinux", line)
            return MODES[mode.strip().lower()]
    raise Malformed("no mode of SELinux", content)
