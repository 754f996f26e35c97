"""An inventory of this machine beside fusioninventory-agent's: what the short-lived process and its children cost."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.cost import MIB
from tests.bench.stand import Stand, program, say
from tests.bench.table import Row, beside

FUSIONINVENTORY = "fusioninventory-agent"
PEERS = (FUSIONINVENTORY,)
CPU_GOALS = {"first": 1 / 5, "stretch": 1 / 15}
RSS_GOALS = {"first": 1 / 2, "stretch": 1 / 4}
ROUNDS = 12
LAUNCHER = """
import os, sys
null = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (1, 2)]
_, status, used = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=null), 0)
print(status, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
KIBIBYTE = 1024  # wait4(2) gives Linux' ru_maxrss in these


def run(stand: Stand) -> Iterator[Row]:
    """The least of several runs of each, in turns: what else runs here only adds to it. The first is not counted."""
    ours: list[str | Path] = [Path(sys.executable).parent / "keskidee", "agent", "inventory"]
    theirs: list[str | Path] = [program(FUSIONINVENTORY), "--local", stand.folder, "--no-httpd", "--force"]
    rounds = 3 if stand.quick else ROUNDS
    say(f"{rounds} inventories by keskidee and by fusioninventory-agent, in turns")
    costs = [(cost(ours), cost(theirs)) for _ in range(rounds + 1)][1:]
    yield beside(
        f"inventory: CPU, least of {rounds}",
        min(1000 * our_seconds for (our_seconds, _), _ in costs),
        min(1000 * their_seconds for _, (their_seconds, _) in costs),
        unit="ms",
        **CPU_GOALS,
    )
    yield beside(
        "inventory: peak RSS",
        max(our_bytes for (_, our_bytes), _ in costs) / MIB,
        max(their_bytes for _, (_, their_bytes) in costs) / MIB,
        unit="MiB",
        **RSS_GOALS,
    )


def cost(command: Sequence[str | Path]) -> tuple[float, int]:
    """Processor seconds and the largest resident memory, in bytes, of a command and its children. Raises OSError.

    It is begun by an interpreter without anything: what begins a process leaves its own size in the process's peak.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(launcher, capture_output=True, text=True, check=True, env=environment)
    status, seconds, kibibytes = done.stdout.split()[-3:]
    if int(status):
        raise OSError(f"{command[0]} ended with status {status}")
    return float(seconds), int(kibibytes) * KIBIBYTE
