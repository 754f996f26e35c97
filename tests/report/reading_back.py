"""What a collector makes of frames: every sample of a report by source, to be compared with what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_report.decode import (
    Words,
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
from keskidee_report.wire import DELTA, FACTS, GOODBYE, PART, REPORT, SCHEMA, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keskidee_report.decode import Index, Part
    from keskidee_report.model import Reading

Labels = frozenset[tuple[str, str]]
LIMIT = 1 << 23
BASE = Snapshot(
    0, 0, 0, bytes(8), outcomes=b"\0\1", durations=bytes(8), reasons=("not here",), words=bytes(8 * 8)
)  # fmt: skip
"""What deltas are taken from where nothing else is there."""


def frames_of(data: bytes) -> list[tuple[int, bytes]]:
    """Type and payload of each frame in `data`."""
    reader = Reader(data)
    frames = []
    while reader.left():
        kind = reader.byte()
        frames.append((kind, reader.take(reader.varint())))
    return frames


def sources_of(frames: Iterable[tuple[int, bytes]]) -> dict[str, dict[tuple[str, Labels], float]]:
    """The samples of the one report in `frames`, which must hold its names too: by source, family name and labels."""
    parts: dict[bytes, Part] = {}
    indexes: dict[bytes, Index] = {}
    report = b""
    for kind, payload in frames:
        if kind == PART:
            part = decode_part(payload)
            parts[part.hash] = part
        elif kind == SCHEMA:
            index = decode_index(payload)
            indexes[index.id] = index
        elif kind == REPORT:
            report = payload
    _, schema_id = peek_schema_id(report)
    named = [(source, parts[key] if key else None) for source, key in indexes[schema_id].sources]
    snapshot = decode_report(report, len(named), sum(part.count for _, part in named if part))
    return _samples(named, snapshot)


def _samples(named: list[tuple[str, Part | None]], snapshot: Snapshot) -> dict[str, dict[tuple[str, Labels], float]]:
    out: dict[str, dict[tuple[str, Labels], float]] = {}
    offset = 0
    for source, part in named:
        out[source] = {}
        if part is None:
            continue
        words = Words(part)
        keys = [
            (column.name, frozenset((n, v) for n, v in zip(column.labels, row, strict=True) if v))
            for column in part.columns
            for row in column.rows
        ]
        out[source] = dict(zip(keys, words.read(snapshot.words, offset), strict=True))
        offset += words.size
    return out


def decode_everything(body: bytes) -> None:
    """Reads a body to its last byte, as a collector does. Raises what the decoder raises."""
    parts: dict[bytes, Part] = {}
    indexes: dict[bytes, Index] = {}
    reports = []
    for kind, payload in open_envelope(body, LIMIT).frames:
        if kind == PART:
            part = decode_part(payload)
            parts[part.hash] = part
        elif kind == SCHEMA:
            index = decode_index(payload)
            indexes[index.id] = index
        elif kind == REPORT:
            reports.append(payload)
        elif kind in OTHERS:
            OTHERS[kind](payload)
    for report in reports:
        _decode_report(report, parts, indexes)


def _decode_delta(payload: bytes) -> None:
    reader, sequence, _ = peek_delta(payload)
    apply_delta(reader, sequence, BASE)


OTHERS: dict[int, Callable[[bytes], object]] = {FACTS: decode_facts, GOODBYE: decode_goodbye, DELTA: _decode_delta}


def _decode_report(report: bytes, parts: dict[bytes, Part], indexes: dict[bytes, Index]) -> None:
    _, schema_id = peek_schema_id(report)
    known = [parts.get(key) for _, key in indexes[schema_id].sources if key] if schema_id in indexes else [None]
    if None in known:
        return
    read = [part for part in known if part is not None]
    snapshot = decode_report(report, len(indexes[schema_id].sources), sum(part.count for part in read))
    offset = 0
    for part in read:
        words = Words(part)
        words.read(snapshot.words, offset)
        offset += words.size


def sent(readings: Iterable[Reading]) -> dict[str, dict[tuple[str, Labels], float]]:
    """The samples of readings in the same form; the first of a series counts, and an empty label is absent."""
    out: dict[str, dict[tuple[str, Labels], float]] = {}
    for reading in readings:
        rows: dict[tuple[str, Labels], float] = {}
        for family, labels, value in reading.samples:
            rows.setdefault((family.name, frozenset((n, v) for n, v in labels.items() if v)), value)
        out[reading.source] = rows
    return out
