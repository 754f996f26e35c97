"""An HTTP/1.1 response, parsed strictly from bytes (RFC 9112). Pure: no socket, no clock.

`http.client` does this too, with the e-mail parser behind it: 2 MB of memory and 160 microseconds a response.
What is ambiguous is refused rather than guessed: a collector of ours never sends it, so something else is answering.
"""

from __future__ import annotations

from keskidee_report.model import Malformed

LARGEST_HEAD_BYTES = 16 << 10
LARGEST_BODY_BYTES = 64 << 10

_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Answer:
    """Status, header fields by lower-case name, body, and whether the connection may carry another request."""

    __slots__ = ("body", "fields", "reusable", "status")

    def __init__(self, status: int, fields: dict[str, str], body: bytes, *, reusable: bool) -> None:
        self.status = status
        self.fields = fields
        self.body = body
        self.reusable = reusable


def parse(received: bytes, *, ended: bool) -> Answer | None:
    """The answer in `received`, or None while more has to come. `ended` says that the peer closed its side.

    Interim answers (1xx) are passed over. Raises Malformed for what is no answer, is cut short, or is too large.
    """
    start = 0
    while True:
        end = received.find(b"\r\n\r\n", start, start + LARGEST_HEAD_BYTES)
        if end < 0:
            if len(received) - start >= LARGEST_HEAD_BYTES:
                raise Malformed(f"no end of the head in {LARGEST_HEAD_BYTES} bytes", received[start:])
            if received and not b"HTTP/1.".startswith(received[start : start + 7]):
                raise Malformed("not an HTTP/1.1 answer", received[start:])
            if ended:
                raise Malformed("cut short in the head", received[start:])
            return None
        lines = received[start:end].split(b"\r\n")
        status, minor = status_of(lines[0])
        start = end + 4
        if status >= 200:  # 1xx announces the answer that follows
            break
        if status == 101:
            raise Malformed("a switch of protocols that nobody asked for")
    fields = _fields(lines)
    body, end, delimited = _body(received, start, status, fields, ended=ended)
    if body is None:
        return None
    keep = fields.get("connection", "" if minor else "close").lower()
    reusable = delimited and not ended and end == len(received) and "close" not in keep
    return Answer(status, fields, body, reusable=reusable)


def status_of(line: bytes) -> tuple[int, int]:
    """Status code and minor version of `HTTP/1.1 200 OK`. Raises Malformed."""
    if line[:7] != b"HTTP/1." or line[7:9] not in (b"1 ", b"0 "):
        raise Malformed("not an HTTP/1.1 answer", line)
    code = line[9:12]
    if not code.isdigit() or not b"100" <= code <= b"599" or line[12:13] not in (b" ", b""):
        raise Malformed("no status in the first line", line)
    return int(code), line[7] - 48


def _fields(lines: list[bytes]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or not _TOKEN.issuperset(name) or b"\n" in value or b"\r" in value or b"\0" in value:
            raise Malformed("not a header field", line)
        key = name.decode("ascii").lower()
        text = value.strip(b" \t").decode("latin-1")
        if key in fields:
            if key == "content-length" and fields[key] != text:
                raise Malformed("two lengths", line)
            if key not in ("content-length", "date"):
                text = f"{fields[key]}, {text}"
        fields[key] = text
    return fields


def _body(
    received: bytes, start: int, status: int, fields: dict[str, str], *, ended: bool
) -> tuple[bytes | None, int, bool]:
    """The body (None while more has to come), where it ends, and whether it says itself where that is."""
    if status in (204, 304):
        return b"", start, True
    length = fields.get("content-length")
    coding = fields.get("transfer-encoding")
    if coding is not None:
        if length is not None or coding.lower() != "chunked":
            raise Malformed("a body framed in a way that is not understood", f"{coding} {length or ''}")
        return *_chunks(received, start, ended=ended), True
    if length is None:
        _bounded(len(received) - start)
        return (received[start:] if ended else None), len(received), False
    if not (length.isascii() and length.isdigit() and len(length) < 10):
        raise Malformed("a length that is no number", length)
    end = start + _bounded(int(length))
    if len(received) >= end:
        return received[start:end], end, True
    if ended:
        raise Malformed(f"cut short: {length} bytes announced, {len(received) - start} came")
    return None, 0, True


def _chunks(received: bytes, at: int, *, ended: bool) -> tuple[bytes | None, int]:
    body = b""
    while True:
        line_end = received.find(b"\r\n", at, at + 1024)
        if line_end < 0:
            if len(received) - at >= 1024:
                raise Malformed("no end of a chunk's size", received[at:])
            break
        digits = received[at:line_end].partition(b";")[0].strip(b" \t")
        if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
            raise Malformed("not a chunk's size", received[at:line_end])
        size = int(digits, 16)
        if size == 0:
            end = _after_trailers(received, line_end)
            if end < 0:
                break
            return body, end
        _bounded(len(body) + size)
        at = line_end + 2 + size
        if len(received) < at + 2:
            break
        if received[at : at + 2] != b"\r\n":
            raise Malformed("a chunk longer than its size", received[at:])
        body += received[line_end + 2 : at]
        at += 2
    if ended:
        raise Malformed("cut short in a chunk")
    return None, 0


def _after_trailers(received: bytes, line_end: int) -> int:
    """Where the trailer section after the last chunk ends; -1 while more has to come."""
    if received[line_end + 2 : line_end + 4] == b"\r\n":
        return line_end + 4
    end = received.find(b"\r\n\r\n", line_end, line_end + LARGEST_HEAD_BYTES)
    if end < 0 and len(received) - line_end >= LARGEST_HEAD_BYTES:
        raise Malformed("no end of the trailer", received[line_end:])
    return end + 4 if end >= 0 else -1


def _bounded(size: int) -> int:
    if size > LARGEST_BODY_BYTES:
        raise Malformed(f"a body of {size} bytes, where {LARGEST_BODY_BYTES} are allowed")
    return size


def retry_after_seconds(fields: dict[str, str], now: float) -> float | None:
    """How long Retry-After asks to wait (RFC 9110, 10.2.3): seconds, or a date against the answer's own Date.

    `now` (epoch seconds) stands in where the answer has no Date. None where nothing is asked or it is not understood.
    """
    text = fields.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until = http_date(text)
    if until is None:
        return None
    sent = http_date(fields.get("date", ""))
    return max(0.0, until - (now if sent is None else sent))


def http_date(text: str) -> float | None:
    """Epoch seconds of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7); None for anything else."""
    words = text.split(" ")
    if len(words) != 6 or words[5] != "GMT" or words[2] not in _MONTHS or not text.isascii():
        return None
    numbers = [words[1], words[3], *words[4].split(":")]
    if len(numbers) != 5 or not all(number.isdigit() and len(number) <= 4 for number in numbers):
        return None
    day, year, hour, minute, second = map(int, numbers)
    month = _MONTHS.index(words[2]) + 1
    # days since 1970-01-01 in the Gregorian calendar, with years that begin in March (leap days come last)
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = year * 365 + year // 4 - year // 100 + year // 400 + (month * 153 + 2) // 5 + day - 719469
    return float(days * 86400 + hour * 3600 + minute * 60 + second)
