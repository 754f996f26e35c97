"""Paths to NVMe disks, from /sys/class/nvme-subsystem (drivers/nvme/host/multipath.c). No privilege.

A disk in a storage network is reached by several controllers: how many there are, and how many of them work.
"""

from __future__ import annotations

from keskidee_agent.host.sysfs import attribute, ended, label, words
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/nvme-subsystem/nvme-subsys*",)
OPT_IN = True  # off in node_exporter too: a disk inside the machine has one path
FOLDER = "sys/class/nvme-subsystem"


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_nvmesubsystem_{name}", "gauge", what, digits=0)


INFO = _gauge("info", "1, labelled with what the subsystem is and how its paths are used")
NAMESPACE = _gauge("namespace_info", "1 for each block device of a subsystem")
PATHS = _gauge("paths", "Controllers by which a subsystem can be reached")
LIVE = _gauge("paths_live", "Those of them that work")
STATE = _gauge("path_state", "1 for the state a controller is in, 0 for the others")
TEXTS = {"nqn": "subsysnqn", "model": "model", "serial": "serial", "iopolicy": "iopolicy"}
STATES = ("live", "connecting", "resetting", "dead", "unknown")
OTHER_STATES = ("new", "deleting", "deleting (no IO)")  # known, and none of STATES, as in node_exporter


def read(machine: Machine) -> Iterator[Sample]:
    """Gauges labelled `subsystem`, and `controller`, `transport` and `state`, or `device`."""
    for name in machine.names(FOLDER, "nvme-subsys"):
        folder = f"{FOLDER}/{name}"
        try:
            members = machine.names(folder, "nvme")
        except NotHere:  # disconnected a moment ago
            continue
        yield from _subsystem(machine, folder, members, {"subsystem": label(name)})


def _subsystem(machine: Machine, folder: str, members: list[str], labels: dict[str, str]) -> Iterator[Sample]:
    controllers = [member for member in members if member[4:].isdigit()]
    files = [*TEXTS.values(), *[f"{each}/{file}" for each in controllers for file in ("state", "transport")]]
    contents = {file: attribute(machine, f"{folder}/{file}") for file in files}
    said = ended({file: content for file, content in contents.items() if content is not None})
    yield INFO(1, **labels, **{shown: words(said.get(file)) for shown, file in TEXTS.items()})
    for member in members:
        if is_namespace(member):
            yield NAMESPACE(1, **labels, device=member)
    states = [state_of(said.get(f"{each}/state")) for each in controllers]
    for controller, state in zip(controllers, states, strict=True):
        transport = words(said.get(f"{controller}/transport"))
        for each in STATES:
            yield STATE(int(each == state), **labels, controller=controller, transport=transport, state=each)
    yield (PATHS, labels, len(controllers))
    yield (LIVE, labels, states.count("live"))


def is_namespace(name: str) -> bool:
    """Whether it is a block device such as nvme0n1; nvme0c0n1 is one path to it."""
    subsystem, separator, number = name.removeprefix("nvme").partition("n")
    return bool(separator) and subsystem.isdigit() and number.isdigit()


def state_of(content: bytes | None) -> str:
    """The state of a controller, `unknown` where it is none that the kernel has. Raises Malformed."""
    text = words(content)
    if content is not None and not text:
        raise Malformed("no state of a controller", content)
    return text if text in STATES or text in OTHER_STATES else "unknown"
