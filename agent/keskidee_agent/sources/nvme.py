"""NVMe controllers and their namespaces, from /sys/class/nvme (drivers/nvme/host/sysfs.c). No privilege.

Read once a minute: what a disk is hardly changes, and how full it is changes slowly.
"""

from __future__ import annotations

from keskidee_agent.host.lines import only_number
from keskidee_agent.host.sysfs import attribute, label, words
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/nvme/*",)
EVERY_SECONDS = 60
FOLDER = "sys/class/nvme"

INFO = Family("node_nvme_info", "gauge", "1, labelled with what the controller is and its state", digits=0)
NAMESPACE = Family("node_nvme_namespace_info", "gauge", "1, labelled with the state of the path to it", digits=0)


def _bytes(name: str, what: str) -> Family:
    return Family(f"node_nvme_namespace_{name}_bytes", "gauge", what, digits=0)


CAPACITY = _bytes("capacity", "Blocks of the namespace times their size")
SIZE = _bytes("size", "Blocks of the namespace times their size, as its capacity")
USED = _bytes("used", "Bytes of the namespace in use")
BLOCK = _bytes("logical_block_size", "Bytes of a block")
TEXTS = {
    "firmware_revision": "firmware_rev",
    "model": "model",
    "serial": "serial",
    "state": "state",
    "cntlid": "cntlid",
}


def read(machine: Machine) -> Iterator[Sample]:
    """An info sample a controller, labelled `device`; sizes of its namespaces, labelled `nsid` too."""
    for device in machine.names(FOLDER):
        folder = f"{FOLDER}/{device}"
        try:
            names = machine.names(folder)
        except NotHere:
            continue
        texts = {shown: words(attribute(machine, f"{folder}/{file}")) for shown, file in TEXTS.items()}
        yield INFO(1, device=label(device), **texts)
        seen = set()
        for name in names:
            number = namespace(name)
            if number and number not in seen:
                seen.add(number)
                yield from _namespace(machine, f"{folder}/{name}", {"device": label(device), "nsid": number})


def _namespace(machine: Machine, folder: str, labels: dict[str, str]) -> Iterator[Sample]:
    yield NAMESPACE(1, **labels, ana_state=words(attribute(machine, folder + "/ana_state")) or "unknown")
    content = attribute(machine, folder + "/queue/logical_block_size")
    if content is None:
        return
    block = only_number(content)
    yield (BLOCK, labels, block)
    content = attribute(machine, folder + "/size")
    if content is not None:
        # the kernel counts in sectors of 512 bytes whatever the block, but these families are node_exporter's
        size = only_number(content) * block
        yield (SIZE, labels, size)
        yield (CAPACITY, labels, size)
    content = attribute(machine, folder + "/nuse")  # since Linux 6.8
    if content is not None:
        yield (USED, labels, only_number(content) * block)


def namespace(name: str) -> str:
    """The number of a namespace: "1" of `nvme0n1`, and of `nvme0c0n1` where it has several paths; otherwise empty."""
    controller, n, number = name.removeprefix("nvme").rpartition("n")
    known = name.startswith("nvme") and n and (controller.replace("c", "", 1) + number).isdigit()
    return number if known and name.isascii() and number and controller[:1].isdigit() else ""
