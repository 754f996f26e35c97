"""An inventory on its way: another process left it on disk (inventory/delivery.py); it goes in pieces between reports.

The collector says after each piece how much it has, so that whatever is lost or restarted, it goes on from there.
Loaded only while an inventory waits. The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

import os

from keskidee_agent.delivery.stocktaking import BODY_FILE
from keskidee_agent.host import clock
from keskidee_agent.spool.retention import take_place
from keskidee_agent.transport.transport import DeliveryError, error_of, number_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.transport.answer import Answer

    Send = Callable[[str, bytes], Answer]
    """POSTs to a path below this machine's."""

NEXT_FILE, STATE_FILE = "inventory.next", "inventory.json"
"""What both sides know once BODY_FILE was taken; what they know now."""
NAME_BYTES = 32
"""What is sent is known by the first half of its SHA-256 in hexadecimal digits, with which BODY_FILE begins."""
PIECE_BYTES = (1024, 8192)
"""A piece at the least, which the first one is, and at the most."""
QUICK_MS, SLOW_MS = 500, 2000
"""After a piece that took less than the first the next is twice as long, after one that took more than the second, or
did not arrive, half as long: so long a live report is late by it on a thin link.
"""
RESTS_AT_MOST = 8
OVERHEAD_BYTES = 600
"""What a piece costs on the wire besides itself: headers, TLS, the answer."""
STUCK_AT = 8
"""So many answers that bring nothing on, and it is given up."""
UNDER_WAY, TAKEN, BASE_UNKNOWN, REFUSED = "under way", "taken", "base unknown", "refused"
_NO_SUCH_ROUTE = (404, 405)


class Stock:
    """The inventory that waits in `folder`. `outcome` says how far it is, `reason` why it was refused."""

    __slots__ = (
        "_failures",
        "_folder",
        "_has",
        "_in_pieces",
        "_name",
        "_piece_bytes",
        "_rests",
        "_stuck",
        "length",
        "outcome",
        "reason",
    )

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._name = self._read(0, NAME_BYTES).decode("ascii", "replace")
        self.length = os.stat(os.path.join(folder, BODY_FILE)).st_size - NAME_BYTES
        self._has: int | None = None
        self._in_pieces = self.length > PIECE_BYTES[1]
        self._piece_bytes = PIECE_BYTES[0]
        self._stuck = self._failures = self._rests = 0
        self.outcome = UNDER_WAY
        self.reason = ""

    @property
    def is_long(self) -> bool:
        """Whether it is more than a piece: all there is and not only what changed, which goes before that."""
        return self.length > PIECE_BYTES[1]

    @property
    def least_bytes(self) -> int:
        """What the next POST costs on the wire, if it is as short as it may be."""
        return min(self.length, PIECE_BYTES[0]) + OVERHEAD_BYTES

    def is_due(self) -> bool:
        """Whether to go on in this round. After failures in a row it rests for 1, 2, 4 ... rounds."""
        self._rests -= 1
        return self._rests < 0 and self.outcome == UNDER_WAY

    def go_on(self, send: Send, room: int | None) -> None:
        """One POST: a piece, or all of it where that is short or the collector is older. Raises DeliveryError.

        `room` is how many bytes it may cost; None: as many as it wants.
        """
        began_ms = clock.boot_ms()
        try:
            answer = self._post(send, self._piece_bytes if room is None else room - OVERHEAD_BYTES)
            self._understand(answer)
        except DeliveryError:
            self._has = None  # perhaps the answer was lost, and not the piece
            self._piece_bytes = max(self._piece_bytes // 2, PIECE_BYTES[0])
            self._failures += 1
            self._rests = min(2 ** (self._failures - 1), RESTS_AT_MOST)
            raise
        except OSError as error:  # of our own disk: the transport's are told as DeliveryError
            self._refused(f"{BODY_FILE}: {error.strerror}")
        else:
            self._failures = 0
            self._pace(clock.boot_ms() - began_ms)

    def _understand(self, answer: Answer) -> None:
        """Does what the answer asks for. Raises DeliveryError where it says that the collector cannot."""
        if answer.status == 202 and self._in_pieces:
            self._went_on(answer)
        elif answer.status == 204:
            self._taken()
        elif answer.status == 409:
            self._drop(BASE_UNKNOWN)
        elif answer.status in _NO_SUCH_ROUTE and self._in_pieces:
            self._in_pieces = False
        elif (refusal := error_of(answer)).permanent:
            self._refused(str(refusal))
        else:
            raise refusal

    def _pace(self, took_ms: int) -> None:
        if took_ms < QUICK_MS:
            self._piece_bytes = min(self._piece_bytes * 2, PIECE_BYTES[1])
        elif took_ms > SLOW_MS:
            self._piece_bytes = max(self._piece_bytes // 2, PIECE_BYTES[0])

    def _post(self, send: Send, room: int) -> Answer:
        if not self._in_pieces:
            return send("inventory", self._read(NAME_BYTES, self.length))
        if self._has is None:  # an empty piece asks
            return send(self._path(0), b"")
        size = max(PIECE_BYTES[0], min(self._piece_bytes, room))
        return send(self._path(self._has), self._read(NAME_BYTES + self._has, size))

    def _path(self, start: int) -> str:
        return f"inventory/pieces?body={self._name}&length={self.length}&start={start}"

    def _went_on(self, answer: Answer) -> None:
        has = number_in(answer.body, b"have")
        if has is None or has >= self.length:
            self._refused(f"an answer that is not the collector's: {answer.body[:80]!r}")
            return
        if self._has is not None:
            self._stuck += has <= self._has
        self._has = has
        if self._stuck == STUCK_AT:
            self._refused(f"the collector does not go on from {has} of {self.length} bytes")

    def _taken(self) -> None:
        _tried(take_place, self._at(NEXT_FILE), self._at(STATE_FILE))
        self._drop(TAKEN)

    def _refused(self, reason: str) -> None:
        self.reason = reason
        self._drop(REFUSED)

    def _drop(self, outcome: str) -> None:
        """It is over. Where the collector lacks its base, what was known of that goes too: then all is told."""
        self.outcome = outcome
        for name in (BODY_FILE, NEXT_FILE, *((STATE_FILE,) if outcome == BASE_UNKNOWN else ())):
            _tried(os.unlink, self._at(name))

    def _read(self, start: int, size: int) -> bytes:
        with open(self._at(BODY_FILE), "rb", buffering=0) as file:
            file.seek(start)
            return file.read(size)

    def _at(self, name: str) -> str:
        return os.path.join(self._folder, name)


def _tried(change: Callable[..., None], *paths: str) -> None:
    """Changes a file, if that is possible: otherwise it was done before, or the next inventory sets it right."""
    try:
        change(*paths)
    except OSError:
        return
