"""What goes out in a round: the live report first, then a little of the backlog, with names only where they are needed.

The backlog travels apart from the live report, oldest first, one POST a round, so that an agent that comes back after
hours leaves the link and the collector room for everybody's live reports. An inventory goes after it, a piece a round.
"""

from __future__ import annotations

from keskidee_agent.delivery.courtesy import Courtesy
from keskidee_agent.delivery.forms import Known
from keskidee_agent.host import clock
from keskidee_agent.spool.chain import chained
from keskidee_agent.spool.cursor import REFUSED
from keskidee_agent.spool.names import Names
from keskidee_agent.transport.transport import DeliveryError, Pauses
from keskidee_report.codec import envelope, facts_frame, goodbye_frame
from keskidee_report.wire import SPEAKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.delivery.stock import Stock
    from keskidee_agent.delivery.thrift import Thrift
    from keskidee_agent.spool.backlog import Batch
    from keskidee_agent.spool.spool import Spool
    from keskidee_agent.transport.answer import Answer
    from keskidee_agent.transport.transport import Transport, Wishes
    from keskidee_report.codec import Encoder

BATCH_REPORTS = 32
BATCH_BYTES = 512 << 10
"""Of a backlog POST, before it is deflated."""
TURNS = 4
"""Each so many turns an inventory goes before a backlog, so that it arrives though a backlog never ends."""
PLAIN = 1
"""What every collector reads (wire.SPEAKS)."""
OLDER_MS = 600_000
"""So long a backlog rests that an older collector cannot read, before it is tried again."""
PIECE_SECONDS = 1.0
"""In less than this a piece would not arrive on a thin link, and a broken connection costs more than a piece."""


