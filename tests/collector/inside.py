"""A collector inside the test's process, under a clock that the test sets: for what depends on time and on order."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from prometheus_client.parser import text_string_to_metric_families

from keskidee_collector.app import build
from keskidee_collector.state import State
from keskidee_config import CollectorSettings, LimitSettings
from keskidee_report.codec import Encoder, envelope, facts_frame, goodbye_frame
from keskidee_report.model import Family, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from keskidee_collector.fleet.machine import Machine

NOON = 1_800_000_000.0
HOST = "127.0.0.1:5375"
ADMIN = "ka1_test"
LOAD = Family("node_load1", "gauge", "1m load average.")
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, header fields by name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Clock:
    """The wall clock, which a test may step, and the steady one, which only goes on."""

    def __init__(self) -> None:
        self.at = NOON
        self.ticks = 1000.0

    def wait(self, seconds: float) -> None:
        self.at += seconds
        self.ticks += seconds

    def step(self, seconds: float) -> None:
        self.at += seconds


@dataclass(slots=True, kw_only=True)
class Agent:
    """A machine that enrolled, and its session."""

    id: str
    credential: str
    instance: str
    encoder: Encoder = field(default_factory=lambda: Encoder(secrets.token_bytes(8)))
    sequence: int = 0

    def restart(self) -> None:
        """Another process: another session."""
        self.encoder, self.sequence = Encoder(secrets.token_bytes(8)), 0


class Inside:
    """A collector on a data directory; `again` gives the one that starts after it on the same."""

    def __init__(self, directory: Path, clock: Clock | None = None, **settings: Any) -> None:
        self.clock = clock or Clock()
        self.stood_still_seconds = 0.0
        self._directory = directory
        self._given = settings
        limits = LimitSettings(**settings.get("limits", {}))
        self.state = State(
            CollectorSettings(**{**settings, "limits": limits}), directory, version="0.1.0", now=lambda: self.clock.at
        )
        self.state.ticks = lambda: self.clock.ticks
        self.state.presence.since_ticks = self.clock.ticks
        for machine in self.state.fleet:
            machine.heard_ticks += self.clock.ticks - self.clock.at
            machine.taken_ticks += self.clock.ticks - self.clock.at
            machine.polled_ticks += self.clock.ticks - self.clock.at
        self.client = "127.0.0.1"
        self.application = build(self.state, admin_token=ADMIN)

    def again(self, **changed: Any) -> Self:
        self.state.close()
        return type(self)(self._directory, self.clock, **(self._given | changed))

    def machine(self, agent: Agent) -> Machine:
        machine = self.state.fleet.get(agent.id)
        assert machine is not None
        return machine

    def states(self) -> dict[str, str]:
        """The state of each machine by instance."""
        return {machine.instance: self.state.machine_state(machine) for machine in self.state.fleet}

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        pause: asyncio.Event | None = None,
    ) -> Answer:
        """One request. With `pause` the last byte of the body comes once that is set."""
        fields = {"host": HOST, **({"authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items()],
            "client": (self.client, 50000), "server": ("127.0.0.1", 5375),
        }  # fmt: skip
        asked = [(body, False)] if pause is None else [(body[:-1], True), (body[-1:], False)]
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if pause is not None and len(asked) == 1:
                await pause.wait()
            if not asked:
                await asyncio.Event().wait()  # the client stays
            data, more = asked.pop(0)
            return {"type": "http.request", "body": data, "more_body": more}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await self.application(scope, receive, send)
        return Answer(
            status=said[0]["status"],
            headers={name.decode(): value.decode() for name, value in said[0]["headers"]},
            body=b"".join(message.get("body", b"") for message in said[1:]),
        )

    async def administer(self, method: str, path: str, asked: Mapping[str, Any] | None = None) -> Answer:
        return await self.ask(method, path, json.dumps(dict(asked)).encode() if asked else b"", token=ADMIN)

    async def token(self, **asked: Any) -> str:
        text: str = (await self.administer("POST", "/v1/tokens", {"scope": "join", **asked})).json["token"]
        return text

    async def enrol(self, hostname: str, *, token: str = "", **facts: str) -> Agent:
        asked = json.dumps({"hostname": hostname, "facts": facts}).encode()
        answer = await self.ask("POST", "/v1/enrol", asked, token=token or await self.token())
        assert answer.status == 201, answer
        given = answer.json
        return Agent(id=given["machine_id"], credential=given["credential"], instance=given["instance"])

    async def post(
        self, agent: Agent, frames: Sequence[bytes], pause: asyncio.Event | None = None, *, under_way: float = 0.0
    ) -> Answer:
        """A POST that left its machine so many seconds ago."""
        under_way_ms = int(under_way * 1000)
        wall_ms = int(self.clock.at * 1000)
        body = envelope(agent.encoder.session, self.boot_ms - under_way_ms, wall_ms - under_way_ms, frames)
        path = f"/v1/machines/{agent.id}/reports"
        return await self.ask("POST", path, body, token=agent.credential, pause=pause)

    @property
    def boot_ms(self) -> int:
        """Every machine's clock since boot."""
        return int((self.clock.ticks - self.stood_still_seconds) * 1000)

    def round(self, agent: Agent, *readings: Reading, value: float = 0.5, sequence: int | None = None) -> list[bytes]:
        """The frames of the next round, with its names."""
        agent.sequence = agent.sequence + 1 if sequence is None else sequence
        found = list(readings) or [Reading("loadavg", "ok", "", 0.001, [LOAD(value)])]
        report = agent.encoder.report(
            found, sequence=agent.sequence, boot_ms=self.boot_ms, wall_ms=int(self.clock.at * 1000)
        )
        return [*agent.encoder.schema_frames(report.schema_id)[0], report.frame]

    async def report(self, agent: Agent, *readings: Reading, value: float = 0.5, **facts: str) -> Answer:
        frames = self.round(agent, *readings, value=value)
        return await self.post(agent, [facts_frame(facts), *frames] if facts else frames)

    async def goodbye(self, agent: Agent, reason: str = "shutdown") -> Answer:
        agent.sequence += 1
        wall_ms = int(self.clock.at * 1000)
        frame = goodbye_frame(agent.encoder.session, agent.sequence, self.boot_ms, wall_ms, reason)
        return await self.post(agent, [frame])

    async def samples(self, path: str = "/metrics") -> Samples:
        """A page as (name, labels) and values."""
        answer = await self.ask("GET", path)
        assert answer.status == 200, answer
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.body.decode())
            for sample in family.samples
        }

    async def load(self, agent: Agent) -> float | None:
        """The machine's load average as the fleet's page has it."""
        return (await self.samples()).get(("node_load1", (("instance", self.machine(agent).instance),)))
