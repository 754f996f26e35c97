"""What becomes of a device's polls: reports like any machine's, kept on disk until the collector has them.

Each device has a session, a spool and a delivery of its own, the same as an agent's (agent/README.md, "Delivery").
Their POSTs go over a few lines, kept connections with a thread each, so that a slow link holds up no poll.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from keskidee_agent.delivery.delivery import Delivery
from keskidee_agent.devices.poller.stock import facts_of
from keskidee_agent.host import clock
from keskidee_agent.spool.spool import Spool
from keskidee_agent.transport.connection import Connection
from keskidee_agent.transport.transport import UNREACHABLE_CAP_SECONDS, DeliveryError, Pauses, Transport
from keskidee_agent.transport.waiting import Waiter
from keskidee_report.codec import Encoder
from keskidee_report.wire import SESSION_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from keskidee_agent.devices.parts import Identity
    from keskidee_agent.devices.poller.target import Target
    from keskidee_agent.devices.poller.watch import Poll
    from keskidee_agent.transport.origin import Origin
    from keskidee_agent.transport.proxy import Proxy
    from keskidee_agent.transport.transport import Wishes

WAITING_AT_MOST = 10_000
"""Polls that wait for a line; what comes then is lost and told."""
DELIVERY_SECONDS = (2.0, 10.0)
UNREACHABLE = "unreachable"


def warn(line: str) -> None:
    """One line to stderr, where the service manager keeps it with the time."""
    sys.stderr.write(f"keskidee agent: {line}\n")
    sys.stderr.flush()


class Line:
    """One connection to the collector and the thread that alone uses it. While nobody answers, nobody is asked."""

    def __init__(self, origin: Origin, ca_file: str, proxy: Proxy | None) -> None:
        self.origin, self.ca_file, self.proxy = origin, ca_file, proxy
        self.waiter = Waiter()
        self.connection = Connection(origin, ca_file, self.waiter, proxy)
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(WAITING_AT_MOST)
        self._pauses = Pauses()
        self._paused_until_ms = 0
        self._reason = ""
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)
        self._thread.start()

    def put(self, job: Callable[[], None]) -> bool:
        """Whether there was room for it."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return False
        return True

    def close(self, seconds: float) -> None:
        """Does what waits, as far as that takes no longer, and ends."""
        try:
            self._jobs.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def check(self) -> None:
        """Raises DeliveryError while the line waits for the collector to come back."""
        if clock.boot_ms() < self._paused_until_ms:
            raise DeliveryError(self._reason, longest_seconds=UNREACHABLE_CAP_SECONDS)

    def failed(self, error: DeliveryError) -> None:
        """Nobody answered: for a while nobody asks over this line."""
        pause = self._pauses.after(error, DELIVERY_SECONDS[0])
        self._paused_until_ms = clock.boot_ms() + int(pause * 1000)
        if not self._reason:
            warn(f"devices delivery=failing reason={str(error)!r}")
        self._reason = str(error)

    def works(self) -> None:
        """Somebody answered."""
        self._pauses.failures = 0
        if self._reason:
            self._reason = ""
            warn("devices delivery=working")

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # noqa: BLE001 - a fault in one device's delivery must not cost the others
                traceback.print_exc()


class LineTransport(Transport):
    """POSTs as one device, over a line that many share."""

    def __init__(self, line: Line, machine_id: str, credential: str) -> None:
        super().__init__(
            line.origin, machine_id, credential, line.ca_file, line.waiter, proxy=line.proxy, connection=line.connection
        )
        self._line = line

    def post(self, body: bytes, seconds: float) -> Wishes:
        self._line.check()
        try:
            wishes = super().post(body, seconds)
        except DeliveryError as error:
            if str(error).startswith(UNREACHABLE):
                self._line.failed(error)
            else:
                self._line.works()
            raise
        self._line.works()
        return wishes


class Desk:
    """One device's reports. `folder` is where what waits is kept; `spool` the bounds of it."""

    def __init__(self, target: Target, line: Line, credential: str, folder: Path, spool: Mapping[str, float]) -> None:
        self._target = target
        self._line = line
        self._identity: Identity | None = None
        self._facts = facts_of(target, None)
        self._encoder = Encoder(os.urandom(SESSION_BYTES))
        self._sequence = 0
        self._was_up: bool | None = None
        self._spool = Spool(str(folder), self._encoder.schema_frames, warn=self._warn, **spool)  # type: ignore[arg-type]
        transport = LineTransport(line, target.machine_id, credential)
        self._delivery = Delivery(
            transport, self._spool, self._encoder, facts=lambda: self._facts, warn=self._warn_of_delivery
        )

    @property
    def interval_seconds(self) -> int:
        """From one poll to the next: as set, or longer where the collector wishes that for a thin link."""
        wishes = self._delivery.wishes
        return max(self._target.interval_seconds, wishes.interval_seconds if wishes is not None else 0)

    @property
    def waiting(self) -> int:
        """Reports that the collector has not got yet."""
        return self._spool.reports

    def aim(self, target: Target) -> None:
        """The device is asked in another way from now on."""
        self._target = target
        self._facts = facts_of(target, self._identity)

    def put(self, poll: Poll) -> None:
        """Takes a poll, without waiting."""
        boot_ms, wall_ms = clock.boot_ms(), clock.wall_ms()
        if not self._line.put(lambda: self._tell(poll, boot_ms, wall_ms)):
            self._warn("poll=lost reason='too many wait for the collector'")

    def close(self) -> None:
        """Makes what waits durable, once the line has done with it."""
        self._line.put(self._spool.close)

    def _tell(self, poll: Poll, boot_ms: int, wall_ms: int) -> None:
        if poll.whole is not None:
            self._identity = poll.whole.identity
            self._facts = facts_of(self._target, self._identity)
        report = self._encoder.report(poll.readings, sequence=self._sequence, boot_ms=boot_ms, wall_ms=wall_ms)
        self._encoder.forget_samples()
        self._sequence += 1
        self._spool.hold(report)
        shortest, longest = DELIVERY_SECONDS
        seconds = min(longest, max(shortest, self.interval_seconds / 2))
        has_turned, self._was_up = self._was_up not in (None, poll.is_up), poll.is_up
        if has_turned or (self._sequence == 1 and not poll.is_up):
            self._warn("answers=yes" if poll.is_up else f"answers=no reason={poll.readings[0].reason!r}")
        self._delivery.deliver(seconds, self.interval_seconds, urgent=has_turned)

    def _warn(self, line: str) -> None:
        warn(f"device={self._target.name!r} {line}")

    def _warn_of_delivery(self, line: str) -> None:
        """Of what befalls all alike the line tells."""
        if f"reason='{UNREACHABLE}" not in line and not line.startswith("delivery=working"):
            self._warn(line)
