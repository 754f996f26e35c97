"""A switch of 48 ports for benchmarks: snmpd in a network namespace whose interfaces are taps. Needs root, iproute2."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.stand import Missing, Stand, program

PORTS = 48
HERE, THERE = "10.99.7.1", "10.99.7.2"
COMMUNITY = "public"


@contextmanager
def switch(stand: Stand) -> Iterator[str]:
    """The address of the switch, as long as it is there. Raises Missing."""
    if os.geteuid() != 0:
        raise Missing("a switch of taps needs root")
    ip, snmpd = program("ip"), program("snmpd")
    unique = secrets.token_hex(3)
    name, outside, inside = f"kb-{unique}", f"kbo{unique}", f"kbi{unique}"
    _run(ip, "netns", "add", name)
    try:
        _run(ip, "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
        _run(ip, "addr", "add", f"{HERE}/30", "dev", outside)
        _run(ip, "link", "set", outside, "up")
        _run(ip, "-n", name, "addr", "add", f"{THERE}/30", "dev", inside)
        for device in (inside, "lo"):
            _run(ip, "-n", name, "link", "set", device, "up")
        for number in range(PORTS - 2):  # the loopback and the link to here are ports too
            _run(ip, "-n", name, "tuntap", "add", "dev", f"port{number}", "mode", "tap")
            _run(ip, "-n", name, "link", "set", f"port{number}", "up")
        configuration = stand.folder / "snmpd.conf"
        configuration.write_text(
            f"agentAddress udp:{THERE}:161\nrocommunity {COMMUNITY}\n[snmp] persistentDir {stand.folder}\n"
        )
        argv: list[str | Path] = [ip, "netns", "exec", name, snmpd, "-f", "-Lo", "-C", "-c", configuration]
        stand.start(argv, "NET-SNMP version")
        yield THERE
    finally:
        stand.stop()
        subprocess.run([ip, "netns", "del", name], check=False)


def _run(*words: str | Path) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
