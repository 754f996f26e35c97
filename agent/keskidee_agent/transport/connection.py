"""One kept-alive connection to the collector: a request goes out, one answer comes back, before a deadline.

A POST costs 40 microseconds this way, a fifth of `http.client`, and a new TLS connection a hundred times as much, so
the connection is kept. The socket never blocks: every wait is in the waiter, which also hears signals.
"""

from __future__ import annotations

import os
import sys
from _socket import AF_INET, IPPROTO_TCP, SO_ERROR, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY
from _ssl import SSLWantReadError, SSLWantWriteError, SSLZeroReturnError

from keskidee_agent.transport.answer import LARGEST_BODY_BYTES, LARGEST_HEAD_BYTES, Answer, parse
from keskidee_agent.transport.resolve import Resolver
from keskidee_agent.transport.tls import Socket, context_trusting, is_not_yet_valid, start
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from keskidee_agent.transport.origin import Origin
    from keskidee_agent.transport.proxy import Proxy
    from keskidee_agent.transport.tls import Stream
    from keskidee_agent.transport.waiting import Waiter

    Address = tuple[int, Any]

TCP_INFO, TCP_INFO_BYTES = 11, 208
"""The socket option of Linux, and how much of its answer is read; elsewhere it is an error."""
SEGMENT_HEAD_BYTES = 52
"""IPv4, TCP and its time stamps."""
LARGEST_ANSWER_BYTES = 2 * (LARGEST_HEAD_BYTES + LARGEST_BODY_BYTES)


NAME, CONNECT, TUNNEL, TLS, ANSWER = STEPS = ("name", "connect", "tunnel", "tls", "answer")
"""What an exchange does, in this order."""


