"""Watches a collector while it works: its memory, processor, queue, and how old what it shows is."""

from __future__ import annotations

import contextlib
import http.client
import re
import sqlite3
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.cost import MIB, cpu_seconds, rss_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LOOK_SECONDS = 0.2
PAGES_A_LOOK = 4
PAGE_SECONDS = 60.0


@dataclass(kw_only=True)
class Figures:
    """The worst of each; ages in seconds, memory and queue in MiB."""

    rss_mib: float = 0.0
    queue_reports: int = 0
    queue_mib: float = 0.0
    page_age_seconds: float = 0.0
    behind_seconds: float = 0.0
    pages: int = 0
    cpu_seconds: float = 0.0


class Watch(threading.Thread):
    """Looks at a collector with TLS until it is stopped; `worst` is what it has seen.

    `machines` are ids whose pages are read in turn: `node_time_seconds` says when the shown report was taken.
    """

    def __init__(self, pid: int, port: int, data: Path, token: str, machines: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.worst = Figures()
        self._pid, self._data, self._machines = pid, data, machines
        self._began = cpu_seconds(pid)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._tls = ssl.create_default_context(cafile=data / "tls" / "ca.pem")
        self._port = port
        self._over = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self._look()
        except Exception as error:  # noqa: BLE001  # told where the test stops it
            self.failure = error

    def stop(self) -> Figures:
        self._over.set()
        self.join()
        if self.failure is not None:
            raise self.failure
        return self.worst

    def page(self, path: str) -> str:
        line = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=PAGE_SECONDS, context=self._tls)
        try:
            line.request("GET", path, headers=self._headers)
            return line.getresponse().read().decode()
        finally:
            line.close()

    def _look(self) -> None:
        looks = 0
        while not self._over.wait(LOOK_SECONDS):
            worst = self.worst
            worst.cpu_seconds = cpu_seconds(self._pid) - self._began
            worst.rss_mib = max(worst.rss_mib, rss_bytes(self._pid) / MIB)
            for turn in range(PAGES_A_LOOK):
                machine = self._machines[(looks * PAGES_A_LOOK + turn) % len(self._machines)]
                worst.page_age_seconds = max(worst.page_age_seconds, self._age_of(machine))
                worst.pages += 1
            if looks % 10 == 0:
                self._look_at_queue()
            looks += 1

    def _age_of(self, machine: str) -> float:
        """How old what a machine's page shows is; a page that does not come is as old as it was waited for."""
        try:
            return time.time() - value(self.page(f"/metrics/machines/{machine}"), "node_time_seconds")
        except TimeoutError:
            return PAGE_SECONDS

    def _look_at_queue(self) -> None:
        with contextlib.suppress(TimeoutError):
            behind = value(self.page("/metrics/self"), "keskidee_remote_write_behind_seconds")
            self.worst.behind_seconds = max(self.worst.behind_seconds, behind)
        with sqlite3.connect(f"file:{self._data / 'reports.db'}?mode=ro", uri=True) as database:
            rows, size = database.execute("SELECT count(*), coalesce(sum(length(words)), 0) FROM queue").fetchone()
        database.close()
        self.worst.queue_reports = max(self.worst.queue_reports, rows)
        self.worst.queue_mib = max(self.worst.queue_mib, size / MIB)


def value(page: str, name: str) -> float:
    """The sum of a family's samples on a page."""
    found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE)
    assert found, name
    return sum(map(float, found))
