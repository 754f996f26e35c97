"""All open connections: how many there may be, who goes when there are too many, and what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from keskidee_collector.ingest.exchange import Reports
    from keskidee_collector.serving.connection import Connection
    from keskidee_collector.serving.loop import Breath


class Connections:
    """Every open connection, the one that was used longest ago first.

    `refused` counts a refusal by its reason; `reports` takes a report whose body has come as a whole, after
    which the loop takes `breath`; without it every request goes the way of ASGI.
    """

    def __init__(
        self,
        limit: int,
        receive_seconds: float,
        refused: Callable[[str], None],
        *,
        reports: Reports | None = None,
        breath: Breath | None = None,
    ) -> None:
        self.receive_seconds = receive_seconds
        self.refused = refused
        self.reports = reports
        self.breath = breath
        self._limit = limit
        self._open: dict[Connection, None] = {}
        self._reporting: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: Connection) -> None:
        """Takes a connection in. Where there are too many, the one that was idle longest goes."""
        self._open[connection] = None
        if len(self._open) > self._limit:
            idle = next((each for each in self._open if each.is_idle), connection)
            self.closed(idle)
            idle.cut()

    def used(self, connection: Connection) -> None:
        """A request came."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def report(self, task: asyncio.Task[None]) -> None:
        """A report is being answered: the loop itself holds no task that waits."""
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)

    def closed(self, connection: Connection) -> None:
        """It is gone."""
        self._open.pop(connection, None)
