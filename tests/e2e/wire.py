"""A link between an agent and its collector that belongs to the test: it breaks, swallows answers, and keeps a ledger.

Plain HTTP on loopback, so that it can tell one message from the next and knows what was acknowledged.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.ledger import Ledger

OPEN, CUT, HALF, DEAF = "open", "cut", "half", "deaf"
"""Passes all; passes nothing; cuts requests in the middle; loses the answers of a collector that has stored POSTs."""
UPSTREAM_SECONDS = 30


class Wire:
    """Listens on `port`. `mode` may change at any time and holds from the next message on."""

    def __init__(self, upstream: int, ledger: Ledger) -> None:
        self.mode = OPEN
        self.lost_answers = 0
        self._upstream = upstream
        self._ledger = ledger
        self._busy = 0
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def cut(self) -> None:
        """Passes nothing any more, and comes back when nothing is under way."""
        with self._changed:
            self.mode = CUT
            assert self._changed.wait_for(lambda: not self._busy, UPSTREAM_SECONDS)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                here, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(here,), daemon=True).start()

    def _serve(self, here: socket.socket) -> None:
        with here, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._upstream)) as there:
            there.settimeout(UPSTREAM_SECONDS)
            while (request := _message(here)) and self._exchange(request, here, there):
                pass

    def _exchange(self, request: bytes, here: socket.socket, there: socket.socket) -> bool:
        """Whether the connection lives on."""
        with self._changed:
            mode = self.mode
            if mode == CUT:
                return False
            self._busy += 1
        try:
            return self._pass(request, here, there, mode)
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _pass(self, request: bytes, here: socket.socket, there: socket.socket, mode: str) -> bool:
        if mode == HALF:
            there.sendall(request[: len(request) // 2])
            return False
        is_report = request.split(b" ", 2)[1].endswith(b"/reports")
        body = request.partition(b"\r\n\r\n")[2]
        if is_report:
            self._ledger.sent(body)
        there.sendall(request)
        answer = _message(there)
        if is_report and answer.split(b" ", 2)[1:2] == [b"200"]:
            self._ledger.stored(body)
        if mode == DEAF:
            self.lost_answers += 1
            return False
        here.sendall(answer)
        return bool(answer)


def _message(source: socket.socket) -> bytes:
    """One HTTP message with the length that it announces; empty where the sender went away before its end."""
    content = b""
    while (head := content.find(b"\r\n\r\n")) < 0:
        if not (more := source.recv(65536)):
            return b""
        content += more
    lengths = [line for line in content[:head].lower().split(b"\r\n") if line.startswith(b"content-length:")]
    end = head + 4 + (int(lengths[0].partition(b":")[2]) if lengths else 0)
    while len(content) < end:
        if not (more := source.recv(65536)):
            return b""
        content += more
    return content


class Steps:
    """The offsets (seconds) that a program's clock has had, and since when."""

    def __init__(self) -> None:
        self._steps: list[tuple[float, float]] = [(0.0, 0.0)]

    @property
    def now(self) -> float:
        return self._steps[-1][1]

    def step(self, offset: float) -> None:
        self._steps.append((time.time(), offset))

    def between(self, start: float, end: float, slack: float) -> set[float]:
        """Those that held at some moment from start to end, or so."""
        ends = [at for at, _ in self._steps[1:]] + [float("inf")]
        return {
            offset
            for (since, offset), until in zip(self._steps, ends, strict=True)
            if since <= end + slack and until >= start - slack
        }
