"""A collector in a process of its own, and agents that speak to it over real connections."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import ssl
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from keskidee_report.codec import CONTENT_TYPE, Encoder, envelope, facts_frame
from keskidee_report.model import Family, Reading
from tests.processes import Process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from keskidee_report.codec import Report

LOAD = Family("node_load1", "gauge", "1m load average.")
ANSWER_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, header fields by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Line:
    """One connection. What is sent is up to the test; answers are read as HTTP/1.1 with a length or chunks."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self._read = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, *, head: bool = False) -> Answer:
        """The next answer. Raises EOFError where the connection ends before it does."""
        status_line, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        status = int(status_line.split()[1])
        if status == 100:
            return Answer(status=status, headers=headers, body=b"")
        body = b""
        if head:
            pass
        elif headers.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                body += self._take(size)
                self._take(2)
            self._take(2)
        else:
            body = self._take(int(headers.get("content-length", "0")))
        return Answer(status=status, headers=headers, body=body)

    def is_closed(self, seconds: float = ANSWER_SECONDS) -> bool:
        """Whether the other end closes the connection within this time, without another word."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        self.socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._read:
            self._more()
        found, _, self._read = self._read.partition(end)
        return found

    def _take(self, count: int) -> bytes:
        while len(self._read) < count:
            self._more()
        found, self._read = self._read[:count], self._read[count:]
        return found

    def _more(self) -> None:
        if not (data := self.socket.recv(65536)):
            raise EOFError(self._read)
        self._read += data


@dataclass(slots=True, kw_only=True)
class Agent:
    """A machine that enrolled, and its session."""

    id: str
    credential: str
    instance: str
    encoder: Encoder = field(default_factory=lambda: Encoder(secrets.token_bytes(8)))
    sequence: int = 0

    @property
    def path(self) -> str:
        return f"/v1/machines/{self.id}/reports"

    def report(self, *readings: Reading) -> Report:
        """The next round."""
        self.sequence += 1
        found = list(readings) or [Reading("loadavg", "ok", samples=[LOAD(0.5)])]
        return self.encoder.report(found, sequence=self.sequence, boot_ms=_ms(), wall_ms=_ms())

    def names(self, report: Report) -> list[bytes]:
        """The frames that a collector needs before it can read the report."""
        return self.encoder.schema_frames(report.schema_id)[0]

    def body(self, *readings: Reading, facts: Mapping[str, str] | None = None, wall_ms: int | None = None) -> bytes:
        """The next round with its names, ready to send."""
        report = self.report(*readings)
        frames = [*self.names(report), report.frame]
        if facts is not None:
            frames.insert(0, facts_frame(dict(facts)))
        return self.packed(frames, wall_ms)

    def packed(self, frames: Sequence[bytes], wall_ms: int | None = None) -> bytes:
        return envelope(self.encoder.session, _ms(), _ms() if wall_ms is None else wall_ms, frames)

    def request(self, body: bytes, *, path: str = "", credential: str = "", headers: str = "") -> bytes:
        """A whole POST as it goes over the wire; `headers` are lines with their ends."""
        head = (
            f"POST {path or self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {CONTENT_TYPE}\r\n"
            f"Authorization: Bearer {credential or self.credential}\r\n{headers}"
        )
        if "content-length" not in headers.lower() and "transfer-encoding" not in headers.lower():
            head += f"Content-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body


class Served:
    """A running collector. It is started with `settings`, and again with the same data after `kill`."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, listen: str = "127.0.0.1:0") -> None:
        self.data = folder / "collector"
        self._folder = folder
        self._listen = listen
        self._starts = 0
        self._log = ""
        self._settings = folder / "collector.yml"
        self._settings.write_text(yaml.safe_dump(dict(settings)), encoding="utf-8")
        self.start()

    def start(self) -> None:
        self._starts += 1
        self.process = Process(
            [sys.executable, "-m", "keskidee", "collector", "serve", "--data", self.data, "--listen", self._listen,
             "--config", self._settings],
            self._folder / f"start-{self._starts}",
        )  # fmt: skip
        ready = self.process.wait_ready(r"^ready (https?)://\S+:(\d+)/$", 60)
        assert ready is not None
        self.port = int(ready[2])
        self.tls = ssl.create_default_context(cafile=self.data / "tls" / "ca.pem") if ready[1] == "https" else None
        self.admin = (self.data / "admin-token").read_text()
        self._metrics_token = ""

    def kill(self) -> None:
        """As a power cut ends it."""
        self._log += self.process.stderr
        self.process.popen.kill()
        self.process.popen.wait()

    def stop(self) -> int:
        return self.process.stop()

    @property
    def log(self) -> str:
        return self._log + self.process.stderr

    def line(self) -> Line:
        return Line(self.port, self.tls)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, token: str = ""
    ) -> Answer:
        """One request on a connection of its own."""
        fields = {"Host": f"127.0.0.1:{self.port}", **({"Authorization": f"Bearer {token}"} if token else {})}
        fields |= headers or {}
        if body or method == "POST":
            fields.setdefault("Content-Length", str(len(body)))
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        line = self.line()
        try:
            line.send(head.encode() + b"\r\n" + body)
            return line.answer(head=method == "HEAD")
        finally:
            line.close()

    def administer(self, method: str, path: str, asked: Mapping[str, Any] | None = None) -> Answer:
        """A request of this host's commands."""
        return self.ask(method, path, json.dumps(dict(asked)).encode() if asked is not None else b"", token=self.admin)

    def token(self, **asked: Any) -> str:
        """A new token; for machines unless it says otherwise."""
        text: str = self.administer("POST", "/v1/tokens", {"scope": "join", **asked}).json["token"]
        return text

    def enrol(self, hostname: str, token: str = "") -> Agent:
        asked = json.dumps({"hostname": hostname, "facts": {"os": "linux"}}).encode()
        answer = self.ask("POST", "/v1/enrol", asked, token=token or self.token())
        assert answer.status == 201, answer
        given = answer.json
        return Agent(id=given["machine_id"], credential=given["credential"], instance=given["instance"])

    def post(self, agent: Agent, body: bytes) -> Answer:
        """A report on a connection of its own."""
        line = self.line()
        try:
            line.send(agent.request(body))
            return line.answer()
        finally:
            line.close()

    def samples(self, path: str = "/metrics/self") -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """A page as (name, labels) and values."""
        if self.tls and not self._metrics_token:
            self._metrics_token = self.token(scope="metrics")
        page = self.ask("GET", path, token=self._metrics_token)
        assert page.status == 200, page
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(page.body.decode())
            for sample in family.samples
        }

    def sample(self, name: str, path: str = "/metrics/self", **labels: str) -> float | None:
        """One value of a page, None where it is not there."""
        return self.samples(path).get((name, tuple(sorted(labels.items()))))

    def counts(self) -> dict[str, float]:
        """The collector's counts of what it refused and took, without those that are 0."""
        wanted = {"keskidee_collector_refused_total": "reason", "keskidee_collector_reports_total": "result"}
        return {
            dict(labels)[wanted[name]]: value
            for (name, labels), value in self.samples().items()
            if name in wanted and value
        }

    def memory_bytes(self) -> int:
        """Resident memory of the process."""
        status = (self._proc / "status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    @property
    def _proc(self) -> Path:
        from pathlib import Path

        return Path(f"/proc/{self.process.pid}")


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What was counted between the two."""
    return {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}


def _ms() -> int:
    return int(time.time() * 1000)


IS_LINUX = os.path.isdir("/proc/self")
