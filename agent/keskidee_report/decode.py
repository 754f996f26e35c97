"""The collector's side of the wire format: the body of a POST becomes reports. Refuses what breaks a rule.

Every count is checked against the bytes that are left before anything is allocated, and inflating stops at a limit.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from hashlib import sha256

from keskidee_report.delta import Snapshot, snapshot_of, unpacked_durations
from keskidee_report.model import KINDS, OUTCOMES, Malformed, UnknownForm
from keskidee_report.rules import (
    FRAMES_AT_MOST,
    HELP_LENGTH,
    LABEL_VALUE_LENGTH,
    LABELS_AT_MOST,
    NAME_LENGTH,
    SOURCES_AT_MOST,
    is_name,
)
from keskidee_report.wire import (
    DOUBLE,
    GOODBYES,
    MAGIC,
    PART_HASH_BYTES,
    POWERS,
    SCHEMA_ID_BYTES,
    SESSION_BYTES,
    VERSION,
    Reader,
)

UTF8_BYTES = 4
LARGEST_POWER = 32


class TooLarge(Malformed):
    """The body inflates beyond its limit."""


class OverLimit(Malformed):
    """The body holds more families, samples, frames ... than one may send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An inflated POST: the sender's clocks when it sent (ms), its session, and the frames (type, payload) in order."""

    sent_boot_ms: int
    sent_wall_ms: int
    session: bytes
    frames: list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One family of a part: what it is called and, a sample, the values of its labels (empty: absent)."""

    name: str
    kind: str
    help: str
    digits: int | None
    labels: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The names of one source; `hash` is the first 16 bytes of the SHA-256 of its payload, `count` its samples."""

    hash: bytes
    columns: tuple[Column, ...]
    count: int
    label_values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A schema: its id and, a source, the hash of its part (empty when it gave nothing)."""

    id: bytes
    sources: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Which report this is and when it was taken: session, sequence, ms since boot, ms since the epoch."""

    session: bytes
    sequence: int
    boot_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What became of the sources: outcome, reason (empty where it is ok) and seconds each, in the schema's order."""

    outcomes: list[str]
    reasons: list[str]
    seconds: list[float]


def round_of(snapshot: Snapshot) -> Round:
    """The sources' side of a report."""
    reasons = iter(snapshot.reasons)
    return Round(
        outcomes=[OUTCOMES[code] for code in snapshot.outcomes],
        reasons=[next(reasons) if code else "" for code in snapshot.outcomes],
        seconds=[microseconds / 1_000_000 for microseconds in unpacked_durations(snapshot.durations)],
    )


def open_envelope(body: bytes, inflated_limit: int) -> Envelope:
    """Checks and inflates a body. Raises UnknownForm, TooLarge, OverLimit or Malformed."""
    if body[:2] != MAGIC or len(body) < 4:
        raise Malformed("no keskidee report", bytes(body[:16]))
    if body[2] != VERSION:
        raise UnknownForm(f"version {body[2]} of the report format, where {VERSION} is known")
    if body[3]:
        raise UnknownForm(f"flags {body[3]:#04x} that are not known")
    reader = Reader(_inflate(memoryview(body)[4:], inflated_limit))
    sent_boot_ms, sent_wall_ms = reader.varint(), reader.varint()
    session = reader.take(SESSION_BYTES)
    frames = []
    while reader.left():
        kind = reader.byte()
        frames.append((kind, reader.take(reader.varint())))
        if len(frames) > FRAMES_AT_MOST:
            raise OverLimit(f"more than the {FRAMES_AT_MOST} frames that are allowed")
    return Envelope(sent_boot_ms=sent_boot_ms, sent_wall_ms=sent_wall_ms, session=session, frames=frames)


