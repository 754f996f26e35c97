"""The short form of a report: what changed since an earlier one that the other end has (agent/README.md, "DELTA").

A delta is taken between two snapshots of the same schema. It knows nothing of families or types: a word that changed is
sent as the difference of two 64-bit numbers, modulo 2**64, so that any column comes back bit by bit.
Standard library and nothing heavy: the resident agent imports this file, and the collector reads with it.
"""

from __future__ import annotations

import struct
import sys
from itertools import accumulate, compress

from keskidee_report.model import OUTCOMES, Malformed, UnknownForm
from keskidee_report.rules import REASON_LENGTH
from keskidee_report.wire import DELTA, SCHEMA_ID_BYTES, SESSION_BYTES, Reader, frame, text, varint, varints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MICROSECONDS_AT_MOST = 2**32 - 1
STEADY_MICROSECONDS = 1_000
"""A duration that moved by less than this, or by less than a quarter, is not told: the one before stands."""

_MODULUS = 2**64
_MASK = _MODULUS - 1
_HALF = 2**63
_UTF8_BYTES = 4


class Snapshot:
    """Everything that one report says, apart from its session.

    `outcomes` is a byte a source, `durations` a little-endian unsigned 32-bit number of microseconds a source,
    `reasons` a text for each source whose outcome is not ok, in their order, `words` a 64-bit word a sample.
    """

    __slots__ = ("boot_ms", "durations", "outcomes", "reasons", "schema_id", "sequence", "wall_ms", "words")

    def __init__(
        self,
        sequence: int,
        boot_ms: int,
        wall_ms: int,
        schema_id: bytes,
        *,
        outcomes: bytes,
        durations: bytes,
        reasons: tuple[str, ...],
        words: bytes,
    ) -> None:
        self.sequence = sequence
        self.boot_ms = boot_ms
        self.wall_ms = wall_ms
        self.schema_id = schema_id
        self.outcomes = outcomes
        self.durations = durations
        self.reasons = reasons
        self.words = words


def has_moved(told: int, took: int) -> bool:
    """Whether a duration in microseconds is worth telling after the one that was told before."""
    moved = took - told if took > told else told - took
    return moved >= STEADY_MICROSECONDS and moved * 4 >= told


def packed_durations(microseconds: Sequence[int]) -> bytes:
    """Durations as a snapshot holds them; 71 minutes is the longest that is told."""
    return struct.pack(f"<{len(microseconds)}I", *[min(each, MICROSECONDS_AT_MOST) for each in microseconds])


def unpacked_durations(durations: bytes) -> tuple[int, ...]:
    """Microseconds a source."""
    return struct.unpack(f"<{len(durations) // 4}I", durations)


def to_planes(words: bytes) -> bytes:
    """64-bit words byte plane by byte plane: all lowest bytes first, since high bytes are nearly all alike."""
    return b"".join([words[plane::8] for plane in range(8)])


def from_planes(planes: bytes) -> bytes:
    """The words again."""
    samples = len(planes) // 8
    words = bytearray(samples * 8)
    for plane in range(8):
        words[plane::8] = planes[plane * samples : (plane + 1) * samples]
    return bytes(words)


def snapshot_of(payload: bytes, sources: int) -> tuple[bytes, Snapshot]:
    """Session and content of a REPORT frame whose schema has so many sources. Raises Malformed."""
    reader = Reader(payload)
    session, sequence = reader.take(SESSION_BYTES), reader.varint()
    boot_ms, wall_ms = reader.varint(), reader.varint()
    schema_id, outcomes = reader.take(SCHEMA_ID_BYTES), reader.take(sources)
    if any(code >= len(OUTCOMES) for code in outcomes):
        raise UnknownForm("an unknown outcome", outcomes)
    durations = packed_durations(reader.varints(sources))
    reasons = tuple([reader.text(REASON_LENGTH * _UTF8_BYTES) for code in outcomes if code])
    if reader.left() % 8:
        raise Malformed(f"{reader.left()} bytes of values, no multiple of 8")
    words = from_planes(reader.rest())
    return session, Snapshot(
        sequence, boot_ms, wall_ms, schema_id,
        outcomes=outcomes, durations=durations, reasons=reasons, words=words,
    )  # fmt: skip


def delta_of(base: Snapshot, report: Snapshot) -> tuple[bytes, Snapshot] | None:
    """The DELTA frame from `base` to `report`, and the report as its reader will have it (with steady durations).

    None where they have no schema in common, or where `base` is not older.
    """
    back = report.sequence - base.sequence
    since_ms = report.boot_ms - base.boot_ms
    wall_moved = report.wall_ms - base.wall_ms - since_ms
    if report.schema_id != base.schema_id or back < 1 or since_ms < 0 or not -_HALF <= wall_moved < _HALF:
        return None
    durations, told = _durations_changed(base.durations, report.durations)
    parts = [varint(report.sequence), varint(back), varint(since_ms), varint(zigzag(wall_moved))]
    parts += [_outcomes_changed(base, report), durations, _words_changed(base.words, report.words)]
    read = Snapshot(
        report.sequence, report.boot_ms, report.wall_ms, report.schema_id,
        outcomes=report.outcomes, durations=told, reasons=report.reasons, words=report.words,
    )  # fmt: skip
    return frame(DELTA, b"".join(parts)), read


