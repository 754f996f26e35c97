"""The wire format as agent/README.md describes it: its example is what the encoder makes and the decoder reads."""

from __future__ import annotations

import re
from pathlib import Path

from keskidee_report.codec import Encoder
from keskidee_report.decode import (
    Words,
    decode_index,
    decode_part,
    decode_report,
    open_envelope,
    peek_delta,
    peek_schema_id,
    round_of,
)
from keskidee_report.delta import apply_delta, delta_of
from keskidee_report.model import OK, Family, Reading
from keskidee_report.wire import MAGIC, VERSION, varint

README = Path(__file__).parents[2] / "agent/README.md"
SESSION = bytes(range(1, 9))
BOOT_MS, WALL_MS = 1000, 1_772_435_550_208


def example(number: int = 0) -> bytes:
    """The inflated POST in the chapter, or the delta after it; what follows the hex digits of a line explains them."""
    found = re.findall(r"```hex\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    lines = found[number].splitlines()
    digits = [re.match(r" *((?:[0-9a-f]{2})+(?: (?:[0-9a-f]{2})+)*)(?: |$)", line) for line in lines]
    return bytes.fromhex("".join(match[1] for match in digits if match))


def test_the_example_is_what_the_encoder_makes() -> None:
    load = Family("node_load1", "gauge", "1-min load", digits=2)
    encoder = Encoder(SESSION)
    reading = Reading("loadavg", OK, seconds=0.00009, samples=[load(0.25)])
    report = encoder.report([reading], sequence=7, boot_ms=BOOT_MS, wall_ms=WALL_MS)
    names, _ = encoder.schema_frames(report.schema_id)
    assert example() == varint(BOOT_MS) + varint(WALL_MS) + SESSION + b"".join(names) + report.frame


def test_the_example_reads_as_the_chapter_says() -> None:
    import zlib

    envelope = open_envelope(MAGIC + bytes((VERSION, 0)) + zlib.compress(example()), 1 << 20)
    assert (envelope.sent_boot_ms, envelope.sent_wall_ms, envelope.session) == (BOOT_MS, WALL_MS, SESSION)
    part, index, report = (payload for _, payload in envelope.frames)
    names = decode_part(part)
    assert [column.name for column in names.columns] == ["node_load1"]
    schema = decode_index(index)
    assert schema.sources == (("loadavg", names.hash),)
    stamp, schema_id = peek_schema_id(report)
    assert (stamp.sequence, schema_id) == (7, schema.id)
    taken = decode_report(report, 1, 1)
    assert (round_of(taken).outcomes, round_of(taken).seconds) == (["ok"], [0.00009])
    assert Words(names).read(taken.words, 0) == [0.25]


def test_the_delta_after_it_is_what_the_encoder_makes_and_reads() -> None:
    load = Family("node_load1", "gauge", "1-min load", digits=2)
    encoder = Encoder(SESSION)
    base, report = (
        encoder.report(
            [Reading("loadavg", OK, seconds=0.00009, samples=[load(value)])],
            sequence=sequence, boot_ms=BOOT_MS + later, wall_ms=WALL_MS + later,
        ).snapshot
        for value, sequence, later in ((0.25, 7, 0), (0.30, 8, 15_000))
    )  # fmt: skip
    found = delta_of(base, report)
    assert found is not None
    assert found[0] == example(1)
    reader, sequence, base_sequence = peek_delta(example(1)[2:])
    assert (sequence, base_sequence) == (8, 7)
    assert apply_delta(reader, sequence, base).words == report.words
