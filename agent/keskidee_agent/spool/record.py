"""The bytes of a spool file: reports and the names they need, each behind length and checksum.

    file    = "KSPL" version=1 record*
    record  = length u32 LE, CRC-32 of kind and payload u32 LE, kind u8, payload
    kind S  = SCHEMA and PART frames, deflated
    kind R  = schema id (8), REPORT frame, deflated
    kind r  = schema id (8), REPORT frame as it is
    kind D  = DELTA frame, whose base is the report before it in the file; deflated as RFC 1951 has it, with the frames
              of the D before it, back to the last report that was whole, as dictionary: their last 4096 bytes
    kind C  = the counts when the report after it was taken (cursor.py)
    kind B  = the id of the boot in which the reports behind it were taken, where the system has one
    kind T  = level u8, u64 LE: to which level this file is thinned, and how many reports were ever thinned then

A file holds all names that its reports need, so that it can be sent by a later process to a collector that has
forgotten them. Its first report is a whole one, and so is each that has another schema than the one before it.
Reading stops at the first record that is cut short, empty or fails its checksum: the tail of a write that a kill or a
power cut ended. Records of an unknown kind are passed over. Pure: no file is opened here.
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
NAMES, REPORT, PLAIN_REPORT, DELTA, COUNTS, LEVEL, BOOT = b"S", b"R", b"r", b"D", b"C", b"T", b"B"
REPORTS = (REPORT, PLAIN_REPORT, DELTA)
LARGEST_RECORD_BYTES = 16 << 20

_PREFIX = struct.Struct("<II")
_LEVEL = struct.Struct("<BQ")
_WINDOW_BITS = 13
RECENT_BYTES = 4096
"""A dozen deltas: a sixth less on disk than without, and twice as many would save a fiftieth more."""
END = bytes(_PREFIX.size)
"""Written after the record of a slot that is used again and again, so that what an older one left is not read."""


def names_record(frames: list[bytes]) -> bytes:
    """SCHEMA and PART frames that the reports after it need."""
    return _record(NAMES, zlib.compress(b"".join(frames), 6))


def report_record(schema_id: bytes, frame: bytes, *, deflated: bool = True) -> bytes:
    """One REPORT frame with the id of its schema."""
    if deflated:
        return _record(REPORT, schema_id + _deflated(frame))
    return _record(PLAIN_REPORT, schema_id + frame)


def delta_record(frame: bytes, recent: bytes = b"") -> bytes:
    """One DELTA frame, whose base is the report of the record before it; `recent` as it is before this one."""
    deflater = zlib.compressobj(6, zlib.DEFLATED, -_WINDOW_BITS, 6, zlib.Z_DEFAULT_STRATEGY, recent)
    return _record(DELTA, deflater.compress(frame) + deflater.flush())


def recent_after(recent: bytes, frame: bytes) -> bytes:
    """The dictionary of the DELTA record after this one. Behind a whole report it is empty."""
    return (recent + frame)[-RECENT_BYTES:]


def counts_record(counts: bytes) -> bytes:
    """The counts as they were packed."""
    return _record(COUNTS, counts)


def boot_record(boot: str) -> bytes:
    """The id of this boot; nothing at all where there is none."""
    return _record(BOOT, boot.encode("ascii", "replace")) if boot else b""


def level_record(level: int, thinned: int) -> bytes:
    """To which level a file is thinned, and how many reports were ever thinned when that was done."""
    return _record(LEVEL, _LEVEL.pack(level, thinned))


def level_of(payload: bytes) -> tuple[int, int]:
    """What `level_record` was given."""
    level, thinned = _LEVEL.unpack(payload)
    return level, thinned


def _deflated(content: bytes) -> bytes:
    # a window of 8 KiB: with the usual one, making room for it costs four times as much as deflating a report
    deflater = zlib.compressobj(1, zlib.DEFLATED, _WINDOW_BITS, 6)
    return deflater.compress(content) + deflater.flush()


def _record(kind: bytes, payload: bytes) -> bytes:
    return _PREFIX.pack(len(payload), zlib.crc32(payload, zlib.crc32(kind))) + kind + payload


def records(content: bytes, at: int = HEAD_BYTES) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the payload for each whole record, in order. The record ends where its payload does.

    `at` is where the first one begins. Raises Malformed where the content is no spool file.
    """
    if content[:HEAD_BYTES] != MAGIC:
        raise Malformed("not a spool file", content)
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


def frames_of(kind: bytes, payload: bytes, recent: bytes = b"") -> bytes:
    """What a record holds: SCHEMA and PART frames end to end, one REPORT frame or one DELTA. Raises Malformed."""
    if kind == PLAIN_REPORT:
        return payload[SCHEMA_ID_BYTES:]
    try:
        inflater = zlib.decompressobj(-_WINDOW_BITS, recent) if kind == DELTA else zlib.decompressobj()
        frames = inflater.decompress(payload[SCHEMA_ID_BYTES:] if kind == REPORT else payload, LARGEST_RECORD_BYTES)
    except zlib.error as error:
        raise Malformed(f"spool record does not inflate: {error}") from None
    if not inflater.eof:
        raise Malformed("spool record does not end")
    return frames
