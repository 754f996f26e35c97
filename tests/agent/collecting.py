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
    open_envelope,
    peek_schema_id,
)
from keskidee_report.wire import FACTS, GOODBYE, PART, REPORT, SCHEMA
from tests.agent.listening import OK_BODY, Request, answer

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 8 << 20
NAMES = {FACTS: "facts", SCHEMA: "schema", PART: "part", REPORT: "report", GOODBYE: "goodbye"}


class Collector:
    """Give it to a Listener. `statuses` are answered first, in order; `interval_seconds` is what it wishes.

    `posts` holds the kinds of frames of each POST (a run of one kind as one), `taken` session and sequence of what was
    accepted, in the order in which it came.
    """

    def __init__(self, *, interval_seconds: int = 15) -> None:
        self.interval_seconds = interval_seconds
        self.statuses: list[int] = []
        self.refuse: Callable[[list[int]], int] = lambda _: 0
        self.posts: list[list[str]] = []
        self.taken: list[tuple[bytes, int]] = []
        self.facts: list[dict[str, str]] = []
        self.goodbyes: list[tuple[str, int]] = []
        self.bodies: list[bytes] = []
        self.came_at: list[float] = []
        self._parts: set[bytes] = set()
        self._schemas: set[bytes] = set()
        self._heard = threading.Condition()

    @property
    def reports(self) -> list[int]:
        """The sequence numbers that were accepted."""
        return [sequence for _, sequence in self.taken]

    def forget(self) -> None:
        """Loses all names, as after its database was lost."""
        self._parts.clear()
        self._schemas.clear()

    def __call__(self, request: Request) -> bytes:
        with self._heard:
            status = self._take(request.body)
            self._heard.notify_all()
        body = json.dumps({"interval_seconds": self.interval_seconds}).encode() if status == 200 else OK_BODY
        return answer(status, body)

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
        self._parts |= {decode_part(payload).hash for kind, payload in frames if kind == PART}
        for index in [decode_index(payload) for kind, payload in frames if kind == SCHEMA]:
            if not {part for _, part in index.sources if part} <= self._parts:
                return 409
            self._schemas.add(index.id)
        stamped = [peek_schema_id(payload) for kind, payload in frames if kind == REPORT]
        if any(schema_id not in self._schemas for _, schema_id in stamped):
            return 409
        refused = self.refuse([stamp.sequence for stamp, _ in stamped])
        if refused:
            return refused
        self.taken += [(stamp.session, stamp.sequence) for stamp, _ in stamped]
        self.facts += [decode_facts(payload) for kind, payload in frames if kind == FACTS]
        goodbyes = [decode_goodbye(payload) for kind, payload in frames if kind == GOODBYE]
        self.goodbyes += [(reason, stamp.sequence) for stamp, reason in goodbyes]
        return 200
