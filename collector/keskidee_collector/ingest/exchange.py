"""A report whose body is there as a whole, answered without ASGI: what passes between its connection and its route."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    Headers = list[tuple[bytes, bytes]]
    """Names in lower case, and values."""

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class Reply(NamedTuple):
    """An answer. `close`: the connection ends with it."""

    status: int
    content_type: bytes
    body: bytes
    headers: Headers
    close: bool = False

    def messages(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The answer as ASGI has it: its start, and its body."""
        length = (b"content-length", b"%d" % len(self.body))
        headers = [(b"content-type", self.content_type), length, *self.headers]
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        return start, {"type": "http.response.body", "body": self.body}

    def encoded(self) -> bytes:
        """The answer as it goes over the wire."""
        head = b"%bcontent-type: %b\r\ncontent-length: %d\r\n" % (
            STATUS_LINES[self.status],
            self.content_type,
            len(self.body),
        )
        return b"%b%b\r\n%b" % (head, b"".join([b"%b: %b\r\n" % header for header in self.headers]), self.body)


class Reports(Protocol):
    """Who takes whole reports."""

    def admits(self, method: bytes, target: bytes, headers: Headers) -> bool:
        """Whether this is a report for `reply`; everything else goes through ASGI."""

    async def reply(self, target: bytes, headers: Headers, body: bytes, client: str) -> Reply:
        """The answer to a report that came from the address `client`. Raises nothing."""


class Exchange:
    """One report and its answer. Has what uvicorn asks of a cycle of its own; nobody waits for its `message_event`."""

    __slots__ = ("disconnected", "keep_alive", "response_complete", "response_started")

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.disconnected = self.response_complete = self.response_started = False

    @property
    def message_event(self) -> Exchange:
        return self

    def set(self) -> None:
        """Its body is there already."""
