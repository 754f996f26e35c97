"""The whole collector in this process, spoken to as agents and browsers do, under a clock that the test sets."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from keskidee_collector.app import build
from keskidee_collector.state import State
from keskidee_config import CollectorSettings
from keskidee_report.codec import CONTENT_TYPE, Encoder, envelope, facts_frame, goodbye_frame
from keskidee_report.model import OK, Family, Reading

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

MORNING = 1_772_435_560.0
"""2026-03-02 07:12:40 UTC."""

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'&amp;",
    "{{ 7 * 7 }}{% raw %}",
    "A" * 900,
    "word " * 180,
    "\u202egnp.exe\u2066",
    "one\nline\ttwo\r\x1b[31m",
    "Z" + "\u0301" * 300,
    "\U0001f426" * 200,
)
"""What a machine may say of itself: markup, a template, endless text, text that turns around, control characters."""

LOAD = Family("node_load1", "gauge", "1m load average.")


def reading(source: str = "loadavg", outcome: str = OK, reason: str = "", value: float = 0.5) -> Reading:
    """One source's result; only a source that is ok has a sample."""
    return Reading(source, outcome, reason, 0.0012, [LOAD(value)] if outcome == OK else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the collector answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def page(self) -> Element:
        """The page as a tree; it is written so that it is XML too."""
        return ElementTree.fromstring(self.text.removeprefix("<!doctype html>"))

    def texts(self, path: str) -> list[str]:
        """The text of each element of an ElementPath, white space joined."""
        return [" ".join("".join(element.itertext()).split()) for element in self.page.iterfind(path)]


@dataclass(slots=True, kw_only=True)
class Agent:
    """A machine that enrolled."""

    id: str
    credential: str
    facts: dict[str, str]
    encoder: Encoder = field(default_factory=lambda: Encoder(secrets.token_bytes(8)))
    sequence: int = 0


class Collector:
    """A collector on an empty data directory; `at` is its clock (epoch seconds)."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.at = MORNING
        self.state = State(CollectorSettings(**settings), directory, version="0.1.0", now=lambda: self.at)
        self._tokens: dict[tuple[str, str], str] = {}
        self.application = build(self.state, admin_token="ka1_test")

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        host: str = "127.0.0.1:5375",
    ) -> Answer:
        """One request, answered."""
        return asyncio.run(self._request(method, path, body, {"host": host, **(headers or {})}))

    def get(self, path: str, host: str = "127.0.0.1:5375") -> Answer:
        """A page, as a browser on this host asks for it."""
        return self.request("GET", path, host=host)

    def join(self, hostname: str, *, site: str = "castries", role: str = "server", **facts: str) -> Agent:
        """A machine enrols, through the real route, with a token of that site and role."""
        return asyncio.run(self._join(self._token(site, role), {"hostname": hostname, **facts}))

    def join_all(self, *hostnames: str) -> None:
        """Many servers of one site enrol at once."""
        token = self._token("castries", "server")

        async def all_of_them() -> None:
            await asyncio.gather(*[self._join(token, {"hostname": hostname}) for hostname in hostnames])

        asyncio.run(all_of_them())

    def report(self, agent: Agent, *readings: Reading, clock_off: float = 0.0) -> Answer:
        """A machine reports now; its clock may be off by so many seconds."""
        agent.sequence += 1
        boot_ms, wall_ms = self._clocks(clock_off)
        taken = list(readings) or [reading()]
        report = agent.encoder.report(taken, sequence=agent.sequence, boot_ms=boot_ms, wall_ms=wall_ms)
        names, _ = agent.encoder.schema_frames(report.schema_id)
        return self._post(agent, [facts_frame(agent.facts), *names, report.frame], clock_off)

    def say_goodbye(self, agent: Agent, reason: str) -> Answer:
        """A machine is switched off as usual."""
        agent.sequence += 1
        boot_ms, wall_ms = self._clocks(0)
        return self._post(agent, [goodbye_frame(agent.encoder.session, agent.sequence, boot_ms, wall_ms, reason)], 0)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.at += seconds

    def retire(self, agent: Agent) -> Answer:
        """A machine is taken out of use."""
        path = f"/v1/machines/{agent.id}/retire"
        return self.request("POST", path, headers={"authorization": "Bearer ka1_test"})

    def _token(self, site: str, role: str) -> str:
        if (site, role) not in self._tokens:
            asked = json.dumps({"scope": "join", "site": site, "role": role}).encode()
            made = self.request("POST", "/v1/tokens", asked, {"authorization": "Bearer ka1_test"})
            self._tokens[site, role] = json.loads(made.body)["token"]
        return self._tokens[site, role]

    async def _join(self, token: str, facts: dict[str, str]) -> Agent:
        facts = {"os": "linux", "interval_seconds": "15", **facts}
        asked = json.dumps({"hostname": facts["hostname"], "facts": facts}).encode()
        headers = {"host": "127.0.0.1:5375", "authorization": f"Bearer {token}"}
        answer = json.loads((await self._request("POST", "/v1/enrol", asked, headers)).body)
        return Agent(id=answer["machine_id"], credential=answer["credential"], facts=facts)

    def _post(self, agent: Agent, frames: list[bytes], clock_off: float) -> Answer:
        headers = {"authorization": f"Bearer {agent.credential}", "content-type": CONTENT_TYPE}
        body = envelope(agent.encoder.session, *self._clocks(clock_off), frames)
        answer = self.request("POST", f"/v1/machines/{agent.id}/reports", body, headers)
        assert answer.status == 200, answer.text
        return answer

    def _clocks(self, clock_off: float) -> tuple[int, int]:
        return int((self.at - MORNING) * 1000) + 86_400_000, int((self.at + clock_off) * 1000)

    async def _request(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 5375),
        }  # fmt: skip
        asked, said = [{"type": "http.request", "body": body, "more_body": False}], []

        async def receive() -> dict[str, Any]:
            if not asked:
                await asyncio.Event().wait()  # the client stays
            return asked.pop()

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await self.application(scope, receive, send)
        start = said[0]
        return Answer(
            status=start["status"],
            headers={name.decode(): value.decode() for name, value in start["headers"]},
            body=b"".join(message.get("body", b"") for message in said[1:]),
        )
