"""A collector for tests of the agent: decodes what arrives as the real one does, and answers what the test wants."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

from keskidee_report.decode import (
    decode_facts,
    decode_goodbye,
    decode_index,
    decode_part,
    decode_report,
    open_envelope,
    peek_delta,
    peek_schema_id,
)
from keskidee_report.delta import Snapshot, apply_delta
from keskidee_report.wire import DELTA, FACTS, GOODBYE, PART, REPORT, SCHEMA, SPEAKS
from tests.agent.listening import Request, answer

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 8 << 20
NAMES = {FACTS: "facts", SCHEMA: "schema", PART: "part", REPORT: "report", DELTA: "delta", GOODBYE: "goodbye"}


class Collector:
    """Give it to a Listener. `statuses` are answered first, in order; `wishes` is what it answers; the next answers
    come after `delays` (seconds).

    `posts` holds the kinds of frames of each POST (a run of one kind as one), `taken` session and sequence of what was
    accepted, in the order in which it came. `connections` are those of reports. One that `speaks` 1 knows no columns of
    powers, says so to nobody, and answers `not_read` to them; one that speaks 0 knows nothing of what it is sent.
    """

    def __init__(self, *, interval_seconds: int = 15) -> None:
        self.wishes = {"interval_seconds": interval_seconds}
        self.statuses: list[int] = []
        self.lose_answers = 0
        self.speaks, self.not_read = SPEAKS, 422
        self.delays: list[float] = []
        self.refuse: Callable[[list[int]], int] = lambda _: 0
        self.posts: list[list[str]] = []
        self.taken: list[tuple[bytes, int]] = []
        self.facts: list[dict[str, str]] = []
        self.goodbyes: list[tuple[str, int]] = []
        self.bodies: list[bytes] = []
        self.inventory = b""
        self.lose_pieces = 0
        self.pieces_unknown = False
        self.connections: set[int] = set()
        self.came_at: list[float] = []
        self.snapshots: list[Snapshot] = []
        self._parts: dict[bytes, int] = {}
        self._schemas: dict[bytes, tuple[int, int]] = {}
        self._bases: dict[tuple[bytes, int], Snapshot] = {}
        self._heard = threading.Condition()

    @property
    def reports(self) -> list[int]:
        """The sequence numbers that were accepted."""
        return [sequence for _, sequence in self.taken]

    def forget(self) -> None:
        """Loses all names and bases, as after its database was lost."""
        self._parts.clear()
        self._schemas.clear()
        self._bases.clear()

    def forget_bases(self) -> None:
        """Loses what deltas are taken from."""
        self._bases.clear()

    def __call__(self, request: Request) -> bytes:
        if "/inventory" in request.line:
            return self._take_piece(request) if "/pieces?" in request.line else self._take_whole(request)
        self.connections.add(request.connection)
        with self._heard:
            status = self._take(request.body)
            self._heard.notify_all()
        if self.delays:
            time.sleep(self.delays.pop(0))
        if self.lose_answers:
            self.lose_answers -= 1
            return b""
        problem = {"status": status} | ({"speaks": self.speaks} if self.speaks > 1 else {})
        body = json.dumps(self.wishes if status == 200 else problem).encode()
        return answer(status, body)

    def _take_whole(self, request: Request) -> bytes:
        self.inventory = request.body
        return answer(204, b"")

    def _take_piece(self, request: Request) -> bytes:
        """Keeps what comes of an inventory; `posts` has how long each piece was."""
        asked = dict(pair.split("=") for pair in request.line.split()[1].partition("?")[2].split("&"))
        if int(asked["start"]) == len(self.inventory) and not self.pieces_unknown:
            self.inventory += request.body
        self.posts.append([f"piece {len(request.body)}"])
        if self.lose_pieces:
            self.lose_pieces -= 1
            return b""
        if self.pieces_unknown:
            return answer(404, b"")
        whole = len(self.inventory) == int(asked["length"])
        return answer(204, b"") if whole else answer(202, b'{"have": %d}' % len(self.inventory))

    def wait_for(self, condition: Callable[[], object], seconds: float = 20) -> None:
        """Returns once the condition holds, which is looked at after each POST."""
        with self._heard:
            assert self._heard.wait_for(lambda: bool(condition()), seconds), f"not within {seconds} s; {self.posts}"

    def _take(self, body: bytes) -> int:
        self.came_at.append(time.monotonic())
        self.bodies.append(body)
        frames = open_envelope(body, LIMIT).frames
        kinds = [NAMES[kind] for kind, _ in frames]
        self.posts.append([kind for at, kind in enumerate(kinds) if at == 0 or kind != kinds[at - 1]])
        if self.statuses:
            return self.statuses.pop(0)
        parts = [decode_part(payload) for kind, payload in frames if kind == PART]
        digits = {column.digits or 0 for part in parts for column in part.columns}
        if self.speaks < 1 or (self.speaks < 2 and min(digits, default=0) < 0):
            return self.not_read
        self._parts |= {part.hash: part.count for part in parts}
        for index in [decode_index(payload) for kind, payload in frames if kind == SCHEMA]:
            named = [part for _, part in index.sources if part]
            if not self._parts.keys() >= set(named):
                return 409
            self._schemas[index.id] = (len(index.sources), sum(self._parts[part] for part in named))
        stamped = self._read([(kind, payload) for kind, payload in frames if kind in (REPORT, DELTA)], body)
        if stamped is None:
            return 409
        refused = self.refuse([snapshot.sequence for _, snapshot in stamped])
        if refused:
            return refused
        self.taken += [(session, snapshot.sequence) for session, snapshot in stamped]
        self.snapshots += [snapshot for _, snapshot in stamped]
        self._bases.update({(session, snapshot.sequence): snapshot for session, snapshot in stamped})
        self.facts += [decode_facts(payload) for kind, payload in frames if kind == FACTS]
        goodbyes = [decode_goodbye(payload) for kind, payload in frames if kind == GOODBYE]
        self.goodbyes += [(reason, stamp.sequence) for stamp, reason in goodbyes]
        return 200

    def _read(self, reports: list[tuple[int, bytes]], body: bytes) -> list[tuple[bytes, Snapshot]] | None:
        """Session and content of each report; None where names or a base are missing."""
        session = open_envelope(body, LIMIT).session
        bases = dict(self._bases)
        out = []
        for kind, payload in reports:
            if kind == REPORT:
                stamp, schema_id = peek_schema_id(payload)
                if schema_id not in self._schemas:
                    return None
                session, snapshot = stamp.session, decode_report(payload, *self._schemas[schema_id])
            else:
                reader, sequence, base = peek_delta(payload)
                if (session, base) not in bases:
                    return None
                snapshot = apply_delta(reader, sequence, bases[session, base])
            bases[session, snapshot.sequence] = snapshot
            out.append((session, snapshot))
        return out
