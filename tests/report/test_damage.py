"""A body that was damaged, or made to do harm, ends in a refusal: never in another exception, and in bounded memory."""

import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keskidee_report.codec import Encoder, envelope, facts_frame, goodbye_frame
from keskidee_report.decode import (
    OverLimit,
    TooLarge,
    decode_facts,
    decode_goodbye,
    decode_index,
    decode_part,
    decode_report,
    open_envelope,
)
from keskidee_report.model import Family, Malformed, Reading, UnknownForm
from keskidee_report.wire import Reader, frame, text, varint
from tests.report.reading_back import decode_everything
from tests.scale import scaled

SESSION = bytes(range(8))
EXAMPLES = int(os.environ.get("KESKIDEE_FUZZ_EXAMPLES") or scaled(500, 10_000))

pytestmark = pytest.mark.soak


def valid_body() -> bytes:
    """A POST with every kind of frame."""
    families = [
        Family("node_cpu_seconds_total", "counter", "Seconds the CPUs spent in each mode.", digits=2),
        Family("node_load1", "gauge", "1m load average."),
        Family("node_filesystem_avail_bytes", "gauge", "Room — “left”.", digits=0),
    ]
    samples = [family(n + 0.25, device=f"d{n}", mode="idlé") for family in families for n in range(3)]
    found = [Reading("cpu", "ok", "", 0.001, samples), Reading("dmi", "denied", "needs root", 0.002)]
    encoder = Encoder(SESSION)
    report = encoder.report(found, sequence=300, boot_ms=1 << 33, wall_ms=1 << 41)
    names, _ = encoder.schema_frames(report.schema_id)
    goodbye = goodbye_frame(SESSION, 301, 1, 2, "sleep")
    return envelope(SESSION, 1 << 33, 1 << 41, [facts_frame({"hostname": "pc-01"}), *names, report.frame, goodbye])


VALID = valid_body()
INFLATED = zlib.decompress(VALID[4:])


def packed(inflated: bytes) -> bytes:
    return VALID[:4] + zlib.compress(inflated, 1)


def attempts() -> Iterator[bytes]:
    for length in range(len(VALID)):
        yield VALID[:length]
    for length in range(len(INFLATED)):
        yield packed(INFLATED[:length])
    for position in range(len(VALID) * 8):
        damaged = bytearray(VALID)
        damaged[position // 8] ^= 1 << position % 8
        yield bytes(damaged)
    for position in range(len(INFLATED) * 8):
        damaged = bytearray(INFLATED)
        damaged[position // 8] ^= 1 << position % 8
        yield packed(bytes(damaged))


def test_every_cut_and_every_flipped_bit_is_read_or_refused() -> None:
    outcomes = {"read": 0, "refused": 0}
    for body in attempts():
        try:
            decode_everything(body)
        except Malformed:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    assert min(outcomes.values()) > 0


def test_a_body_cut_short_anywhere_is_refused() -> None:
    for length in range(len(VALID)):
        with pytest.raises(Malformed):
            decode_everything(VALID[:length])


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=400))
@example(b"\x03\x01\x00")
def test_any_bytes_inside_the_envelope_are_read_or_refused(inside: bytes) -> None:
    head = varint(1) + varint(2) + SESSION
    try:
        decode_everything(packed(head + inside))
    except Malformed:
        return


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 7), st.binary(max_size=300))
def test_any_payload_of_any_frame_is_read_or_refused(kind: int, payload: bytes) -> None:
    try:
        decode_everything(packed(varint(1) + varint(2) + SESSION + frame(kind, payload)))
    except Malformed:
        return


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_a_valid_body_with_bytes_changed_inserted_or_dropped_is_read_or_refused(data: st.DataObject) -> None:
    inflated = bytearray(INFLATED)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(inflated) - 1))
        until = data.draw(st.integers(at, min(at + 8, len(inflated))))
        inflated[at:until] = data.draw(st.binary(max_size=12))
    try:
        decode_everything(packed(bytes(inflated)))
    except Malformed:
        return


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=200))
def test_any_bytes_as_each_frame_are_read_or_refused(payload: bytes) -> None:
    for decode in (decode_part, decode_index, decode_facts, decode_goodbye):
        try:
            decode(payload)
        except Malformed:
            continue
    for sources, samples in ((0, 0), (3, 2)):
        try:
            decode_report(payload, sources, samples)
        except Malformed:
            continue


def test_another_version_says_so() -> None:
    with pytest.raises(UnknownForm, match="version 2 of the report format, where 1 is known"):
        open_envelope(VALID[:2] + b"\x02" + VALID[3:], 1 << 20)


def test_flags_from_the_future_say_so() -> None:
    with pytest.raises(UnknownForm, match="flags 0x01"):
        open_envelope(VALID[:3] + b"\x01" + VALID[4:], 1 << 20)


def test_a_body_may_inflate_to_its_limit_and_not_beyond() -> None:
    assert len(open_envelope(VALID, len(INFLATED)).frames) == 5
    with pytest.raises(TooLarge, match=f"more than {len(INFLATED) - 1} bytes"):
        open_envelope(VALID, len(INFLATED) - 1)


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(Malformed, match="bytes after the zlib stream"):
        open_envelope(VALID + b"x", 1 << 20)


