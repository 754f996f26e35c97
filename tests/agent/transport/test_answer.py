"""The parser of HTTP responses (RFC 9112): what it takes, what it refuses, and that a split changes nothing."""

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.transport.answer import (
    LARGEST_BODY_BYTES,
    LARGEST_HEAD_BYTES,
    http_date,
    parse,
    retry_after_seconds,
)
from keskidee_report.model import Malformed

LENGTH = b"HTTP/1.1 200 OK\r\nDate: x\r\ncontent-length: 5\r\n\r\nhello"
CHUNKS = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"
WELL_FORMED = {
    "a length": (LENGTH, (200, b"hello", True)),
    "chunks": (CHUNKS, (200, b"hello", True)),
    "chunks without a trailer": (CHUNKS.replace(b"Trailer: x\r\n", b""), (200, b"hello", True)),
    "an interim answer first": (b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH, (200, b"hello", True)),
    "connection: close": (LENGTH.replace(b"Date: x", b"Connection: Close"), (200, b"hello", False)),
    "HTTP/1.0": (LENGTH.replace(b"1.1", b"1.0"), (200, b"hello", False)),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"", True)),
    "no reason": (LENGTH.replace(b" OK", b""), (200, b"hello", True)),
    "a second answer behind it": (LENGTH + b"HTTP/1.1", (200, b"hello", False)),
    "the same length twice": (LENGTH.replace(b"Date: x", b"Content-Length: 5"), (200, b"hello", True)),
}


@pytest.mark.parametrize("name", WELL_FORMED)
def test_well_formed_answers_are_read(name: str) -> None:
    received, expected = WELL_FORMED[name]
    answer = parse(received, ended=False)
    assert answer is not None
    assert (answer.status, answer.body, answer.reusable) == expected


@pytest.mark.parametrize("name", [name for name in WELL_FORMED if name != "a second answer behind it"])
def test_more_is_awaited_until_the_last_byte(name: str) -> None:
    received = WELL_FORMED[name][0]
    assert [parse(received[:end], ended=False) for end in range(len(received))] == [None] * len(received)


@pytest.mark.parametrize("name", [name for name in WELL_FORMED if name != "a second answer behind it"])
def test_an_answer_cut_short_is_malformed(name: str) -> None:
    received = WELL_FORMED[name][0]
    for end in range(len(received)):
        with pytest.raises(Malformed):
            parse(received[:end], ended=True)


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    received = b"HTTP/1.1 200 OK\r\n\r\nhello"
    assert parse(received, ended=False) is None
    answer = parse(received, ended=True)
    assert answer is not None
    assert (answer.body, answer.reusable) == (b"hello", False)


MALFORMED = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a status out of range": b"HTTP/1.1 999 OK\r\n\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "a field without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n",
    "a folded field": b"HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n",
    "a bare line feed": b"HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    "a length of another script": "HTTP/1.1 200 OK\r\ncontent-length: ²\r\n\r\n".encode("latin-1"),
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "length and chunks": b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    "an unknown coding": b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
    "a chunk's size that is no number": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\n",
    "a chunk longer than its size": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc",
    "a huge length": b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (LARGEST_BODY_BYTES + 1),
    "a huge chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n",
    "a huge head": b"HTTP/1.1 200 OK\r\na: " + b"b" * LARGEST_HEAD_BYTES,
    "a huge trailer": CHUNKS[:-4] + b"b" * LARGEST_HEAD_BYTES,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_ambiguous_or_too_large_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        parse(MALFORMED[name], ended=False)


@given(st.binary(max_size=200), st.booleans(), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", CHUNKS[:47], LENGTH[:19]]))
def test_no_bytes_do_worse_than_malformed(noise: bytes, ended: bool, start: bytes) -> None:
    try:
        answer = parse(start + noise, ended=ended)
    except Malformed:
        return
    assert answer is not None or not ended


@given(st.binary(max_size=300), st.lists(st.integers(1, 50), max_size=10))
def test_chunks_give_the_body_they_were_cut_from(body: bytes, sizes: list[int]) -> None:
    received, rest = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", body
    for size in [*sizes, len(body)]:
        piece, rest = rest[:size], rest[size:]
        received += b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
    answer = parse(received + b"0\r\n\r\n", ended=False)
    assert answer is not None
    assert answer.body == body


@given(st.integers(0, 253402300799))
def test_a_date_is_read_as_the_standard_library_writes_it(moment: int) -> None:
    assert http_date(email.utils.formatdate(moment, usegmt=True)) == moment


@pytest.mark.parametrize(
    "text",
    ["", "soon", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov x 08:49:37 GMT"],
)
def test_what_is_no_date_of_http_is_none(text: str) -> None:
    assert http_date(text) is None


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:02:00 GMT", "date": "Thu, 01 Jan 1970 00:01:00 GMT"}, 60.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:02:00 GMT"}, 20.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_against_the_answers_own(
    fields: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_seconds(fields, now=100.0) == seconds
