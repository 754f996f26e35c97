"""Disks joined by the kernel's RAID, from /proc/mdstat and /sys/block/md*/md (Documentation/admin-guide/md.rst).

No privilege.
"""

from __future__ import annotations

from itertools import pairwise

from keskidee_agent.host.lines import complete_lines, number, only_number
from keskidee_agent.host.sysfs import label, words
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("proc/mdstat",)


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_md_{name}", "gauge", what, digits=0)


STATE = _gauge("state", "1 for the state an array is in, 0 for the others")
DISKS = _gauge("disks", "Disks of an array that work, have failed, and are spare")
REQUIRED = _gauge("disks_required", "Disks that an array needs to be whole")
BLOCKS = _gauge("blocks", "Size of an array in blocks of 1 KiB")
SYNCED = _gauge("blocks_synced", "Blocks of 1 KiB that are in step on all disks")
RAID_DISKS = _gauge("raid_disks", "Disks that an array was made for")
DEGRADED = _gauge("degraded", "Disks that an array lacks")

STATES = ("active", "check", "inactive", "recovering", "resync")
DISK_STATES = ("active", "failed", "spare")
SYNCING = {
    b"recovery": "recovering",
    b"recover": "recovering",
    b"resync": "resync",
    b"check": "check",
    b"reshape": "reshape",  # none of STATES, as in node_exporter
}
WAITING = frozenset({b"DELAYED", b"PENDING", b"REMOTE"})
UNPROTECTED = (b"raid0", b"linear")
PROTECTED_LEVELS = frozenset({"raid1", "raid4", "raid5", "raid6", "raid10"})


class Array:
    """One array as mdstat shows it: the line of its name, that of its size, and what follows them."""

    __slots__ = ("active", "blocks", "device", "disks", "name", "required", "state", "synced")

    def __init__(self, line: bytes, size: bytes) -> None:
        device, _, rest = line.partition(b" : ")
        self.device = device.decode("utf-8", "replace")
        state, *more = rest.split()
        if state not in (b"active", b"inactive", b"broken"):  # the last one is none of STATES, as in node_exporter
            raise Malformed("not a state of an array", line)
        self.state = state.decode()
        blocks, unit, *shape = size.split()
        if unit != b"blocks":
            raise Malformed("no size of an array", size)
        self.blocks = self.synced = number(blocks)
        self.required, self.active = 0, 0
        if any(word in UNPROTECTED for word in more):
            self.required = self.active = sum(b"[" in word for word in more)
        elif self.state != "inactive":
            self.required, self.active = members(shape)
        self.disks = (self.active, rest.count(b"(F)"), rest.count(b"(S)"))

    def follow(self, line: bytes) -> None:
        """Takes a further line in: how far the array has been brought into step, or that it waits for it."""
        found = line.split()
        for position, word in enumerate(found):
            action, equals, waiting = word.partition(b"=")
            state = SYNCING.get(action)
            if state is None or (equals and waiting not in WAITING):
                continue
            self.state = state
            self.synced = 0 if equals else progress(found[position + 1 :])
            return


def read(machine: Machine) -> Iterator[Sample]:
    """State, disks and size of each array, labelled `device`.

    Raises NotHere where the kernel has no RAID loaded.
    """
    remembered = machine.memory("mdadm")
    content = machine.content("proc/mdstat")
    if remembered.get("content") != content:
        remembered["samples"] = [sample for array in parse(content) for sample in samples_of(array)]
        remembered["content"] = content
    yield from remembered["samples"]
    try:
        devices = machine.names("sys/block", "md")
    except NotHere:
        return
    for device in devices:
        yield from _attributes(machine, device, remembered)


def parse(content: bytes) -> list[Array]:
    """The arrays of an mdstat; one without disks, which is inactive, has no size there and is left out.

    Raises Malformed, also where its last line is missing.
    """
    first, *lines = complete_lines(content)
    if not first.startswith(b"Personalities :") or not lines or not lines[-1].startswith(b"unused devices:"):
        raise Malformed("the first or the last line is missing", content)
    arrays: list[Array] = []
    named = b""
    for line in lines[:-1]:
        if not line.strip():
            continue
        if line[0] not in b" \t":
            if _has_size(named) or b" : " not in line:
                raise Malformed("not the name of an array", line)
            named = line
        elif named:
            arrays.append(Array(named, line))
            named = b""
        elif arrays:
            arrays[-1].follow(line)
        else:
            raise Malformed("no name of an array before it", line)
    if _has_size(named):
        raise Malformed("no size of an array", named)
    return arrays


def _has_size(named: bytes) -> bool:
    """Whether a size follows the line of a name: it names disks, or the array is at work."""
    return bool(named) and not (b" : inactive" in named and b"[" not in named)


def members(words_of_shape: list[bytes]) -> tuple[int, int]:
    """How many disks an array needs and has, from words such as `super 1.2 [4/3] [U_UU]`. Raises Malformed."""
    for word, next_word in pairwise(words_of_shape):
        required, slash, active = word[1:-1].partition(b"/")
        if slash and word[:1] + word[-1:] == b"[]" and not next_word.strip(b"[]U_"):
            return number(required), number(active)
    raise Malformed("no number of disks", b" ".join(words_of_shape))


def progress(words_of_progress: list[bytes]) -> int:
    """Blocks done, from words such as `= 8.5% (16775552/195310144) finish=17.0min`. Raises Malformed."""
    for word in words_of_progress:
        done, slash, blocks = word[1:-1].partition(b"/")
        if slash and word[:1] + word[-1:] == b"()":
            number(blocks)
            return number(done)
    raise Malformed("no progress", b" ".join(words_of_progress))


def samples_of(array: Array) -> list[Sample]:
    """State, disks and size of an array."""
    labels = {"device": array.device}
    return [
        *[STATE(int(state == array.state), device=array.device, state=state) for state in STATES],
        *[
            DISKS(count, device=array.device, state=state)
            for state, count in zip(DISK_STATES, array.disks, strict=True)
        ],
        (REQUIRED, labels, array.required),
        (BLOCKS, labels, array.blocks),
        (SYNCED, labels, array.synced),
    ]


def _attributes(machine: Machine, device: str, remembered: dict[Any, Any]) -> Iterator[Sample]:
    """What /sys says of an array: its disks, and how many of them it lacks."""
    labels = remembered.setdefault(("labels", device), {"device": label(device)})
    folder = f"sys/block/{device}/md"
    try:
        disks = words(machine.content(f"{folder}/raid_disks"))
    except NotHere:  # stopped a moment ago
        return
    # "4 (3)" while it grows from three disks to four
    yield (RAID_DISKS, labels, number(disks.partition(" (")[0].encode()))
    try:
        degraded = only_number(machine.content(f"{folder}/degraded"))
    except NotHere:  # levels that cannot lose a disk never lack one
        if words(machine.content(f"{folder}/level")) in PROTECTED_LEVELS:
            return
        degraded = 0
    yield (DEGRADED, labels, degraded)