class Connection:
    """A connection to one origin, opened when it is needed. `ca_file` (PEM) is what https trusts.

    `step` is what it did last, or failed at; `address` the family and address that answered last.
    """

    __slots__ = (
        "_ca_file",
        "_context",
        "_fresh",
        "_last",
        "_origin",
        "_proxy",
        "_received",
        "_resolver",
        "_session",
        "_socket",
        "_stream",
        "_waiter",
        "_wire_before",
        "address",
        "handshakes",
        "step",
    )

    def __init__(self, origin: Origin, ca_file: str, waiter: Waiter, proxy: Proxy | None = None) -> None:
        self.handshakes = 0
        self._wire_before = 0
        self.step = NAME
        self.address: Address | None = None
        self._origin = origin
        self._proxy = proxy
        self._ca_file = ca_file
        self._waiter = waiter
        self._resolver = Resolver((proxy or origin).host, (proxy or origin).port)
        self._socket: Any = None
        self._stream: Stream | None = None
        self._context: Any = None
        self._session: Any = None
        self._fresh = False
        self._received = b""
        self._last: tuple[bytes, Answer] | None = None

    def exchange(self, request: bytes, deadline: float) -> Answer:
        """Sends a request and returns the answer. `deadline` (`time.monotonic()`) is for all of it.

        A kept connection that gives no byte back was closed by the peer meanwhile, and the request is sent once more
        on a new one: a repeat does no harm. Raises OSError (TimeoutError among them) or Malformed, and closes.
        """
        kept = self._socket is not None
        try:
            return self._attempt(request, deadline)
        except TimeoutError:
            raise
        except (OSError, Malformed):
            if not kept or self._received:
                raise
        return self._attempt(request, deadline)

    def close(self) -> None:
        """Closes the connection; the next exchange opens another."""
        if self._socket is not None:
            self._wire_before += bytes_on_wire(self._socket)
            self._socket.close()
        self._socket = self._stream = None

    def wire_bytes(self) -> int:
        """Bytes on the wire both ways so far: handshakes, headers of TCP and IP and repeats included. 0: not known."""
        return self._wire_before + (bytes_on_wire(self._socket) if self._socket is not None else 0)

    def _attempt(self, request: bytes, deadline: float) -> Answer:
        self._received = b""
        answer = None
        try:
            if self._socket is None:
                self._open(deadline)
            self.step = ANSWER
            self._send(request, deadline)
            answer = self._answer(deadline)
        finally:
            if answer is None or not answer.reusable:
                self.close()
        if self._fresh and self._stream is not None:
            self._session, self._fresh = self._stream.session, False  # TLS 1.3 sends it with the first answer
        return answer

    # opening

    def _open(self, deadline: float) -> None:
        self._connect(deadline)
        if self._origin.tls:
            try:
                self._handshake(deadline, check_time=True)
            except OSError as error:
                self.close()
                if not is_not_yet_valid(error):
                    raise
                # A machine whose clock fell back must still be seen, and told. Nothing is lost: by that clock, a
                # certificate that has since expired would look valid too.
                self._session = self._context = None
                self._connect(deadline)
                self._handshake(deadline, check_time=False)
                self._context, self._fresh = None, False

    def _connect(self, deadline: float) -> None:
        """A TCP connection to the origin, or through the proxy if there is one."""
        if self._proxy is None:
            self._dial(deadline)
            return
        try:
            self._dial(deadline)
        except OSError as error:
            kind = TimeoutError if isinstance(error, TimeoutError) else OSError
            raise kind(f"{self._proxy.name}: {error.strerror or error}") from None
        if self._origin.tls:
            self.step = TUNNEL
            try:
                self._proxy.open_tunnel(self._socket, self._origin, self._waiter, deadline)
            except OSError:
                self.close()
                raise

    def _dial(self, deadline: float) -> None:
        self.step = NAME
        addresses = self._resolver.addresses(self._waiter, deadline)
        self.step = CONNECT
        if len(addresses) == 1:
            self._socket = begun(addresses[0])
            self.address = addresses[0]
            try:
                self._waiter.until_ready(self._socket.fileno(), deadline, writing=True)
                check(self._socket)
            except OSError:
                self.close()
                raise
        else:
            from keskidee_agent.transport.dial import first_open, taking_turns  # 10 KiB, for those who need it

            self._socket, self.address = first_open(taking_turns(addresses, self.address), self._waiter, deadline)
        self._socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)

    def _handshake(self, deadline: float, *, check_time: bool) -> None:
        self.step = TLS
        if self._context is None:
            self._context = context_trusting(self._ca_file, check_time=check_time)
        self._socket, self._stream = start(self._context, self._socket, self._origin.host, self._session)
        self.handshakes += 1
        self._fresh = True
        self._until_done(self._stream.do_handshake, deadline)

    # sending and receiving

    def _send(self, request: bytes, deadline: float) -> None:
        send: Callable[[bytes], int] = self._stream.write if self._stream is not None else self._socket.send
        sent = 0
        while sent < len(request):
            sent += self._until_done(lambda: send(request[sent:] if sent else request), deadline, writing=True)  # noqa: B023

    def _answer(self, deadline: float) -> Answer:
        receive: Callable[[int], bytes] = self._stream.read if self._stream is not None else self._socket.recv
        descriptor = self._socket.fileno()
        self._waiter.until_ready(descriptor, deadline)
        while True:
            try:
                content = self._until_done(lambda: receive(65536), deadline)
            except SSLZeroReturnError:
                content = b""
            self._received += content
            if len(self._received) > LARGEST_ANSWER_BYTES:
                raise Malformed("an answer without end", self._received)
            if content and self._last is not None and self._last[0] == self._received:
                return self._last[1]  # a collector says the same most of the time
            answer = parse(self._received, ended=not content)
            if answer is not None:
                self._last = (self._received, answer) if content else None
                return answer

    def _until_done(self, action: Callable[[], Any], deadline: float, *, writing: bool = False) -> Any:
        """What the action returns, waiting whenever the socket is not ready for it."""
        while True:
            try:
                return action()
            except SSLWantReadError:
                self._waiter.until_ready(self._socket.fileno(), deadline)
            except SSLWantWriteError:
                self._waiter.until_ready(self._socket.fileno(), deadline, writing=True)
            except BlockingIOError:
                self._waiter.until_ready(self._socket.fileno(), deadline, writing=writing)


def begun(address: Address) -> Socket:
    """A socket that connects to the address, and does not block."""
    socket = Socket(address[0], SOCK_STREAM)
    try:
        socket.setblocking(False)
        socket.connect(address[1])
    except BlockingIOError:
        pass
    except OSError:
        socket.close()
        raise
    return socket


def bytes_on_wire(socket: Socket) -> int:
    """What a TCP connection has put on the wire both ways, by the kernel's count (tcp_info of linux/tcp.h); else 0."""
    try:
        info = socket.getsockopt(IPPROTO_TCP, TCP_INFO, TCP_INFO_BYTES)
    except OSError:
        return 0
    if len(info) < TCP_INFO_BYTES:  # before Linux 4.19
        return 0
    received, segments = int.from_bytes(info[128:136], "little"), info[136:144]
    sent = int.from_bytes(info[200:208], "little")
    count = int.from_bytes(segments[:4], "little") + int.from_bytes(segments[4:], "little")
    return received + sent + count * (SEGMENT_HEAD_BYTES if socket.family == AF_INET else SEGMENT_HEAD_BYTES + 20)


def check(socket: Socket) -> None:
    """Raises the OSError that a socket which has done connecting failed with."""
    number = socket.getsockopt(SOL_SOCKET, SO_ERROR)
    if number:
        raise OSError(number, said_of(number))


def said_of(number: int) -> str:
    """What the system says of an error of a socket. Windows has numbers of its own there, which C knows nothing of."""
    if sys.platform == "win32":
        import ctypes

        return ctypes.FormatError(number).strip(" .\r\n")
    return os.strerror(number)
