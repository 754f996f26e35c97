"""A connection with deadlines and bounds: what a stranger may hold open, for how long, and how long a head he may send.

uvicorn has no deadline for a first request or for slow headers, no bound on headers, and answers everybody 503 once too
many connections are open. ASGI middleware comes too late for all of that, so it is done in a subclass of its protocol.
A report that is there as a whole, as nearly all are, goes to its route without ASGI: half of its cost was in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from keskidee_collector.ingest.exchange import Exchange
from keskidee_collector.serving.flow import Flow, Pipeline
from keskidee_collector.serving.joined import Joined

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from keskidee_collector.ingest.exchange import Headers
    from keskidee_collector.serving.connections import Connections

HEAD_BYTES_AT_MOST = 64 * 1024
"""All of a request that is not its body: head, framing of chunks, trailers."""
BODY_PATIENCE = 3
"""The application has a deadline of its own for a body, and one more to drain it; after so many the line is cut."""
FAREWELL_SECONDS = 1.0
"""How long a TLS client may take to answer the end of its connection when the collector stops."""


class Connection(HttpToolsProtocol):
    """One connection of a client. `is_idle`: no request is being answered on it.

    uvicorn's `cycle` is the request read last; with pipelining that is not the one that is being answered.
    """

    # a dictionary of these and of uvicorn's together would be too large to share its keys with other connections
    __slots__ = (
        *("_answering", "_asked", "_begun", "_body_bytes", "_complete", "_connections", "_deadline", "_head_complete"),
        *("_held", "_leave", "_overhead_bytes", "_used_at", "_write_deadline"),
    )

    def __init__(self, connections: Connections, **uvicorn_gives: Any) -> None:
        super().__init__(**uvicorn_gives)
        self.pipeline = Pipeline()  # type: ignore[assignment]  # all that uvicorn asks of a deque
        self._connections = connections
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | Exchange | None = None
        self._asked: RequestResponseCycle | None = None
        self._begun = False
        self._head_complete = False
        self._complete = False
        self._overhead_bytes = 0
        self._body_bytes = 0
        self._held: list[bytes] | None = None
        self._used_at = 0.0
        self._leave: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        return self._answering is None or self._answering.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        joined = Joined(transport, self.loop)
        super().connection_made(joined)  # type: ignore[arg-type]  # all that uvicorn asks of one
        self.flow = Flow(joined)  # type: ignore[assignment]  # likewise
        self._connections.opened(self)
        self._wait(self._connections.receive_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.closed(self)
        self._wait(None)
        if self._leave is not None:
            self._leave.cancel()
        self._end_answering()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As in uvicorn, but with an end to patience and to headers, and no line in the log for each bad request."""
        self._body_bytes = 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # an offer that nobody has to take: the request is answered as it stands
        except httptools.HttpParserError:
            self._go_on()
            self._refuse(400, "http")
            return
        self._go_on()
        if self._complete:
            if self.is_idle and self._deadline is None:  # blank lines between two requests are no reason to stay
                self._wait(self._connections.receive_seconds)
            return
        self._overhead_bytes += len(data) - self._body_bytes
        if self._overhead_bytes > HEAD_BYTES_AT_MOST:
            self._refuse(431, "http")
        elif self._deadline is None:
            self._wait(self._connections.receive_seconds * (BODY_PATIENCE if self._head_complete else 1))

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._begun, self._head_complete, self._complete, self._asked = True, False, False, None
        self._overhead_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_complete:  # what comes after it are trailers, which nothing here reads
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._head_complete = True
        self._wait(None)
        self._connections.used(self)
        if self._is_report():
            self._held = []
        else:
            self._through_asgi()

    def _through_asgi(self) -> None:
        """As in uvicorn, which makes a scope for each message; a report needs none."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.headers += headers  # the list that the scope has
        self.url, self.expect_100_continue = url, expects
        super().on_headers_complete()
        self._asked = self.cycle

    def _is_report(self) -> bool:
        """Whether it may be answered without ASGI, if all of it is there; behind another request it may not."""
        reports = self._connections.reports
        return (
            reports is not None
            and self.is_idle
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and reports.admits(self.parser.get_method(), self.url, self.headers)
        )

    def _go_on(self) -> None:
        """What came has been read: a report that was held and is not complete takes the way of every other request."""
        if self._held is not None:
            held, self._held = self._held, None
            self._through_asgi()
            for body in held:
                super().on_body(body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._held is not None:
            self._held.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._complete = True
        self._wait(None)
        if self._held is not None:
            body, self._held = b"".join(self._held), None
            exchange = Exchange(keep_alive=self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive())
            self.cycle = self._answering = self._asked = exchange  # type: ignore[assignment]  # all that uvicorn asks
            self._connections.report(self.loop.create_task(self._report(exchange, self.url, self.headers, body)))
            self.headers, self.scope = [], None  # type: ignore[assignment]  # both would be kept until the next report
            if self._connections.breath is not None:
                self._connections.breath.report(self.tasks)
        else:
            super().on_message_complete()

    async def _report(self, exchange: Exchange, target: bytes, headers: Headers, body: bytes) -> None:
        assert self._connections.reports is not None
        try:
            reply = await self._connections.reports.reply(target, headers, body, self.client[0] if self.client else "")
        except BaseException:
            self.cut()  # a fault of ours, which the loop logs: nobody is left waiting for an answer
            raise
        exchange.response_started = exchange.response_complete = True
        if exchange.disconnected:
            return
        self.transport.send(reply.encoded())  # type: ignore[attr-defined]  # it is Joined
        if reply.close or not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """As in uvicorn, but one timer a connection and not one a request says when it was idle for too long."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._used_at = self.loop.time()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._leave is None:
            self._leave = self.loop.call_later(self.timeout_keep_alive, self._leave_if_idle)

    def _leave_if_idle(self) -> None:
        self._leave = None
        idle_seconds = self.loop.time() - self._used_at if self.is_idle and (self._complete or not self._begun) else 0.0
        if self.transport.is_closing():
            return
        if idle_seconds >= self.timeout_keep_alive:
            self.transport.close()
        else:
            self._leave = self.loop.call_later(self.timeout_keep_alive - idle_seconds, self._leave_if_idle)

    def pause_writing(self) -> None:
        """A client that does not read its answer is cut off; one that reads slowly is not."""
        super().pause_writing()
        self._write_deadline = self.loop.call_later(self._connections.receive_seconds, self.cut)

    def resume_writing(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None
        super().resume_writing()

    def shutdown(self) -> None:
        """The collector stops. Over TLS an idle client hears of it only when it speaks next: it is not waited for."""
        super().shutdown()
        self.loop.call_later(FAREWELL_SECONDS, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if self.is_idle:
            self.cut()

    def cut(self) -> None:
        """Ends the connection at once, whatever is still to be sent."""
        self._end_answering()
        self.transport.abort()

    def _end_answering(self) -> None:
        """Tells the application that nobody listens any more; what it still sends goes nowhere."""
        self.pipeline.clear()
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def _wait(self, seconds: float | None) -> None:
        """Sets the time until when the rest of the request must be there, or takes it away."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._head_complete and not self._complete:
            self.cut()
        elif self._begun and not self._complete:
            self._refuse(408, "slow")
        else:  # it never said a word
            self.transport.close()

    def _refuse(self, status: int, reason: str) -> None:
        """Ends a connection on which no request could be read."""
        self._connections.refused(reason)
        answering = None if self.is_idle else self._answering
        if answering is None or (answering is self._asked and not self._complete and not answering.response_started):
            # otherwise this would look like the answer to the request before
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self._end_answering()
        self.transport.close()
