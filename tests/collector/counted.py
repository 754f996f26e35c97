"""A collector under a test's clock whose machines' days are counted, with reports that hold what is counted."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from keskidee_collector.state import ALIVE_FILE
from keskidee_collector.store.database import open_for_reading
from keskidee_collector.store.days import read_days
from keskidee_report.codec import facts_frame
from keskidee_report.model import Family, Reading
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from keskidee_collector.store.days import DayRow
    from keskidee_report.model import Sample
    from tests.collector.inside import Agent

CPU = Family("node_cpu_seconds_total", "counter", "", digits=2)
AVAILABLE = Family("node_memory_MemAvailable_bytes", "gauge", "", digits=0)
TOTAL = Family("node_memory_MemTotal_bytes", "gauge", "", digits=0)
BOOT = Family("node_boot_time_seconds", "gauge", "")
DISK = {
    name: Family(f"node_disk_{name}_total", "counter", "", digits=3 if "seconds" in name else 0)
    for name in ("read_time_seconds", "write_time_seconds", "reads_completed", "writes_completed")
}
DROPPED = Family("keskidee_agent_dropped_reports_total", "counter", "", digits=0)


def reading(*samples: Sample) -> Reading:
    return Reading("agent", "ok", samples=list(samples))


def busy(idle: float, user: float) -> list[Sample]:
    """Seconds of two processors, halves of these."""
    return [CPU(seconds / 2, cpu=cpu, mode=mode) for cpu in "01" for mode, seconds in (("idle", idle), ("user", user))]


def disks(seconds: float, operations: int) -> list[Sample]:
    """A disk that reads and writes alike, and a volume on it that says the same once more."""
    return [
        family(seconds / 2 if "seconds" in name else operations / 2, device=device)
        for name, family in DISK.items()
        for device in ("sda", "dm-0")
    ]


class Counted(Inside):
    """Machines whose reports hold what a day is made of."""

    async def join(self, hostname: str = "srv-01", role: str = "server", site: str = "suva") -> Agent:
        """A machine that reports each minute."""
        return await self.enrol(hostname, token=await self.token(site=site, role=role), interval_seconds="60")

    async def tell(self, agent: Agent, *samples: Sample, **facts: str) -> None:
        """One report of these samples."""
        facts = facts and {"interval_seconds": "60", **facts}
        frames = self.round(agent, reading(*samples)) if samples else self.round(agent)
        assert (await self.post(agent, [facts_frame(facts), *frames] if facts else frames)).status == 200

    async def last(self, agent: Agent, seconds: float) -> None:
        """So long the machine reports each minute; the days are settled as often."""
        for _ in range(int(seconds // 60)):
            self.clock.wait(60)
            await self.tell(agent)
            await self.state.days.settle(self.clock.at)

    async def rows(self) -> list[DayRow]:
        """Every row as it is kept after a write now, by day and machine."""
        await self.state.days.write(self.clock.at)
        return list(read_days(open_for_reading(self._directory / "register.db")))

    async def seconds(self) -> dict[str, dict[str, Any]]:
        """The seconds that are not 0 of each day, by state; of the only machine."""
        return {
            row.day: {
                name.removesuffix("_seconds"): getattr(row, name)
                for name in ("on_seconds", "off_seconds", "silent_seconds", "link_down_seconds", "unknown_seconds")
                if getattr(row, name)
            }
            for row in await self.rows()
        }

    def killed(self, *, alive: bool = True) -> Counted:
        """The collector that starts after this one was killed now; it touched its sign of life just before."""
        if alive:
            (self._directory / ALIVE_FILE).touch()
            os.utime(self._directory / ALIVE_FILE, (self.clock.at, self.clock.at))
        return self.again()


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(work())


async def only(collector: Counted) -> DayRow:
    [row] = await collector.rows()
    return row
