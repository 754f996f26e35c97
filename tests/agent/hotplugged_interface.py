"""Run in namespaces of its own (see test_kernel.py): an interface goes away and comes back while its files are open.

Prints what three rounds said of it, as JSON: there, gone, there again.
"""

import fcntl
import json
import os
import struct

from keskidee_agent.gather import found_sources, read
from keskidee_agent.machine import Machine

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TAP = 0x0002


def plug(name: str) -> int:
    """A TAP interface, which lives as long as the descriptor."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP))
    return descriptor


def main() -> None:
    (netdev,) = [source for source in found_sources() if source.name == "netdev"]
    machine = Machine()

    def families() -> list[str]:
        machine.begin_round()
        reading = read(netdev, machine)
        return sorted(family.name for family, labels, _ in reading.samples if labels["device"] == "plug0")

    rounds = []
    descriptor = plug("plug0")
    families()  # a file stays open from its second reading on
    rounds.append(families())
    os.close(descriptor)
    rounds.append(families())
    descriptor = plug("plug0")
    rounds.append(families())
    families()
    print(json.dumps({"rounds": rounds, "open": sorted(path for path in machine._open if "plug0" in path)}))


if __name__ == "__main__":
    main()
