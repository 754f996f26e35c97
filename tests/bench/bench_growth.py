"""Whether a round costs a big machine more a series than a small one: both generated, and every counter moves."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.host.machine import Machine
from keskidee_agent.host.space import Space
from keskidee_report.codec import Encoder
from tests.bench.stand import Stand, say
from tests.bench.table import Row, beside

PEERS = ()
ROUNDS = 48
SETTLE_ROUNDS = 4
GIB = 1 << 30
SOURCES = frozenset(
    ("cpu", "cpufreq", "diskstats", "filesystem", "loadavg", "meminfo", "netclass", "netdev", "schedstat", "softnet")
    + ("stat",)
)
ATTRIBUTES = {
    "addr_assign_type": "0", "address": "52:54:00:00:00:01", "broadcast": "ff:ff:ff:ff:ff:ff", "carrier": "1",
    "carrier_changes": "2", "carrier_down_count": "1", "carrier_up_count": "1", "dev_id": "0x0", "dormant": "0",
    "duplex": "full", "flags": "0x1003", "ifalias": "", "ifindex": "2", "iflink": "2", "link_mode": "0", "mtu": "1500",
    "name_assign_type": "4", "netdev_group": "0", "operstate": "up", "speed": "10000", "tx_queue_len": "1000",
    "type": "1",
}  # fmt: skip
"""Of an interface, in /sys/class/net."""
HEADER = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|"
    "bytes    packets errs drop fifo colls carrier compressed\n"
)
STAT = "intr {0}\nctxt {0}\nbtime 1700000000\nprocesses {0}\nprocs_running 1\nprocs_blocked 0\nsoftirq 10{1}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything a machine has."""

    cpus: int
    disks: int
    interfaces: int

    def __str__(self) -> str:
        return f"{self.cpus} processors, {self.disks} disks, {self.interfaces} interfaces"


SMALL = Size(cpus=2, disks=1, interfaces=2)
BIG = Size(cpus=64, disks=200, interfaces=500)


class Generated(Machine):
    """A machine in a folder that is read as the resident agent reads the real one: files are kept open."""

    def __init__(self, root: Path, size: Size) -> None:
        super().__init__(platform="linux")
        self._root = f"{root}/"
        self.size = size
        self.moved = 0
        for path, content in _still(size).items():
            self._write(path, content)
        self.move()

    def _real(self, path: str) -> str:
        return self._root + path

    def spaces(self, mounts):  # type: ignore[no-untyped-def]
        """Every mount is a little fuller than a round ago."""
        free = 50 * GIB - 4096 * self.moved
        return [Space(100 * GIB, free, free, 1 << 20, (1 << 19) - self.moved, readonly=False) for _ in mounts]

    def move(self) -> None:
        """Lets every counter go on."""
        self.moved += 1
        for path, content in _moving(self.size, self.moved).items():
            self._write(path, content)

    def _write(self, path: str, content: str) -> None:
        file = Path(self._root) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


def _still(size: Size) -> dict[str, str]:
    files = {
        "proc/1/mountinfo": "".join(
            f"{100 + n} 1 8:{n} / /srv/{n} rw - ext4 /dev/disk{n} rw\n" for n in range(size.disks)
        )
    }
    for interface in range(size.interfaces):
        for name, value in ATTRIBUTES.items():
            files[f"sys/class/net/eth{interface}/{name}"] = f"{value}\n"
    for disk in range(size.disks):
        files[f"sys/block/disk{disk}x/queue/rotational"] = "0\n"
        files[f"run/udev/data/b8:{disk}"] = f"E:ID_MODEL=Disk\nE:ID_SERIAL_SHORT=S{disk}\n"
    return files


def _moving(size: Size, moved: int) -> dict[str, str]:
    counts = [1_000_000 + 17 * moved + n for n in range(16)]
    cpu = " ".join(map(str, counts[:10]))
    columns = " ".join(map(str, counts))
    hexadecimal = " ".join(f"{count:08x}" for count in counts[:12])
    files = {
        "proc/stat": f"cpu  {cpu}\n"
        + "".join(f"cpu{n} {cpu}\n" for n in range(size.cpus))
        + STAT.format(moved, f" {moved}" * 10),
        "proc/schedstat": f"version 15\ntimestamp {moved}\n"
        + "".join(f"cpu{n} 0 0 0 0 0 0 {moved} {moved} {moved}\n" for n in range(size.cpus)),
        "proc/net/softnet_stat": "".join(f"{hexadecimal} {n:08x}\n" for n in range(size.cpus)),
        "proc/diskstats": "".join(f"   8 {n:7} disk{n}x {columns} {counts[0]}\n" for n in range(size.disks)),
        "proc/net/dev": HEADER + "".join(f"  eth{n}: {columns}\n" for n in range(size.interfaces)),
        "proc/loadavg": f"0.{moved % 100:02} 0.20 0.30 1/200 {moved}\n",
        "proc/meminfo": "".join(f"Kind{n}: {moved + n} kB\n" for n in range(50)) + "MemTotal: 1000000 kB\n",
    }
    for n in range(size.cpus):
        files[f"sys/devices/system/cpu/cpu{n}/cpufreq/scaling_cur_freq"] = f"{2_000_000 + moved}\n"
    for n in range(size.interfaces):
        files[f"sys/class/net/eth{n}/statistics/rx_nohandler"] = f"{moved}\n"
    return files


def run(stand: Stand) -> Iterator[Row]:
    """Processor time of reading and encoding a round, a series, on the big machine against the small one."""
    rounds = ROUNDS // 4 if stand.quick else ROUNDS
    big, small = [_cost(stand.folder / name, size, rounds) for name, size in (("big", BIG), ("small", SMALL))]
    for size, (seconds, series) in ((BIG, big), (SMALL, small)):
        say(f"{size}: {1000 * seconds:.2f} ms a round of {series} series")
    what = f"agent, reading and encoding: CPU a series; {BIG} / {SMALL}"
    ours, peer = (1e6 * seconds / series for seconds, series in (big, small))
    yield beside(what, ours, peer, unit="us", first=1.0, stretch=0.5)


def _cost(root: Path, size: Size, rounds: int) -> tuple[float, int]:
    """Processor seconds of a round, the median of `rounds`, and its series."""
    machine = Generated(root, size)
    gatherer = Gatherer(machine, disabled=_others())
    encoder = Encoder(bytes(8))
    seconds: list[float] = []
    series = 0
    for number in range(SETTLE_ROUNDS + rounds):
        machine.move()
        began = time.process_time()
        readings = gatherer.round()
        encoder.report(readings, sequence=number, boot_ms=15_000 * number, wall_ms=15_000 * number)
        seconds.append(time.process_time() - began)
        series = sum(len(reading.samples) for reading in readings)
        failed = [f"{reading.source}: {reading.reason}" for reading in readings if reading.outcome != "ok"]
        assert not failed, failed
    machine.close()
    return statistics.median(seconds[SETTLE_ROUNDS:]), series


def _others() -> list[str]:
    from tests.bench.bench_agent import agent_sources

    return sorted(set(agent_sources()) - SOURCES)
