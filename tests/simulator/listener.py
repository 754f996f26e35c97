"""A collector that only listens: it enrols everybody, decodes what arrives, and remembers it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_report.decode import (
    Part,
    Words,
    decode_facts,
    decode_goodbye,
    decode_index,
    decode_part,
    decode_report,
    open_envelope,
    peek_delta,
    peek_schema_id,
    round_of,
)
from keskidee_report.delta import Snapshot, apply_delta
from keskidee_report.wire import DELTA, FACTS, GOODBYE, PART, REPORT, SCHEMA

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Heard:
    """What one machine said."""

    facts: dict[str, str] = field(default_factory=dict)
    sessions: list[bytes] = field(default_factory=list)
    deltas: int = 0
    rounds: list[Snapshot] = field(default_factory=list)
    values: list[dict[Series, float]] = field(default_factory=list)
    outcomes: list[dict[str, str]] = field(default_factory=list)
    goodbyes: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)


@dataclass
class Listener:
    """`answers` holds statuses to give in place of the right one, a report each; `devices` are enlisted by name, and
    `pollers` says who did it.
    """

    url: str = ""
    ca_pem: bytes = b""
    enrolled: list[dict[str, object]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    devices: dict[str, str] = field(default_factory=dict)
    pollers: dict[str, str] = field(default_factory=dict)
    machines: defaultdict[str, Heard] = field(default_factory=lambda: defaultdict(Heard))
    answers: list[int] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    parts: dict[bytes, Part] = field(default_factory=dict)
    schemas: dict[bytes, tuple[tuple[str, bytes], ...]] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
                }
                body = await reader.readexactly(int(headers["content-length"]))
                status, answer = self.answer(lines[0].split()[1], headers, body)
                text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                head = f"HTTP/1.1 {status} .\r\nContent-Length: {len(text)}\r\nRetry-After: 1\r\n\r\n"
                writer.write(head.encode() + text)
        except (EOFError, OSError):
            pass
        finally:
            writer.close()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, object] | bytes]:
        if path == "/v1/ca":
            return 200, self.ca_pem
        bearer = headers["authorization"].removeprefix("Bearer ")
        if path == "/v1/enrol":
            self.enrolled.append(json.loads(body))
            self.tokens.append(bearer)
            number = len(self.enrolled)
            return 201, {
                "machine_id": f"{number:032x}",
                "credential": f"secret-{number:032x}",
                "instance": f"machine-{number}",
                "site": "default",
                "role": "server",
            }
        machine_id = path.split("/")[3]
        if path.endswith("/devices"):
            return 200, self.enlist(machine_id, json.loads(body))
        assert bearer == f"secret-{self.pollers.get(machine_id, machine_id)}"
        status = self.answers.pop(0) if self.answers else self.hear(self.machines[machine_id], body)
        self.statuses[status] += 1
        return status, {"interval_seconds": 15}

    def enlist(self, poller: str, asked: dict[str, list[dict[str, object]]]) -> dict[str, object]:
        rows = []
        for device in asked["devices"]:
            machine_id = self.devices.setdefault(str(device["name"]), f"d{len(self.devices):031x}")
            self.pollers[machine_id] = poller
            rows.append({"machine_id": machine_id, "handed": False, "name": device["name"]})
        return {"devices": rows}

    def hear(self, machine: Heard, body: bytes) -> int:
        for kind, payload in open_envelope(body, 1 << 20).frames:
            if kind == FACTS:
                machine.facts = decode_facts(payload)
            elif kind == PART:
                part = decode_part(payload)
                self.parts[part.hash] = part
            elif kind == SCHEMA:
                index = decode_index(payload)
                self.schemas[index.id] = index.sources
            elif kind == GOODBYE:
                machine.goodbyes.append(decode_goodbye(payload)[1])
            elif kind == REPORT:
                stamp, schema_id = peek_schema_id(payload)
                if schema_id not in self.schemas:
                    return 409
                sources = self.schemas[schema_id]
                samples = sum(self.parts[part_hash].count for _, part_hash in sources if part_hash)
                self.hear_report(machine, stamp.session, decode_report(payload, len(sources), samples))
            elif kind == DELTA:
                reader, sequence, base = peek_delta(payload)
                last = machine.rounds[-1] if machine.rounds else None
                if last is None or last.sequence != base or last.schema_id not in self.schemas:
                    return 409
                machine.deltas += 1
                self.hear_report(machine, machine.sessions[-1], apply_delta(reader, sequence, last))
        return 200

    def hear_report(self, machine: Heard, session: bytes, found: Snapshot) -> None:
        sources = self.schemas[found.schema_id]
        parts = [self.parts[part_hash] for _, part_hash in sources if part_hash]
        values: dict[Series, float] = {}
        offset = 0
        for part in parts:
            words = Words(part)
            keys = [
                (column.name, tuple((n, v) for n, v in zip(column.labels, row, strict=True) if v))
                for column in part.columns
                for row in column.rows
            ]
            machine.kinds.update({column.name: column.kind for column in part.columns})
            values.update(zip(keys, words.read(found.words, offset), strict=True))
            offset += words.size
        machine.rounds.append(found)
        machine.sessions.append(session)
        machine.values.append(values)
        machine.outcomes.append({name: o for (name, _), o in zip(sources, round_of(found).outcomes, strict=True)})


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None, ca_pem: bytes = b"") -> AsyncIterator[Listener]:
    listener = Listener(ca_pem=ca_pem)
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0, ssl=tls)
    listener.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield listener
    finally:
        server.close()
        for writer in listener.writers:
            writer.close()
        await asyncio.sleep(0.05)  # their tasks see the end of file


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for something to come true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
