"""The bytes of a spool file: reports and the names they need, each behind length and checksum.

    file    = "KSPL" version=1 record*
    record  = length u32 LE, CRC-32 of kind and payload u32 LE, kind u8, payload
    kind S  = SCHEMA and PART frames, deflated
    kind R  = schema id (8), REPORT frame, deflated
    kind r  = schema id (8), REPORT frame as it is

A file holds all names that its reports need, so that it can be sent by a later process to a collector that has
forgotten them. Reading stops at the first record that is cut short, empty or fails its checksum: the tail of a write
that a kill or a power cut ended. Pure: no file is opened here.
"""

from __future__ import annotations

import struct
import zlib

from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"KSPL\x01"
SCHEMA_ID_BYTES = 8
HEAD_BYTES = len(MAGIC)
NAMES, REPORT, PLAIN_REPORT = b"S", b"R", b"r"
LARGEST_RECORD_BYTES = 16 << 20

_PREFIX = struct.Struct("<II")
END = bytes(_PREFIX.size)
"""Written after the record of a slot that is used again and again, so that what an older one left is not read."""


def names_record(frames: list[bytes]) -> bytes:
    """SCHEMA and PART frames that the reports after it need."""
    return _record(NAMES, _deflated(b"".join(frames)))


def report_record(schema_id: bytes, frame: bytes, *, deflated: bool = True) -> bytes:
    """One REPORT frame with the id of its schema."""
    if deflated:
        return _record(REPORT, schema_id + _deflated(frame))
    return _record(PLAIN_REPORT, schema_id + frame)


def _deflated(content: bytes) -> bytes:
    # a window of 8 KiB: with the usual one, making room for it costs four times as much as deflating a report
    deflater = zlib.compressobj(1, zlib.DEFLATED, 13, 6)
    return deflater.compress(content) + deflater.flush()


def _record(kind: bytes, payload: bytes) -> bytes:
    return _PREFIX.pack(len(payload), zlib.crc32(payload, zlib.crc32(kind))) + kind + payload


def records(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the payload for each whole record, in order. The record ends where its payload does.

    Raises Malformed where the content is no spool file.
    """
    if content[:HEAD_BYTES] != MAGIC:
        raise Malformed("not a spool file", content)
    at = HEAD_BYTES
    while len(content) - at > _PREFIX.size:
        length, checksum = _PREFIX.unpack_from(content, at)
        kind = content[at + _PREFIX.size : at + _PREFIX.size + 1]
        start = at + _PREFIX.size + 1
        end = start + length
        if not length or length > LARGEST_RECORD_BYTES or end > len(content):
            return
        if zlib.crc32(memoryview(content)[start:end], zlib.crc32(kind)) != checksum:
            return
        yield kind, start, end
        at = end


def frames_of(kind: bytes, payload: bytes) -> bytes:
    """What a record holds: SCHEMA and PART frames end to end, or one REPORT frame. Raises Malformed."""
    if kind == PLAIN_REPORT:
        return payload[SCHEMA_ID_BYTES:]
    inflater = zlib.decompressobj()
    try:
        frames = inflater.decompress(payload if kind == NAMES else payload[SCHEMA_ID_BYTES:], LARGEST_RECORD_BYTES)
    except zlib.error as error:
        raise Malformed(f"spool record does not inflate: {error}") from None
    if not inflater.eof:
        raise Malformed("spool record does not end")
    return frames