class Delivery:
    """Sends what the spool holds. `facts` of the machine go out when they changed; `warn` hears of changes of state.

    `failures` counts POSTs that were not accepted, `deferred` rounds that waited for this machine's share of a thin
    link; `wishes` is what the collector last asked for, None before the first answer; `stock` is an inventory that
    is to go; `is_unknown` says that the collector did not know this machine's credential the last time.
    """

    def __init__(
        self,
        transport: Transport,
        spool: Spool,
        encoder: Encoder,
        *,
        facts: Callable[[], dict[str, str]],
        warn: Callable[[str], None],
    ) -> None:
        self.failures = 0
        self.deferred = 0
        self.wishes: Wishes | None = None
        self.stock: Stock | None = None
        self.is_unknown = False
        self._transport = transport
        self._spool = spool
        self._encoder = encoder
        self._facts = facts
        self._warn = warn
        self._pauses = Pauses()
        self._paused_until_ms = 0
        self._trouble = ""
        self._known = Known(encoder)
        self._one_by_one = 0
        self._older_until_ms = 0
        self._rounds_waiting = 0
        self._turn = 0
        self._urgent = False
        self._courtesy = Courtesy()
        self._thrift: Thrift | None = None
        self._post_bytes = 0

    @property
    def is_thrifty(self) -> bool:
        """Whether reports wait for each other, or for a share of a thin link: then it matters what is urgent."""
        return self._thrift is not None or (self.wishes is not None and self.wishes.batch > 1)

    @property
    def wire_bytes(self) -> int:
        """Bytes on the wire to and from the collector, in this session."""
        return self._transport.connection.wire_bytes()

    def deliver(self, seconds: float, interval_seconds: float, *, urgent: bool = False) -> None:
        """One round's sending, within `seconds`; nothing while it pauses after a failure, or while a batch fills.

        `urgent`: this report says something that must not wait; nor do later ones until it has arrived.
        """
        self._urgent = self._urgent or urgent
        self._rounds_waiting += 1
        if clock.boot_ms() < self._paused_until_ms:
            return
        batch = self.wishes.batch if self.wishes is not None else 1
        if self._rounds_waiting < batch and not self._urgent:
            return
        began_ms = clock.boot_ms()
        deadline_ms = began_ms + int(seconds * 1000)
        try:
            if self._thrift is not None and not self._may_spend(urgent=self._urgent):
                self.deferred += 1
                return
            together = self._recent(batch) if batch > 1 else None
            self._send_live(together, seconds)
            self._rounds_waiting, self._urgent = 0, False
            courteous = self.is_thrifty or self._courtesy.allows(clock.boot_ms() - began_ms)
            if courteous:
                self._send_rest(together is None, deadline_ms)
        except DeliveryError as error:
            self._pause(error, interval_seconds)
        else:
            self._pauses.failures = 0
            self.is_unknown = False
            if self._trouble:
                self._trouble = ""
                self._older_until_ms = 0  # it was away: perhaps to be upgraded
                self._warn(f"delivery=working waiting={self._spool.reports}")

    def goodbye(self, sequence: int, reason: str, seconds: float) -> None:
        """The last POST of the session: the report that still waits, and why the agent goes. One try."""
        now_ms, wall_ms = clock.boot_ms(), clock.wall_ms()
        frames = [goodbye_frame(self._encoder.session, sequence, now_ms, wall_ms, reason)]
        live = self._spool.live
        if live is not None and live.schema_id in self._known.schemas:
            frames.insert(0, live.frame)
        try:
            self._transport.post(envelope(self._encoder.session, now_ms, wall_ms, frames), seconds)
        except DeliveryError as error:
            self._warn(f"goodbye=undelivered reason={str(error)!r}")
            return
        if len(frames) > 1:
            self._spool.acknowledge_live()

    # inside

    def _recent(self, batch: int) -> Batch | None:
        """The reports that waited for the live one, to go in one POST with it; None where it goes alone.

        A backlog that is longer than a batch travels apart, behind the live report.
        """
        waiting = self._spool.reports - 1
        if not 0 < waiting < batch or self._one_by_one:
            return None
        found = self._spool.oldest(batch, BATCH_BYTES)
        return found if found is not None and len(found.reports) == waiting else None

    def _send_live(self, before: Batch | None, seconds: float) -> None:
        """The newest report, in the shortest form that the collector should understand, and in longer ones if not.

        What waited `before` it goes along.
        """
        live = self._spool.live
        if live is None:
            return
        facts = self._facts()
        for form in self._known.forms(live, before):
            told = [facts_frame(facts)] if form.all_names or facts != self._known.facts else []
            try:
                self._post([*told, *form.frames], seconds)
            except DeliveryError as error:
                if error.names_missing and not form.all_names:
                    continue
                if before is not None and (error.permanent or error.is_older):
                    self._one_by_one = len(before.reports)  # which of them it was shows when they go so
                    return
                if error.is_older and self._encoder.speaks != PLAIN:
                    self._speak(PLAIN, error)  # from the next report on; this one is kept
                    return
                if not error.permanent:
                    raise
                self._spool.drop_live(REFUSED)
                self._refused(error)
            else:
                self._known.took(form, live.schema_id, facts)
                self._spool.acknowledge_live()
                if before is not None:
                    self._spool.acknowledge(before)
            return

    def _send_rest(self, backlog: bool, deadline_ms: int) -> None:
        """One POST of what is not live: of the backlog, or of an inventory where there is none or it had its turns."""
        self._turn += 1
        stock = self.stock
        left_seconds = (deadline_ms - clock.boot_ms()) / 1000
        is_its_turn = stock is not None and (not self._spool.reports or self._turn % TURNS == 0)
        if stock is not None and is_its_turn and left_seconds >= PIECE_SECONDS and stock.is_due():
            self._send_piece(stock, left_seconds)
        elif backlog and self._spool.reports and self._is_readable() and self._may_spend(backlog=True):
            self._send_backlog(left_seconds)

    def _send_piece(self, stock: Stock, seconds: float) -> None:
        """The next piece of the inventory, where this machine's share of the link has room for it."""
        room = None
        if self._thrift is not None:
            from keskidee_agent.delivery.thrift import BACKLOG, INVENTORY

            left_over, now = INVENTORY if stock.is_long else BACKLOG, clock.boot_ms()
            if not self._thrift.allows(stock.least_bytes, left_over, now):
                return
            room = self._thrift.room(left_over, now)

        def send(path: str, body: bytes) -> Answer:
            return self._transport.post_to(path, body, seconds)

        before = self.wire_bytes
        try:
            stock.go_on(send, room)
        except DeliveryError:  # it rests; live reports need not
            self.failures += 1
        finally:
            if self._thrift is not None:
                self._thrift.spend(self.wire_bytes - before, clock.boot_ms())

    def _send_backlog(self, seconds: float) -> None:
        """One batch; one report a POST for a while after a batch was refused, so that a bad one costs no others."""
        batch = self._spool.oldest(1 if self._one_by_one else BATCH_REPORTS, BATCH_BYTES)
        if batch is None or seconds <= 0:
            return
        names = Names(batch.names)
        reports, _ = chained(batch.reports, names.sources)
        for again in (False, True):
            known = () if again else self._known.schemas
            missing, parts = names.wanted(batch.schema_ids, known, () if again else self._known.parts)
            try:
                self._post([*missing, *reports], seconds)
            except DeliveryError as error:
                if error.names_missing and not again:
                    continue
                if error.is_older:  # live reports, which are in its form, need not wait for it
                    self._older_until_ms = clock.boot_ms() + OLDER_MS
                    return
                if not error.permanent:
                    raise
                self._refuse_batch(batch, error)
            else:
                if self._encoder.speaks != SPEAKS:  # the report that was kept first was among them
                    self._speak(SPEAKS)
                self._one_by_one = max(0, self._one_by_one - 1)
                self._known.learn(batch.schema_ids, parts)
                self._spool.acknowledge(batch)
            return

    def _is_readable(self) -> bool:
        """Whether what waits may go: not while it waits for a collector that is older."""
        return clock.boot_ms() >= self._older_until_ms

    def _speak(self, speaks: int, error: DeliveryError | None = None) -> None:
        """Later reports are written so that the collector reads them; as ever, once it was upgraded."""
        self._encoder.speak(speaks)
        why = f" reason={str(error)!r}" if error is not None else ""
        self._warn(f"delivery=form speaks={speaks}{why}")

    def _refuse_batch(self, batch: Batch, error: DeliveryError) -> None:
        if len(batch.reports) > 1:
            self._one_by_one = len(batch.reports)
            return
        self._one_by_one = max(0, self._one_by_one - 1)
        self._spool.acknowledge(batch, REFUSED)
        self._refused(error)

    def _post(self, frames: list[bytes], seconds: float) -> None:
        body = envelope(self._encoder.session, clock.boot_ms(), clock.wall_ms(), frames)
        before = self.wire_bytes if self._thrift is not None else 0
        try:
            self._follow(self._transport.post(body, seconds))
        except DeliveryError as error:
            if not error.names_missing:
                self.failures += 1
            raise
        finally:
            if self._thrift is not None:
                self._post_bytes = max(self.wire_bytes - before, len(body))
                self._thrift.spend(self._post_bytes, clock.boot_ms())

    def _follow(self, wishes: Wishes) -> None:
        """Takes the share of the link that the collector gives."""
        self.wishes = wishes
        if not wishes.bytes_per_hour:
            self._thrift = None
        elif self._thrift is not None:
            self._thrift.set_share(wishes.bytes_per_hour)
        else:
            from keskidee_agent.delivery.thrift import Thrift  # for those behind a thin link

            self._thrift = Thrift(wishes.bytes_per_hour, clock.boot_ms())

    def _may_spend(self, *, urgent: bool = False, backlog: bool = False) -> bool:
        """Whether this machine's share of the link has room for another POST like the last one."""
        if self._thrift is None:
            return True
        from keskidee_agent.delivery.thrift import BACKLOG, LIVE, URGENT

        left_over = BACKLOG if backlog else URGENT if urgent else LIVE
        return self._thrift.allows(self._post_bytes, left_over, clock.boot_ms())

    def _pause(self, error: DeliveryError, interval_seconds: float) -> None:
        pause_seconds = self._pauses.after(error, interval_seconds)
        self._paused_until_ms = clock.boot_ms() + int(pause_seconds * 1000)
        self.is_unknown = error.unknown_credential
        reason = str(error)
        if reason != self._trouble:
            self._trouble = reason
            self._warn(f"delivery=failing reason={reason!r} next_try_seconds={pause_seconds:.0f}")

    def _refused(self, error: DeliveryError) -> None:
        self._warn(f"delivery=refused reports=1 reason={str(error)!r}")
