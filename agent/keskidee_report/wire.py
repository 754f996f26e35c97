"""Constants and the few primitives of the wire format, version 1 (agent/README.md has it byte by byte)."""

from __future__ import annotations

import sys

from keskidee_report.model import Malformed
from keskidee_report.rules import is_clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

CONTENT_TYPE = "application/vnd.keskidee.report"
MAGIC = b"KR"
VERSION = 1
FACTS, SCHEMA, PART, REPORT, DELTA, GOODBYE = 1, 2, 3, 4, 5, 6
SPEAKS = 2
"""What this side reads and writes of version 1; each refusal of a report tells it. 1 lacks the column types POWERS."""
SPEAKS_FIELD = "Keskidee-Speaks"
"""The header field of `/healthz` that says the same."""
SKIPPABLE = 0x80
"""A frame type with this bit may be passed over by a reader that does not know it."""
DOUBLE = 0xFF
"""Column type of 64-bit IEEE 754 doubles; 0 to 9 are integers to be divided by 10**n."""
POWERS = 0x80
"""Column types from 0x81 to 0xA0 are integers to be multiplied by 2**n, where n is the type without this bit."""
GOODBYES = ("shutdown", "sleep", "stop", "upgrade")
PART_HASH_BYTES = 16
SCHEMA_ID_BYTES = 8
SESSION_BYTES = 8


def varint(number: int) -> bytes:
    """A number from 0 to 2**64-1 as LEB128: seven bits a byte, lowest first, high bit where more follow.

    What is below 0 (a clock that stands before 1970) is sent as 0.
    """
    if number < 0x80:
        return bytes((max(number, 0),))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def varints(numbers: Sequence[int]) -> bytes:
    """Numbers from 0 to 2**64-1, one varint each."""
    try:
        small = bytes(numbers)
    except ValueError:
        small = b"\xff"
    if small.isascii():  # one byte each, which gaps nearly always are
        return small
    out = bytearray()
    append = out.append
    for number in numbers:
        left = number
        while left >= 0x80:
            append(left & 0x7F | 0x80)
            left >>= 7
        append(left)
    return bytes(out)


def text(string: str) -> bytes:
    """Length in bytes, then UTF-8; what is no character (a lone surrogate) becomes `?`."""
    raw = string.encode("utf-8", "replace")
    return varint(len(raw)) + raw


def frame(kind: int, payload: bytes) -> bytes:
    """A frame: type byte, payload length, payload."""
    return bytes((kind,)) + varint(len(payload)) + payload


class Reader:
    """Reads a payload from front to back; raises Malformed past its end."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._end = len(data)
        self._at = 0

    def left(self) -> int:
        """Bytes not yet read."""
        return self._end - self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        at = self._at
        if count > self._end - at:
            raise Malformed(f"cut short: {count} bytes wanted, {self._end - at} left")
        self._at = at + count
        return self._data[at : at + count]

    def byte(self) -> int:
        """The next byte as a number."""
        at = self._at
        if at >= self._end:
            raise Malformed("cut short: a byte wanted, none left")
        self._at = at + 1
        return self._data[at]

    def varint(self) -> int:
        """The next varint; refuses more than 64 bits."""
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise Malformed("a varint of more than 64 bits")
        if number >> 64:
            raise Malformed("a varint of more than 64 bits")
        return number

    def varints(self, count: int) -> list[int]:
        """The next `count` varints."""
        at = self._at
        few = self._data[at : at + count]
        if few.isascii() and len(few) == count:  # one byte each, which gaps nearly always are
            self._at = at + count
            return list(few)
        return self._longer_varints(count)

    def _longer_varints(self, count: int) -> list[int]:
        data, at = self._data, self._at
        out: list[int] = []
        try:
            for _ in range(count):
                number = data[at]
                at += 1
                if number >= 0x80:
                    high = data[at]
                    at += 1
                    number += (high << 7) - 0x80
                    if high >= 0x80:  # written out, because a loop costs twice as much for the usual three or four
                        high = data[at]
                        at += 1
                        number += (high << 14) - 0x4000
                        if high >= 0x80:
                            high = data[at]
                            at += 1
                            number += (high << 21) - 0x200000
                            if high >= 0x80:
                                self._at = at - 4
                                number = self.varint()
                                at = self._at
                out.append(number)
        except IndexError:
            raise Malformed(f"cut short: {count} varints wanted, {len(out)} there") from None
        self._at = at
        return out

    def count(self, at_least: int) -> int:
        """A varint that counts items of at least `at_least` bytes each, so no more than can still follow."""
        number = self.varint()
        if number * at_least > self.left():
            raise Malformed(f"cut short: {number} items announced, {self.left()} bytes left")
        return number

    def text(self, limit: int) -> str:
        """A text of at most `limit` bytes, without control characters but newline and tab. One text in memory
        for all that are equal: machines name the same families and labels.
        """
        length = self.varint()
        if length > limit:
            raise Malformed(f"a text of {length} bytes, where {limit} are allowed")
        raw = self.take(length)
        try:
            string = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("a text that is not UTF-8", raw) from error
        if not is_clean(string):
            raise Malformed("a text with a control character", string)
        return sys.intern(string)

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(self.left())

    def finish(self) -> None:
        """Refuses bytes that nobody asked for."""
        if self._at != self._end:
            raise Malformed(f"{self.left()} bytes too many")
