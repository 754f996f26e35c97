"""Run in namespaces of its own (see test_kernel.py): an interface goes away and comes back while its files are open.

Prints what three rounds said of it, as JSON: there, gone, there again; and its flags and size of packets meanwhile.
"""

import fcntl
import json
import os
import socket
import struct

from keskidee_agent.gather.gather import found_sources, read
from keskidee_agent.host.machine import Machine

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TAP = 0x0002
SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP = 1


def plug(name: str) -> int:
    """A TAP interface, which lives as long as the descriptor."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP))
    return descriptor


def set_up(name: str) -> None:
    """Switches an interface on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        fcntl.ioctl(asking, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), IFF_UP))


def is_heard(machine: Machine) -> bool:
    """Whether the kernel's announcements are listened to at all."""
    return machine._links is not None and machine._links._poll is not None


def main() -> None:
    netclass, netdev = [source for source in found_sources() if source.name in ("netclass", "netdev")]
    machine = Machine()

    def families() -> list[str]:
        machine.begin_round()
        for interface in filter(None, machine.memory("netdev").get("known", {}).values()):
            interface.line = b""  # as if packets had come meanwhile
        reading = read(netdev, machine)
        return sorted(family.name for family, labels, _ in reading.samples if labels["device"] == "plug0")

    watching = Machine()

    def state() -> list[float]:
        watching.begin_round()
        of_plug = [sample for sample in read(netclass, watching).samples if sample[1]["device"] == "plug0"]
        return [
            value for family, _, value in of_plug if family.name in ("node_network_flags", "node_network_mtu_bytes")
        ]

    states = [state()]
    rounds = []
    descriptor = plug("plug0")
    families()  # a file stays open from its second reading on
    rounds.append(families())
    states += [state(), state()]
    set_up("plug0")
    states.append(state())
    os.close(descriptor)
    rounds.append(families())
    states.append(state())
    descriptor = plug("plug0")
    rounds.append(families())
    states.append(state())
    families()
    print(
        json.dumps(
            {
                "rounds": rounds,
                "states": states,
                "heard": is_heard(watching),
                "open": sorted(path for path in machine._open if "plug0" in path),
            }
        )
    )


if __name__ == "__main__":
    main()