def test_a_stream_that_wants_a_dictionary_is_refused() -> None:
    packer = zlib.compressobj(zdict=b"node_cpu_seconds_total")
    with pytest.raises(Malformed, match="not a zlib stream"):
        open_envelope(VALID[:4] + packer.compress(INFLATED) + packer.flush(), 1 << 20)


LABELS = [text("a"), text("b")]


def part(*, families: int = 1, labels: list[bytes] = LABELS, rows: int = 1, values: bytes = b"") -> bytes:
    """A PART payload with one family, or many of the same."""
    family = text("x") + b"\x01" + text("") + b"\xff" + varint(len(labels)) + b"".join(labels) + varint(rows) + values
    return varint(families) + family * min(families, 1000)


REFUSED_PARTS = {
    "a family twice": (part(families=2, labels=[], rows=1), "names a family twice"),
    "a label twice": (part(labels=[text("a"), text("a")], values=text("1") * 2), "a label twice"),
    "a series twice": (part(rows=2, values=text("1") * 4), "a series twice"),
    "a family with labels and no series": (part(rows=0), "2 labels and 0 samples"),
    "a family without labels and two series": (part(labels=[], rows=2), "0 labels and 2 samples"),
    "a family with an illegal name": (b"\x01" + text("0x") + b"\x01\x00\xff\x00\x01", "an illegal family name: '0x'"),
    "a family with a colon": (b"\x01" + text("a:b") + b"\x01\x00\xff\x00\x01", "an illegal family name: 'a:b'"),
    "an illegal label": (part(labels=[text("a-b")], values=text("1")), "an illegal label: 'a-b'"),
    "a label of no characters": (part(labels=[text(""), text("b")], values=text("1") * 2), "an illegal label"),
    "an unknown kind": (b"\x01" + text("x") + b"\x63\x00\xff\x00\x01", "the unknown kind 99"),
    "an unknown column": (b"\x01" + text("x") + b"\x01\x00\x0a\x00\x01", "the unknown column type 10"),
    "a control character": (part(values=text("1") + text("\x07")), "a text with a control character"),
    "no UTF-8": (part(values=text("1") + b"\x01\xff"), "a text that is not UTF-8"),
    "bytes too many": (part(values=text("1") * 2) + b"x", "1 bytes too many"),
    "a name of 201 characters": (b"\x01" + text("x" * 201) + b"\x01\x00\xff\x00\x01", "201 bytes, where 200"),
}


@pytest.mark.parametrize(("payload", "reason"), REFUSED_PARTS.values(), ids=REFUSED_PARTS)
def test_a_part_is_refused_for(payload: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        decode_part(payload)


def test_an_index_with_a_source_twice_is_refused() -> None:
    with pytest.raises(Malformed, match="names a source twice"):
        decode_index(varint(2) + (text("cpu") + b"\x00") * 2)


def test_facts_whose_key_is_no_name_are_refused() -> None:
    with pytest.raises(Malformed, match="a fact whose key is no name: 'host name'"):
        decode_facts(varint(1) + text("host name") + text("pc-01"))


def test_quoted_bytes_are_cut() -> None:
    with pytest.raises(Malformed) as caught:
        decode_facts(varint(1) + text("x y" * 60) + text(""))
    assert len(str(caught.value)) < 130


MIB = 1 << 20
MANY = 200_000
ATTACKS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "millions of empty frames": (
        packed(varint(1) * 2 + SESSION + b"\x80\x00" * (4 * MIB)),
        lambda body: open_envelope(body, 8 * MIB),
    ),
    "a zip bomb": (packed(bytes(64 * MIB)), lambda body: open_envelope(body, 8 * MIB)),
    "millions of series": (
        part(rows=4 * MIB, values=b"\x00" * (8 * MIB)),
        lambda payload: decode_part(payload, samples=20_000),
    ),
    "more families than there are bytes": (varint(1 << 40), decode_part),
    "more series than there are bytes": (part(rows=1 << 40), decode_part),
    "labels without end": (part(labels=[text(f"l{n}") for n in range(MANY)]), decode_part),
    "sources without end": (varint(MANY) + b"".join(text(f"s{n}") + b"\x00" for n in range(MANY)), decode_index),
    "facts without end": (varint(MANY) + b"".join(text(f"f{n}") + b"\x00" for n in range(MANY)), decode_facts),
    "a text as long as a continent": (varint(1 << 62), lambda payload: Reader(payload).text(1 << 63)),
}


@pytest.mark.parametrize(("payload", "decode"), ATTACKS.values(), ids=ATTACKS)
def test_what_is_huge_is_refused_before_it_takes_memory(payload: bytes, decode: Callable[[bytes], object]) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Malformed):
            decode(payload)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * MIB


@pytest.mark.parametrize(
    ("payload", "limits"),
    [(part(families=3, labels=[], rows=1), {"families": 2}), (part(rows=3, values=b"\x00" * 6), {"samples": 2})],
)
def test_more_than_is_allowed_says_which_limit(payload: bytes, limits: dict[str, int]) -> None:
    with pytest.raises(OverLimit, match="where 2"):
        decode_part(payload, **limits)
