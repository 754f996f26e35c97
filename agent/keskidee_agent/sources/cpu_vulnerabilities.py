"""Flaws of the processor, from /sys/devices/system/cpu/vulnerabilities (Documentation/admin-guide/hw-vuln).

No privilege. Read once an hour: they change at boot, or when new microcode is loaded.
"""

from __future__ import annotations

from keskidee_agent.host.sysfs import attribute, label, words
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
EVERY_SECONDS = 3600
FOLDER = "sys/devices/system/cpu/vulnerabilities"

INFO = Family(
    "node_cpu_vulnerabilities_info", "gauge", "1, labelled with the state of the flaw and what is done", digits=0
)
STATES = {"Not affected": "not affected", "Vulnerable": "vulnerable", "Mitigation": "mitigation", "Unknown": "unknown"}


def read(machine: Machine) -> Iterator[Sample]:
    """A sample a flaw that the kernel knows, labelled `codename`, `state` and `mitigation`."""
    for name in machine.names(FOLDER):
        content = attribute(machine, f"{FOLDER}/{name}")
        if content is not None:
            state, mitigation = parse(words(content))
            yield INFO(1, codename=label(name), state=state, mitigation=mitigation)


def parse(text: str) -> tuple[str, str]:
    """State and what is done: `Mitigation: PTI` is ("mitigation", "PTI"). Raises Malformed for an empty text.

    A state of another wording (`KVM: Mitigation: VMX disabled`, `Processor vulnerable`) is unknown, and told in full.
    """
    if not text:
        raise Malformed("no state of a flaw")
    for beginning, state in STATES.items():
        if text.startswith(beginning):
            return state, text.removeprefix(beginning).removeprefix(": ")
    return "unknown", text
