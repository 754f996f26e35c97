"""Samples as the bytes of a remote write request, before and after snappy.

Source: Prometheus remote write 1.0, prompb/remote.proto and types.proto; protobuf encoding (tags, lengths, varints).

    WriteRequest { repeated TimeSeries timeseries = 1; }
    TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
    Label        { string name = 1; string value = 2; }
    Sample       { double value = 1; int64 timestamp = 2; }

A value or a time of 0 is written too, which protobuf allows: so all samples of one time are equally long, and what
stands around them can be there before they come. A report's samples are one `%` into a template; several reports of the
same series are one join of pieces that are set in place by slices. No line of Python runs for a single sample.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

import cramjam

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

STALE: float = Struct("<d").unpack((0x7FF0000000000002).to_bytes(8, "little"))[0]
"""The marker that ends a series. The specification uses this NaN for nothing else."""
NOT_A_NUMBER: float = Struct("<d").unpack((0x7FF8000000000001).to_bytes(8, "little"))[0]
"""Every other NaN, as Prometheus writes it."""

SERIES, LABELS, SAMPLES = b"\x0a", b"\x0a", b"\x12"
NAME, VALUE = b"\x0a", b"\x12"
NUMBER, TIME = b"\x09", b"\x10"
NUMBERS_AT_ONCE = 512
USUAL_TIME_BYTES = 7
"""A time of our days, with its tag."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some series, and their values at one or more times.

    `series` holds the encoded labels of each, `rows` a time (UTC epoch ms) with a value for each, in order of time.
    """

    series: Sequence[bytes]
    rows: tuple[tuple[int, Sequence[float]], ...]

    @property
    def samples(self) -> int:
        return len(self.series) * len(self.rows)


def compressed(messages: Iterable[bytes]) -> bytes:
    """The messages as one, in snappy's block format, which has no frame around it.

    Each is compressed for itself and loses its length, and the sum of all lengths stands before them: what follows a
    length only ever refers back to what is near, so it may stand anywhere (snappy's format_description.txt). So a long
    request is never in memory whole, which would cost as much as all other work on it.
    """
    total, contents = 0, []
    for message in messages:
        block = bytes(cramjam.snappy.compress_raw(message))  # cramjam's own buffer can be read only once
        contents.append(block[len(varint(len(message))) :])
        total += len(message)
    return b"".join([varint(total), *contents])


def encode(block: Block) -> bytes:
    """The block's series, with all their samples. WriteRequests that are joined are one WriteRequest."""
    return b"".join(_pieces(block))


def template(series: Iterable[bytes]) -> bytes:
    """A WriteRequest of these series with holes for a sample each, packed: some 13 bytes a series."""
    sample = SAMPLES + varint(9 + USUAL_TIME_BYTES) + NUMBER
    size = len(sample) + 8 + USUAL_TIME_BYTES
    heads = [SERIES + varint(len(each) + size) + each + sample for each in series]
    return compressed([b"".join([head.replace(b"%", b"%%") + b"%b%b" for head in heads])])


def fits_template(at: int) -> bool:
    """Whether a time (ms) is as long as a template's: from February 1971 to May 2109."""
    return 1 << 35 <= at < 1 << 42


def fill(template: bytes, at: int, values: Sequence[float]) -> bytes:
    """The template's WriteRequest with a value for each series, all of one time that `fits_template`."""
    holes = [TIME + varint(at)] * (2 * len(values))
    holes[0::2] = _doubles(values)
    return bytes(cramjam.snappy.decompress_raw(template)) % tuple(holes)


def label(name: str, value: str) -> bytes:
    """One label of a series."""
    pair = _sized(NAME, name.encode()) + _sized(VALUE, value.encode())
    return _sized(LABELS, pair)


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number is taken as its 64-bit complement."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def numbers(values: Sequence[float]) -> Sequence[float]:
    """The values with every NaN made the one that is no marker."""
    total = sum(values)
    if total != total:  # a NaN is among them, or infinities of both signs
        return [NOT_A_NUMBER if value != value else value for value in values]
    return values


def _sized(tag: bytes, content: bytes) -> bytes:
    return tag + varint(len(content)) + content


HEADS = [SERIES + varint(size) for size in range(4096)]
"""How a TimeSeries of each usual size begins."""


def _pieces(block: Block) -> list[bytes]:
    """The block's series: head, labels, and for each sample what is before its value, the value, what is after it."""
    times = [TIME + varint(at) for at, _ in block.rows]
    opens = [SAMPLES + varint(9 + len(time)) + NUMBER for time in times]  # nine: the value with its tag
    size = sum([len(before) + 8 + len(time) for before, time in zip(opens, times, strict=True)])
    count, stride = len(block.series), 3 + 2 * len(times)
    pieces = [b""] * (count * stride)
    sizes = [len(each) + size for each in block.series]
    usual = max(sizes, default=0) < len(HEADS)
    pieces[0::stride] = [HEADS[each] for each in sizes] if usual else [SERIES + varint(each) for each in sizes]
    pieces[1::stride] = block.series
    pieces[2::stride] = [opens[0]] * count
    for row, (_, values) in enumerate(block.rows):
        after = times[row] + (opens[row + 1] if row + 1 < len(opens) else b"")
        pieces[3 + 2 * row :: stride] = _doubles(values)
        pieces[4 + 2 * row :: stride] = [after] * count
    return pieces


def _doubles(values: Sequence[float]) -> list[bytes]:
    """Each value as eight bytes, the lowest first."""
    packed = array("d", values)
    if sys.byteorder == "big":
        packed.byteswap()
    view = memoryview(packed.tobytes())
    out: list[bytes] = []
    for start in range(0, len(packed), NUMBERS_AT_ONCE):
        part = view[start * 8 : (start + NUMBERS_AT_ONCE) * 8]
        out += _eights(len(part) // 8)(part)
    return out


@lru_cache(maxsize=NUMBERS_AT_ONCE)
def _eights(count: int) -> Callable[[memoryview], tuple[bytes, ...]]:
    return Struct("8s" * count).unpack
