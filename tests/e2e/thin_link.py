"""A link between two network namespaces that loses packets, is slow, and counts every byte: the tests' own wire.

Each side has a TUN device; a thread carries the packets across. So what is counted is what a modem would bill: IP
packets with all headers, repeats included. Needs root and iproute2; nothing outside the two namespaces is touched.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import random
import secrets
import select
import struct
import subprocess
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
HERE, THERE = "10.99.0.1", "10.99.0.2"
MTU = 1400


class Side:
    """A namespace with its end of the link."""

    def __init__(self, ip: Path, name: str, address: str, peer: str) -> None:
        self.name, self.address, self._ip = name, address, str(ip)
        self._run("netns", "add", name)
        self.tun = _tun_in(f"/run/netns/{name}")
        self._run("-n", name, "addr", "add", address, "peer", peer, "dev", "tun0")
        self._run("-n", name, "link", "set", "tun0", "up", "mtu", str(MTU))
        self._run("-n", name, "link", "set", "lo", "up")

    def inside(self, *words: str | Path) -> list[str]:
        """The command line that runs these words in the namespace."""
        return [self._ip, "netns", "exec", self.name, *map(str, words)]

    def close(self) -> None:
        os.close(self.tun)
        subprocess.run([self._ip, "netns", "del", self.name], check=False)

    def _run(self, *words: str) -> None:
        subprocess.run([self._ip, *words], check=True, capture_output=True)


class ThinLink:
    """Two sides and the wire between them. `bytes` went over it so far, both ways; lost packets count, they were sent.

    `cut` True: nothing crosses.
    """

    def __init__(self, ip: Path, *, loss: float, bits_per_second: float, delay_seconds: float, seed: int) -> None:
        unique = secrets.token_hex(3)
        self.office = Side(ip, f"keskidee-office-{unique}", HERE, THERE)
        self.centre = Side(ip, f"keskidee-centre-{unique}", THERE, HERE)
        self.bytes = 0
        self.cut = False
        self._loss, self._rate, self._delay = loss, bits_per_second / 8, delay_seconds
        self._chance = random.Random(seed)
        self._ended = threading.Event()
        self._carriers = [
            threading.Thread(target=self._carry, args=ends, daemon=True)
            for ends in ((self.office.tun, self.centre.tun), (self.centre.tun, self.office.tun))
        ]
        for carrier in self._carriers:
            carrier.start()

    def close(self) -> None:
        self._ended.set()
        for carrier in self._carriers:
            carrier.join()
        self.office.close()
        self.centre.close()

    def _carry(self, source: int, sink: int) -> None:
        """Carries packets one way, each after the one before it has left and the delay."""
        free_at = 0.0
        waiting: list[tuple[float, bytes]] = []
        arriving = select.poll()  # select() knows no descriptor beyond 1,023, and other tests open thousands
        arriving.register(source, select.POLLIN)
        while not self._ended.is_set():
            patience = max(0.0, min(0.2, waiting[0][0] - time.monotonic())) if waiting else 0.2
            if arriving.poll(patience * 1000):
                packet = os.read(source, 2048)
                now = time.monotonic()
                free_at = max(free_at, now) + len(packet) / self._rate
                self.bytes += len(packet)
                if not self.cut and self._chance.random() >= self._loss:
                    waiting.append((free_at + self._delay, packet))
            while waiting and waiting[0][0] <= time.monotonic():
                os.write(sink, waiting.pop(0)[1])


def _tun_in(namespace: str) -> int:
    """A descriptor of a new TUN device `tun0` in a namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    home, there = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(namespace, os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        descriptor = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
        return descriptor
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)
