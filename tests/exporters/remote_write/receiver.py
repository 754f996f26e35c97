"""A destination on a port of its own that answers as the test says, and keeps what it took."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.exporters.remote_write.prompb import read

DEADLINE_SECONDS = 20


class Sample(NamedTuple):
    """One sample as it was taken."""

    name: str
    instance: str
    at: int
    value: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer."""

    status: int = 204
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


Judge = Callable[[list[Sample]], Reply]


class Receiver:
    """`judge` is asked for an answer to each request; 2xx means that its samples are kept."""

    def __init__(self, judge: Judge = lambda _samples: Reply(), port: int = 0) -> None:
        self.judge = judge
        self.series: list[dict[str, str]] = []
        self.taken: list[list[Sample]] = []
        self.requests = 0
        self.headers: dict[str, str] = {}
        self.connections = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one segment

            def setup(self) -> None:
                super().setup()
                receiver.connections += 1

            def do_POST(self) -> None:  # the name that http.server looks for
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.headers = {name.lower(): value for name, value in self.headers.items()}
                reply = receiver.hear(read(body))
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/api/v1/write"

    def hear(self, body: list[tuple[dict[str, str], list[tuple[int, float]]]]) -> Reply:
        self.requests += 1
        samples = [
            Sample(labels["__name__"], labels["instance"], at, value) for labels, pairs in body for at, value in pairs
        ]
        reply = self.judge(samples)
        if reply.status < 300:
            self.taken.append(samples)
            self.series += [labels for labels, _ in body]
        return reply

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def values(receiver: Receiver, name: str = "load") -> list[float]:
    return [sample.value for request in receiver.taken for sample in request if sample.name == name]
