"""The agent's side of the wire format: readings become frames, frames become the body of a POST.

Names travel once, as a PART a source. A REPORT names its schema (the list of parts) by id and then carries one 64-bit
word a sample in the order of the parts. The words are written byte plane by byte plane (all lowest bytes first),
because the high bytes of counters are nearly all alike and so deflate to nothing.
Standard library and nothing heavy: the resident agent imports this file.
"""

from __future__ import annotations

import struct
import zlib
from _operator import itemgetter
from hashlib import sha256

from keskidee_report.delta import (
    STEADY_MICROSECONDS,
    Snapshot,
    has_moved,
    packed_durations,
    to_planes,
    unpacked_durations,
)
from keskidee_report.model import KINDS, OUTCOMES, Columns
from keskidee_report.rules import HELP_LENGTH, LABEL_VALUE_LENGTH, REASON_LENGTH, clean_text
from keskidee_report.wire import (
    CONTENT_TYPE,
    DOUBLE,
    FACTS,
    GOODBYE,
    GOODBYES,
    MAGIC,
    PART,
    PART_HASH_BYTES,
    POWERS,
    REPORT,
    SCHEMA,
    SCHEMA_ID_BYTES,
    VERSION,
    frame,
    text,
    varint,
    varints,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from keskidee_report.model import Family, Names, Reading, Samples

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
    """Turns rounds into REPORT frames; one a session. What did not change since the last round is not built again."""

    def __init__(self, session: bytes) -> None:
        self.session = session
        self._parts: dict[str, _Part] = {}
        self._order: list[_Part] | None = None
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
                part = self._parts[reading.source] = _packed(part, reading.samples)
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

    def forget_samples(self) -> None:
        """Lets go of the samples of the last round: whoever speaks for thousands of machines keeps none of them."""
        for part in self._parts.values():
            part.samples = None

    def _index_of(self, sources: list[str], parts: list[_Part]) -> None:
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


class _Part:
    """The names of one source as they stand now, and how its values become words."""

    __slots__ = (
        "_format", "_in_order", "_scales", "as_doubles", "families", "hash", "labels", "names", "payload", "samples",
        "words",
    )  # fmt: skip

    def __init__(
        self, families: tuple[Family, ...], labels: tuple[dict[str, str], ...], *, as_doubles: bool = False
    ) -> None:
        self.families = families
        self.labels = labels
        self.names: Names | None = None
        self.samples: Samples | None = None
        self.words = b""
        self.as_doubles = as_doubles
        grouped = _grouped(families, labels)
        types = [DOUBLE if as_doubles else column_type(f.digits) for f, _ in grouped]
        order = [position for _, rows in grouped for position, _ in rows]
        self._in_order = None if order == list(range(len(families))) else _picker(order)
        scales = [0] * len(families)
        for (_, rows), column in zip(grouped, types, strict=True):
            for position, _ in rows:
                scales[position] = 0 if column == DOUBLE else _scale(column)
        self._scales = scales if any(scales) else []
        letters = ["d" if column == DOUBLE else "q" for column in types]
        self._format = struct.Struct(
            "<" + "".join([letter * len(rows) for letter, (_, rows) in zip(letters, grouped, strict=True)])
        )
        self.payload = varint(len(grouped)) + b"".join(map(_family_rows, grouped, types))
        self.hash = sha256(self.payload).digest()[:PART_HASH_BYTES] if families else b""

    def scaled(self, values: Sequence[float]) -> Sequence[float]:
        """Values as their columns hold them: whole numbers of units, or doubles."""
        if self.as_doubles:
            return list(map(_double, values))
        if self._scales:
            return [
                round(v * s) if s > 0 else _shifted(v, -s) if s else v
                for v, s in zip(values, self._scales, strict=True)
            ]
        return values

    def pack(self, samples: Samples, scaled: Sequence[float]) -> None:
        """Makes the words of these samples, whose values stand beside, `scaled`."""
        self.words = self._format.pack(*(scaled if self._in_order is None else self._in_order(scaled)))
        self.samples = samples


def _packed(part: _Part | None, samples: Samples) -> _Part:
    """The part with the words of these samples: this one, as long as the names are the same, or another."""
    try:
        if isinstance(samples, Columns):
            return _packed_columns(part, samples)
        families, labels, values = zip(*samples, strict=True) if samples else ((), (), ())
        if part is None or part.families != families or part.labels != labels:  # identical objects are equal at once
            part = _Part(families, labels)
        part.pack(samples, part.scaled(values))
    except (struct.error, ValueError, OverflowError):
        # what its declared column cannot hold: NaN, infinity, a fraction where digits is 0, more than 63 bits
        families, labels, values = zip(*samples, strict=True)
        part = _Part(families, labels, as_doubles=True)
        part.names = samples.names if isinstance(samples, Columns) else None
        part.pack(samples, part.scaled(values))
    return part


def _packed_columns(part: _Part | None, samples: Columns) -> _Part:
    if part is None or (part.names is not samples.names and part.names != samples.names):
        families, labels = zip(*samples.names, strict=True) if samples.names else ((), ())
        part = _Part(families, labels)
    part.names = samples.names
    part.pack(samples, part.scaled([value for _, _, value in samples]) if part.as_doubles else samples.counts)
    return part


def _picker(order: list[int]) -> Callable[[Sequence[float]], Sequence[float]]:
    """What puts values in this order."""
    if len(order) > 1:
        return itemgetter(*order)
    return lambda values: [values[position] for position in order]


def column_type(digits: int | None) -> int:
    """The byte that says how the values of a family with so many digits travel."""
    if digits is None:
        return DOUBLE
    return digits if digits >= 0 else POWERS - digits


def _scale(column: int) -> int:
    """What a value is multiplied by; below zero, how many bits it is shifted by; 0: it is a word as it is."""
    if column > POWERS:
        return POWERS - column
    return 10**column if column else 0


def _shifted(value: float, bits: int) -> int:
    whole = int(value)
    if whole != value or whole & ((1 << bits) - 1):
        raise ValueError("no multiple of its unit")
    return whole >> bits


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond 1.8e308
        return float("inf") if value > 0 else float("-inf")


def _grouped(
    of: tuple[Family, ...], labelled: tuple[dict[str, str], ...]
) -> list[tuple[Family, list[tuple[int, dict[str, str]]]]]:
    """Samples by family, each with its position; a second sample of the same name and labels is left out.

    Labels are compared as they travel: cleaned, cut to length, and absent where nothing is left.
    """
    families: dict[str, tuple[Family, list[tuple[int, dict[str, str]]]]] = {}
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for position, (family, given) in enumerate(zip(of, labelled, strict=True)):
        cleaned = {name: clean_text(value, LABEL_VALUE_LENGTH) for name, value in given.items()}
        labels = {name: value for name, value in cleaned.items() if value}
        key = (family.name, frozenset(labels.items()))
        if key not in seen:
            seen.add(key)
            families.setdefault(family.name, (family, []))[1].append((position, labels))
    return list(families.values())


def _family_rows(family_rows: tuple[Family, list[tuple[int, dict[str, str]]]], column: int) -> bytes:
    family, rows = family_rows
    names: list[str] = list(dict.fromkeys(name for _, labels in rows for name in labels))
    out = [text(family.name), bytes((KINDS.index(family.kind),)), text(clean_text(family.help, HELP_LENGTH))]
    out += [bytes((column,)), varint(len(names)), *map(text, names), varint(len(rows))]
    for _, labels in rows:
        out += [text(labels.get(name, "")) for name in names]
    return b"".join(out)


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
