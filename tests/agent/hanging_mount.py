"""Run in namespaces of its own (see test_hanging_mount.py): reads a machine with a mount that never answers.

A FUSE file system whose daemon does not serve it hangs as a dead NFS server does. Prints what the rounds gave, as JSON.
"""

import ctypes
import json
import os
import sys
import time

from keskidee_agent.gather.gather import Gatherer, found_sources
from keskidee_agent.host.machine import Machine
from keskidee_report.model import Reading


def mount_fuse(folder: str) -> int:
    """A FUSE mount at `folder`, not served; ends when the descriptor is closed."""
    descriptor = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={descriptor},rootmode=40000,user_id=0,group_id=0"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"dead-server", folder.encode(), b"fuse", 0, options.encode()):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return descriptor


def told(reading: Reading, folder: str) -> dict[str, object]:
    """The outcome, the series of the dead mount, and how many mounts have a size."""
    dead = {
        f"{family.name} {labels.get('device_error', '')}".strip(): value
        for family, labels, value in reading.samples
        if labels["mountpoint"] == folder
    }
    sizes = sum(family.name == "node_filesystem_size_bytes" for family, _, _ in reading.samples)
    return {"outcome": reading.outcome, "dead": dead, "sizes": sizes, "threads": threads()}


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


def main(folder: str) -> None:
    sources = [source for source in found_sources() if source.name == "filesystem"]
    gatherer = Gatherer(Machine(), sources=sources, warn=lambda line: None)
    rounds = [told(gatherer.round()[0], folder)]
    descriptor = mount_fuse(folder)
    started = time.monotonic()
    rounds += [told(gatherer.round()[0], folder) for _ in range(3)]
    waited = time.monotonic() - started
    os.close(descriptor)  # the daemon died: the kernel answers now
    until = time.monotonic() + 20
    while threads() > int(str(rounds[0]["threads"])) and time.monotonic() < until:
        time.sleep(0.05)  # until the thread that hung has come back
    rounds += [told(gatherer.round()[0], folder) for _ in range(2)]
    print(json.dumps({"rounds": rounds, "waited": waited}))


if __name__ == "__main__":
    main(sys.argv[1])
