"""The agent's side of the wire format: readings become frames, frames become the body of a POST.

Names travel once, as a PART a source. A REPORT names its schema (the list of parts) by id and then carries one 64-bit
word a sample in the order of the parts. The words are written byte plane by byte plane (all lowest bytes first),
because the high bytes of counters are nearly all alike and so deflate to nothing.
Standard library and nothing heavy: the resident agent imports this file.
"""

from __future__ import annotations

import zlib
from hashlib import sha256

from keskidee_report.delta import (
    STEADY_MICROSECONDS,
    Snapshot,
    has_moved,
    packed_durations,
    to_planes,
    unpacked_durations,
)
from keskidee_report.model import OUTCOMES
from keskidee_report.parts import Part, packed
from keskidee_report.rules import LABEL_VALUE_LENGTH, REASON_LENGTH, clean_text
from keskidee_report.wire import (
    CONTENT_TYPE,
    FACTS,
    GOODBYE,
    GOODBYES,
    MAGIC,
    PART,
    REPORT,
    SCHEMA,
    SCHEMA_ID_BYTES,
    SPEAKS,
    VERSION,
    frame,
    text,
    varint,
    varints,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keskidee_report.model import Reading

__all__ = [
    "CONTENT_TYPE",
    "Encoder",
    "Report",
    "envelope",
    "facts_frame",
    "goodbye_frame",
    "report_payload",
]

WINDOW_BITS = range(9, 14)
"""A window of 8 KiB holds a whole report; clearing the usual 32 KiB would double what deflating costs. A delta needs
less, and each KiB that is not touched counts, in a process that finds nothing of its own in any cache."""
MEMORY_LEVELS = range(1, 7)
"""Of zlib: it notes 2**(level + 6) symbols before it writes them out as a block, with a table of codes for each."""
SCHEMAS_KEPT = 8
"""Schemas an encoder remembers. A source that comes and goes swings between few; the spool keeps what it needs."""


class Report:
    """An encoded round: the REPORT frame, ready to send or to spool, and what a delta of it is taken from."""

    __slots__ = ("frame", "snapshot")

    def __init__(self, frame: bytes, snapshot: Snapshot) -> None:
        self.frame = frame
        self.snapshot = snapshot

    @property
    def schema_id(self) -> bytes:
        """The id of the schema that it needs."""
        return self.snapshot.schema_id

    @property
    def sequence(self) -> int:
        """Its number in the session."""
        return self.snapshot.sequence


class Encoder:
    """Turns rounds into REPORT frames; one a session. What did not change since the last round is not built again.

    `speaks` is the form in which they are written (wire.SPEAKS); `speak` sets it.
    """

    def __init__(self, session: bytes) -> None:
        self.session = session
        self.speaks = SPEAKS
        self._parts: dict[str, Part] = {}
        self._order: list[Part] | None = None
        self._index: tuple[tuple[str, bytes], ...] | None = None
        self._schema_id = b""
        self._schemas: dict[bytes, tuple[bytes, dict[bytes, bytes]]] = {}
        self._microseconds: list[int] = []
        self._durations = self._durations_sent = b""
        self._outcomes: list[str] = []
        self._codes = b""
        self._given_reasons: list[str] = []
        self._reasons: tuple[str, ...] = ()

    def report(self, readings: Sequence[Reading], *, sequence: int, boot_ms: int, wall_ms: int) -> Report:
        """Encodes one round. `boot_ms` counts since boot, `wall_ms` since the epoch, both at the reading."""
        parts = []
        for reading in readings:
            part = self._parts.get(reading.source)
            if part is None or reading.samples is not part.samples:  # the promise of Reading: else nothing changed
                part = self._parts[reading.source] = packed(part, reading.samples, self.speaks)
            parts.append(part)
        if parts != self._order:  # other names, or other sources
            self._order = parts
            self._index_of([reading.source for reading in readings], parts)
        outcomes = [reading.outcome for reading in readings]
        snapshot = Snapshot(
            sequence, max(boot_ms, 0), max(wall_ms, 0), self._schema_id,
            outcomes=self._outcome_codes(outcomes),
            durations=self._told_durations([int(reading.seconds * 1_000_000) for reading in readings]),
            reasons=self._clean_reasons([reading.reason for reading in readings if reading.outcome != OUTCOMES[0]]),
            words=b"".join([part.words for part in parts]),
        )  # fmt: skip
        return Report(frame(REPORT, _payload(self.session, snapshot, self._durations_sent)), snapshot)

    def schema_frames(
        self, schema_id: bytes, known_parts: frozenset[bytes] | set[bytes] = frozenset()
    ) -> tuple[list[bytes], set[bytes]]:
        """The SCHEMA frame and the PART frames not in `known_parts`; and the hashes of all parts of that schema.

        Raises KeyError for a schema that is no longer remembered.
        """
        index, parts = self._schemas[schema_id]
        missing = [frame(PART, payload) for part_hash, payload in parts.items() if part_hash not in known_parts]
        return [*missing, frame(SCHEMA, index)], set(parts)

    def speak(self, speaks: int) -> None:
        """From the next report on in this form, which needs names of its own."""
        self.speaks = speaks
        self._parts.clear()

    def forget_samples(self) -> None:
        """Lets go of the samples of the last round: whoever speaks for thousands of machines keeps none of them."""
        for part in self._parts.values():
            part.samples = None

    def _index_of(self, sources: list[str], parts: list[Part]) -> None:
        index = tuple([(source, part.hash) for source, part in zip(sources, parts, strict=True)])
        if index != self._index:
            self._index = index
            self._microseconds = []
            self._schema_id = self._remember(index)

    def _outcome_codes(self, outcomes: list[str]) -> bytes:
        if outcomes != self._outcomes:
            self._outcomes = outcomes
            self._codes = bytes(map(OUTCOMES.index, outcomes))
        return self._codes

    def _told_durations(self, microseconds: list[int]) -> bytes:
        """As a snapshot holds them; one that hardly moved is told as before, so that most rounds need no new bytes."""
        told = self._microseconds
        if not told:
            told[:] = microseconds
        else:
            near = STEADY_MICROSECONDS  # most are not looked at twice
            pairs = zip(told, microseconds, strict=True)
            moved = [
                at for at, (was, took) in enumerate(pairs) if not -near < took - was < near and has_moved(was, took)
            ]
            if not moved:
                return self._durations
            for at in moved:
                told[at] = microseconds[at]
        self._durations = packed_durations(told)
        self._durations_sent = varints(unpacked_durations(self._durations))
        return self._durations

    def _clean_reasons(self, given: list[str]) -> tuple[str, ...]:
        if given != self._given_reasons:
            self._given_reasons = given
            self._reasons = tuple([clean_text(reason, REASON_LENGTH) for reason in given])
        return self._reasons

    def _remember(self, index: tuple[tuple[str, bytes], ...]) -> bytes:
        rows = [text(source) + (b"\x01" + part_hash if part_hash else b"\x00") for source, part_hash in index]
        payload = varint(len(index)) + b"".join(rows)
        schema_id = sha256(payload).digest()[:SCHEMA_ID_BYTES]
        parts = {part_hash: self._parts[source].payload for source, part_hash in index if part_hash}
        self._schemas.pop(schema_id, None)
        self._schemas[schema_id] = (payload, parts)
        while len(self._schemas) > SCHEMAS_KEPT:
            del self._schemas[next(iter(self._schemas))]
        return schema_id


def report_payload(session: bytes, report: Snapshot) -> bytes:
    """The payload of a REPORT frame: all that it says."""
    return _payload(session, report, varints(unpacked_durations(report.durations)))


def _payload(session: bytes, report: Snapshot, durations: bytes) -> bytes:
    head = [session, varint(report.sequence), varint(report.boot_ms), varint(report.wall_ms)]
    head += [report.schema_id, report.outcomes, durations]
    head += map(text, report.reasons)
    head.append(to_planes(report.words))
    return b"".join(head)


def facts_frame(facts: dict[str, str]) -> bytes:
    """What the machine is (host name, system, maker ...) as texts by key; sent when it changed."""
    rows = [text(key) + text(clean_text(value, LABEL_VALUE_LENGTH)) for key, value in sorted(facts.items())]
    return frame(FACTS, varint(len(rows)) + b"".join(rows))


def goodbye_frame(session: bytes, sequence: int, boot_ms: int, wall_ms: int, reason: str) -> bytes:
    """The last word of a session: the machine shuts down or sleeps, or only the agent stops or is upgraded."""
    head = session + varint(sequence) + varint(boot_ms) + varint(wall_ms)
    return frame(GOODBYE, head + bytes((GOODBYES.index(reason),)))


def envelope(session: bytes, sent_boot_ms: int, sent_wall_ms: int, frames: Iterable[bytes]) -> bytes:
    """The body of a POST. The two clocks at sending let the collector place every sample on its own clock."""
    content = b"".join([varint(sent_boot_ms), varint(sent_wall_ms), session, *frames])
    bits = len(content).bit_length()
    window = min(max(bits + 1, WINDOW_BITS[0]), WINDOW_BITS[-1])  # it sees back only to 262 bytes less than the window
    memory = min(max(bits - 6, MEMORY_LEVELS[0]), MEMORY_LEVELS[-1])
    packer = zlib.compressobj(6, zlib.DEFLATED, window, memory)
    return MAGIC + bytes((VERSION, 0)) + packer.compress(content) + packer.flush()