def apply_delta(reader: Reader, sequence: int, base: Snapshot) -> Snapshot:
    """The report behind a DELTA payload whose sequence and base were read already; `base` stays as it is.

    Raises Malformed.
    """
    boot_ms = base.boot_ms + reader.varint()
    wall_ms = base.wall_ms + boot_ms - base.boot_ms + signed(reader.varint())
    outcomes, reasons = _read_outcomes(reader, base)
    durations = _read_durations(reader, base.durations)
    words = _read_words(reader, base.words)
    reader.finish()
    return Snapshot(
        sequence, boot_ms, max(wall_ms, 0), base.schema_id,
        outcomes=outcomes, durations=durations, reasons=reasons, words=words,
    )  # fmt: skip


def zigzag(number: int) -> int:
    """A signed 64-bit number as one without sign: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return number << 1 if number >= 0 else -number * 2 - 1


def signed(number: int) -> int:
    """The number that `zigzag` was given."""
    return number >> 1 if not number & 1 else -(number >> 1) - 1


# inside


def _gaps(positions: Sequence[int]) -> list[int]:
    """How many positions lie between each and the one before it."""
    return [position - before - 1 for before, position in zip((-1, *positions), positions, strict=False)]


def _read_positions(reader: Reader, length: int) -> list[int]:
    """The positions behind gaps: a count, then the gaps. Raises Malformed past `length`."""
    gaps = reader.varints(reader.count(1))
    positions = [at + steps for at, steps in enumerate(accumulate(gaps))]
    if positions and positions[-1] >= length:
        raise Malformed(f"a change at position {positions[-1]}, where there are {length}")
    return positions


def _outcomes_changed(base: Snapshot, report: Snapshot) -> bytes:
    if base.outcomes == report.outcomes and base.reasons == report.reasons:
        return b"\0"
    before, now = _reasons_of(base), _reasons_of(report)
    changed = [
        at
        for at, (old, new) in enumerate(zip(base.outcomes, report.outcomes, strict=True))
        if old != new or before[at] != now[at]
    ]
    rows = [bytes((report.outcomes[at],)) + (text(now[at]) if report.outcomes[at] else b"") for at in changed]
    return varint(len(changed)) + varints(_gaps(changed)) + b"".join(rows)


def _reasons_of(snapshot: Snapshot) -> list[str]:
    """A reason a source, empty where it is ok."""
    reasons = iter(snapshot.reasons)
    return [next(reasons) if code else "" for code in snapshot.outcomes]


def _read_outcomes(reader: Reader, base: Snapshot) -> tuple[bytes, tuple[str, ...]]:
    changed = _read_positions(reader, len(base.outcomes))
    if not changed:
        return base.outcomes, base.reasons
    outcomes, reasons = bytearray(base.outcomes), _reasons_of(base)
    for at in changed:
        code = reader.byte()
        if code >= len(OUTCOMES):
            raise UnknownForm(f"an unknown outcome {code}")
        outcomes[at] = code
        reasons[at] = reader.text(REASON_LENGTH * _UTF8_BYTES) if code else ""
    return bytes(outcomes), tuple([reason for reason, code in zip(reasons, outcomes, strict=True) if code])


def _durations_changed(base: bytes, durations: bytes) -> tuple[bytes, bytes]:
    """What of the durations is sent, and all of them as the reader will have them."""
    if base == durations:
        return b"\0", base
    told = list(unpacked_durations(base))
    changed, sent = [], []
    for at, took in enumerate(unpacked_durations(durations)):
        if has_moved(told[at], took):
            changed.append(at)
            sent.append(took)
            told[at] = took
    if not changed:
        return b"\0", base
    return varint(len(changed)) + varints(_gaps(changed)) + varints(sent), packed_durations(told)


def _read_durations(reader: Reader, base: bytes) -> bytes:
    changed = _read_positions(reader, len(base) // 4)
    if not changed:
        return base
    durations = list(unpacked_durations(base))
    for at, took in zip(changed, reader.varints(len(changed)), strict=True):
        durations[at] = took
    return packed_durations(durations)


def _words_changed(base: bytes, words: bytes) -> bytes:
    if base == words:
        return b"\0"
    size = len(words)
    differing = int.from_bytes(base, "little") ^ int.from_bytes(words, "little")  # far fewer numbers to make than words
    nonzero = struct.unpack(f"<{size // 8}Q", differing.to_bytes(size, "little"))
    changed = list(compress(range(size // 8), nonzero))
    before, now = _numbers(base), _numbers(words)
    differences = []
    for at in changed:
        difference = now[at] - before[at]
        if not -_HALF <= difference < _HALF:
            difference += _MODULUS if difference < 0 else -_MODULUS
        differences.append(difference << 1 if difference >= 0 else -difference * 2 - 1)  # zigzag
    return varint(len(changed)) + varints(_gaps(changed)) + varints(differences)


def _numbers(words: bytes) -> Sequence[int]:
    """The words as numbers; a view makes only those that are looked at."""
    if sys.byteorder == "little":
        return memoryview(words).cast("Q")
    return struct.unpack(f"<{len(words) // 8}Q", words)


def _read_words(reader: Reader, base: bytes) -> bytes:
    changed = _read_positions(reader, len(base) // 8)
    if not changed:
        return base
    words = bytearray(base)
    if sys.byteorder == "little":  # a view is twice as fast as unpacking all of them
        numbers: memoryview | list[int] = memoryview(words).cast("Q")
    else:
        numbers = list(struct.unpack(f"<{len(base) // 8}Q", base))
    for at, difference in zip(changed, reader.varints(len(changed)), strict=True):
        moved = ~(difference >> 1) if difference & 1 else difference >> 1
        numbers[at] = numbers[at] + moved & _MASK
    return bytes(words) if isinstance(numbers, memoryview) else struct.pack(f"<{len(numbers)}Q", *numbers)
