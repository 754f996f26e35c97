"""Disks that are reached by several paths (multipath-tools), from /sys/block/dm-*. No privilege.

A path's state is that of the disk it ends at, which SCSI and NVMe know (drivers/scsi/scsi_sysfs.c).
"""

from __future__ import annotations

from keskidee_agent.host.lines import only_number
from keskidee_agent.host.sysfs import attribute, ended, label, words
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/block/dm-*",)
OPT_IN = True  # off in node_exporter too
FOLDER = "sys/block"
SECTOR_BYTES = 512
FILES = ("dm/uuid", "dm/name", "dm/suspended", "size")
MULTIPATH = b"mpath-"
ACTIVE = frozenset({"running", "live"})


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_dmmultipath_{name}", "gauge", what, digits=0)


INFO = _gauge("device_info", "1, labelled with the names of the disk")
SIZE = _gauge("device_size_bytes", "Size of the disk")
WORKS = _gauge("device_active", "0 where the disk is suspended")
PATHS = _gauge("device_paths", "Paths to the disk")
PATHS_ACTIVE = _gauge("device_paths_active", "Those of them that work")
PATHS_FAILED = _gauge("device_paths_failed", "Those of them that do not")
STATE = _gauge("path_state", "1, labelled with the state that a path is in")


def read(machine: Machine) -> Iterator[Sample]:
    """Gauges labelled `device` (the name it was given) and `sysfs_name`; of paths `path` and `state`.

    Raises NotHere where no disk is reached so.
    """
    found = False
    for entry in machine.names(FOLDER, "dm-"):
        uuid = attribute(machine, f"{FOLDER}/{entry}/dm/uuid")
        if uuid is not None and uuid.startswith(MULTIPATH):
            found = True
            yield from _disk(machine, entry)
    if not found:
        raise NotHere("no disk with several paths")


def _disk(machine: Machine, entry: str) -> Iterator[Sample]:
    try:
        paths = machine.names(f"{FOLDER}/{entry}/slaves")
    except NotHere:  # taken apart a moment ago
        return
    files = {name: f"{FOLDER}/{entry}/{name}" for name in FILES}
    files |= {path: f"{FOLDER}/{path}/device/state" for path in paths}
    contents = {name: attribute(machine, file) for name, file in files.items()}
    said = ended({name: content for name, content in contents.items() if content is not None})
    device = words(said.get("dm/name")) or label(entry)
    labels = {"device": device, "sysfs_name": label(entry)}
    yield (INFO, {**labels, "uuid": words(said.get("dm/uuid"))}, 1)
    if "dm/suspended" in said:
        yield (WORKS, labels, int(only_number(said["dm/suspended"]) == 0))
    if "size" in said:
        yield (SIZE, labels, only_number(said["size"]) * SECTOR_BYTES)
    states = [state_of(said.get(path)) for path in paths]
    for path, state in zip(paths, states, strict=True):
        yield STATE(1, device=device, path=label(path), state=state)
    active = sum(state in ACTIVE for state in states)
    yield (PATHS, labels, len(paths))
    yield (PATHS_ACTIVE, labels, active)
    yield (PATHS_FAILED, labels, len(paths) - active)


def state_of(content: bytes | None) -> str:
    """The state of a path, `unknown` where its disk has none. Raises Malformed."""
    if content is None:
        return "unknown"
    state = words(content)
    if not state:
        raise Malformed("no state of a path", content)
    return state