def _inflate(deflated: memoryview, limit: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(deflated, limit + 1)
    except zlib.error as error:
        raise Malformed(f"not a zlib stream: {error}") from error
    if len(inflated) > limit:
        raise TooLarge(f"inflates to more than {limit} bytes")
    if not inflater.eof:
        raise Malformed("cut short: the zlib stream does not end")
    if inflater.unused_data:
        raise Malformed("bytes after the zlib stream")
    return inflated


def decode_facts(payload: bytes, limit: int = 100) -> dict[str, str]:
    """Texts by key, at most `limit`."""
    reader = Reader(payload)
    count = reader.count(2)
    if count > limit:
        raise OverLimit(f"{count} facts, where {limit} are allowed")
    facts = {}
    for _ in range(count):
        key = reader.text(NAME_LENGTH)
        if not is_name(key):
            raise Malformed("a fact whose key is no name", key)
        facts[key] = reader.text(LABEL_VALUE_LENGTH * UTF8_BYTES)
    reader.finish()
    return facts


def decode_index(payload: bytes) -> Index:
    """A SCHEMA frame."""
    reader = Reader(payload)
    count = reader.count(2)
    if count > SOURCES_AT_MOST:
        raise OverLimit(f"{count} sources, where {SOURCES_AT_MOST} are allowed")
    sources = []
    for _ in range(count):
        source = reader.text(NAME_LENGTH)
        if not is_name(source):
            raise Malformed("a source whose name is no name", source)
        has_part = reader.byte()
        if has_part > 1:
            raise UnknownForm(f"a source's mark {has_part}, where 0 or 1 is allowed")
        sources.append((source, reader.take(PART_HASH_BYTES) if has_part else b""))
    reader.finish()
    if len({source for source, _ in sources}) != len(sources):
        raise Malformed("a schema that names a source twice")
    return Index(id=sha256(payload).digest()[:SCHEMA_ID_BYTES], sources=tuple(sources))


def decode_part(
    payload: bytes, *, families: int = 100_000, samples: int = 1_000_000, label_values: int = 20_000_000
) -> Part:
    """A PART frame. Malformed: a name of broken syntax, a family or a series twice; UnknownForm: a kind or column type.

    Raises OverLimit for more than so many families, samples or label values, before they take memory.
    """
    reader = Reader(payload)
    count = reader.count(7)
    if count > families:
        raise OverLimit(f"{count} families, where {families} are allowed")
    left, values_left = samples, label_values
    decoded: list[Column] = []
    for _ in range(count):
        column = _decode_column(reader, left, values_left)
        decoded.append(column)
        left -= len(column.rows)
        values_left -= len(column.rows) * len(column.labels)
    reader.finish()
    columns = tuple(decoded)
    if len({column.name for column in columns}) != len(columns):
        raise Malformed("a part that names a family twice")
    part_hash = sha256(payload).digest()[:PART_HASH_BYTES]
    return Part(hash=part_hash, columns=columns, count=samples - left, label_values=label_values - values_left)


def _decode_column(reader: Reader, samples: int, label_values: int) -> Column:
    name = reader.text(NAME_LENGTH)
    if not is_name(name):
        raise Malformed("an illegal family name", name)
    kind, help = reader.byte(), reader.text(HELP_LENGTH * UTF8_BYTES)
    if kind >= len(KINDS):
        raise UnknownForm(f"family {name} of the unknown kind {kind}")
    column = reader.byte()
    if column > 9 and column != DOUBLE and not 0 < column - POWERS <= LARGEST_POWER:
        raise UnknownForm(f"family {name} of the unknown column type {column}")
    labels = _decode_label_names(reader, name)
    rows = reader.count(len(labels))
    if rows > samples:
        raise OverLimit(f"family {name} with {rows} samples, where {samples} more are allowed")
    if rows * len(labels) > label_values:
        raise OverLimit(f"family {name} with {rows * len(labels)} label values, where {label_values} more are allowed")
    if not rows or (rows > 1 and not labels):
        raise Malformed(f"family {name} with {len(labels)} labels and {rows} samples")
    limit = LABEL_VALUE_LENGTH * UTF8_BYTES
    values = tuple([tuple([reader.text(limit) for _ in labels]) for _ in range(rows)])
    if len(set(values)) != len(values):
        raise Malformed(f"family {name} with a series twice")
    digits = None if column == DOUBLE else column if column < POWERS else POWERS - column
    return Column(name=name, kind=KINDS[kind], help=help, digits=digits, labels=labels, rows=values)


def _decode_label_names(reader: Reader, family: str) -> tuple[str, ...]:
    count = reader.count(2)
    if count > LABELS_AT_MOST:
        raise OverLimit(f"family {family} with {count} labels, where {LABELS_AT_MOST} are allowed")
    labels = tuple([reader.text(NAME_LENGTH) for _ in range(count)])
    for label in labels:
        if not is_name(label):
            raise Malformed(f"family {family} with an illegal label", label)
    if len(set(labels)) != len(labels):
        raise Malformed(f"family {family} with a label twice")
    return labels


def peek_schema_id(payload: bytes) -> tuple[Stamp, bytes]:
    """Of a REPORT frame: its stamp and the id of the schema that is needed to read the rest."""
    reader = Reader(payload)
    return _stamp(reader), reader.take(SCHEMA_ID_BYTES)


def decode_report(payload: bytes, sources: int, samples: int) -> Snapshot:
    """A REPORT frame, given how many sources and samples its schema has."""
    _, snapshot = snapshot_of(payload, sources)
    if len(snapshot.words) != samples * 8:
        raise Malformed(f"{len(snapshot.words)} bytes of values, where the schema has {samples} samples")
    return snapshot


def peek_delta(payload: bytes) -> tuple[Reader, int, int]:
    """Of a DELTA frame: a reader that stands behind them, its sequence, and the sequence of its base."""
    reader = Reader(payload)
    sequence, back = reader.varint(), reader.varint()
    if not 1 <= back <= sequence:
        raise Malformed(f"a delta of report {sequence} from {back} reports before")
    return reader, sequence, sequence - back


def decode_goodbye(payload: bytes) -> tuple[Stamp, str]:
    """A GOODBYE frame: its stamp and its reason."""
    reader = Reader(payload)
    stamp = _stamp(reader)
    reason = reader.byte()
    reader.finish()
    if reason >= len(GOODBYES):
        raise UnknownForm(f"an unknown goodbye {reason}")
    return stamp, GOODBYES[reason]


def _stamp(reader: Reader) -> Stamp:
    session = reader.take(SESSION_BYTES)
    return Stamp(session=session, sequence=reader.varint(), boot_ms=reader.varint(), wall_ms=reader.varint())


class Words:
    """Reads the words of a part as numbers, in the order of its rows, each in its unit."""

    __slots__ = ("_format", "_units", "size")

    def __init__(self, part: Part) -> None:
        letters = "".join(("d" if c.digits is None else "q") * len(c.rows) for c in part.columns)
        self._format = struct.Struct("<" + letters)
        units = [_unit(c.digits) for c in part.columns for _ in c.rows]
        self._units = units if any(units) else []
        self.size = part.count * 8

    def read(self, words: bytes, offset: int) -> list[float]:
        """The values of the part whose words begin at `offset`."""
        values: tuple[float, ...] = self._format.unpack_from(words, offset)
        if not self._units:
            return list(values)
        return [v / u if u > 0 else v * -u if u else v for v, u in zip(values, self._units, strict=True)]


def _unit(digits: int | None) -> int:
    """What the words of such a column are divided by; below zero, multiplied by; 0: they are the numbers."""
    if not digits:
        return 0
    return 10**digits if digits > 0 else -(1 << -digits)
