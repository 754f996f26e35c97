"""Machines of an office that report to a real collector each interval, until they go home or their link is cut."""

from __future__ import annotations

import http.client
import json
import threading
from typing import TYPE_CHECKING

from keskidee_report.codec import CONTENT_TYPE, goodbye_frame
from tests.collector.served import Agent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ANSWER_SECONDS = 30


class Office(threading.Thread):
    """Reports for all machines but those that are `gone`, one after the other, until `close`."""

    def __init__(self, address: str, interval_seconds: float) -> None:
        """Begins with nobody; `enrol` brings machines."""
        super().__init__(daemon=True)
        self._address, self._interval_seconds = address, interval_seconds
        self._agents: dict[str, Agent] = {}
        self._gone: set[str] = set()
        self._turn = threading.Lock()
        self._over = threading.Event()

    def enrol(self, names: Iterable[str], token: str) -> None:
        """Machines with the site and role of the token."""
        for name in names:
            asked = json.dumps({"hostname": name, "facts": {"os": "linux"}}).encode()
            given = json.loads(self._post("/v1/enrol", asked, token)[1])
            self._agents[name] = Agent(
                id=given["machine_id"], credential=given["credential"], instance=given["instance"]
            )

    def leave(self, names: Sequence[str], goodbye: str = "") -> None:
        """They say no more; a last word first where there is one."""
        with self._turn:
            self._gone.update(names)
            for agent in [self._agents[name] for name in names if goodbye]:
                last = goodbye_frame(agent.encoder.session, agent.sequence, 1, 1, goodbye)
                self._post(agent.path, agent.packed([last]), agent.credential)

    def come_back(self) -> None:
        """All report again."""
        with self._turn:
            self._gone.clear()

    def close(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(self._interval_seconds):
            with self._turn:
                for name in self._agents.keys() - self._gone:
                    agent = self._agents[name]
                    self._post(agent.path, agent.body(), agent.credential)

    def _post(self, path: str, body: bytes, token: str) -> tuple[int, bytes]:
        """Status and body; 0 where nobody answers, as while the collector is stopped."""
        line = http.client.HTTPConnection(self._address, timeout=ANSWER_SECONDS)
        try:
            line.request("POST", path, body, {"Authorization": f"Bearer {token}", "Content-Type": CONTENT_TYPE})
            answer = line.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            line.close()
