"""Reports that are not as they should be: what each is made of, and what a collector answers to it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from keskidee_report.codec import facts_frame
from keskidee_report.model import Family, Reading
from keskidee_report.wire import GOODBYE, PART, REPORT, SCHEMA, frame, text, varint
from tests.collector.served import LOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collector.served import Agent

BODY_BYTES = 65_536
LIMITS = {
    "body_bytes": BODY_BYTES, "inflated_bytes": 262_144, "families": 50, "samples": 500, "fleet_families": 200,
    "receive_seconds": 1,
}  # fmt: skip


def samples(count: int, family: Family = LOAD) -> Reading:
    return Reading("textfile", "ok", samples=[family(1.0, x=str(n)) for n in range(count)])


def families(count: int) -> Reading:
    return Reading("textfile", "ok", samples=[Family(f"my_{n}", "gauge", "")(1.0) for n in range(count)])


def part_of(
    name: bytes, labels: bytes = b"\x00", rows: bytes = b"\x01", *, kind: bytes = b"\x01", column: bytes = b"\xff"
) -> bytes:
    """A PART frame with one family, a gauge."""
    return frame(PART, b"\x01" + name + kind + b"\x00" + column + labels + rows)


def unpacked(agent: Agent, *frames: bytes) -> bytes:
    return varint(1) + varint(2) + agent.encoder.session + b"".join(frames)


def packed(inflated: bytes) -> bytes:
    return b"KR\x01\x00" + zlib.compress(inflated)


BAD: dict[str, tuple[Callable[[Agent], bytes], int, str, str]] = {
    "nothing at all": (lambda agent: b"", 422, "malformed", "no keskidee report"),
    "JSON": (lambda agent: b'{"load1": 0.5}', 422, "malformed", "no keskidee report"),
    "cut short": (lambda agent: agent.body()[:-5], 422, "malformed", "cut short: the zlib stream does not end"),
    "no zlib": (lambda agent: b"KR\x01\x00" + b"x" * 50, 422, "malformed", "not a zlib stream"),
    "cut short inside": (
        lambda agent: packed(unpacked(agent, agent.report().frame)[:-5]), 422, "malformed", "cut short",
    ),
    "gzipped": (lambda agent: b"\x1f\x8b" + agent.body(), 422, "malformed", "no keskidee report"),
    "of another version": (
        lambda agent: b"KR\x02" + agent.body()[3:], 415, "version", "version 2 of the report format, where 1 is known",
    ),
    "with flags from the future": (lambda agent: b"KR\x01\x01" + agent.body()[4:], 415, "version", "flags 0x01"),
    "a delta of nothing": (lambda agent: agent.packed([frame(5, b"")]), 422, "malformed", "cut short"),
    "a delta of itself": (lambda agent: agent.packed([frame(5, b"\7\0")]), 422, "malformed", "a delta of report 7"),
    "a delta of a report that never was": (
        lambda agent: agent.packed([frame(5, b"\7\1\0\0\0\0\0")]), 409, "base_unknown", "the whole report: report 6",
    ),
    "an unknown frame": (lambda agent: agent.packed([frame(9, b"?")]), 415, "version", "an unknown frame of type 9"),
    "an unknown column": (
        lambda agent: agent.packed([part_of(text("x"), column=b"\x70")]), 415, "version", "the unknown column type 112",
    ),
    "an unknown kind": (
        lambda agent: agent.packed([part_of(text("x"), kind=b"\x09")]), 415, "version", "of the unknown kind 9",
    ),
    "an unknown goodbye": (
        lambda agent: agent.packed([frame(GOODBYE, agent.encoder.session + b"\1\2\3\x09")]),
        415, "version", "an unknown goodbye 9",
    ),
    "a zip bomb": (lambda agent: packed(bytes(4_000_000)), 413, "too_large", "inflates to more than 262144 bytes"),
    "too large as it is": (
        lambda agent: b"KR\x01\x00" + b"x" * BODY_BYTES, 413, "too_large", "a body of more than 65536 bytes",
    ),
    "an illegal family": (
        lambda agent: agent.packed([part_of(text("node-load"))]), 422, "malformed", "illegal family name: 'node-load'",
    ),
    "an illegal label": (
        lambda agent: agent.packed([part_of(text("x"), b"\x01" + text("a-b"), b"\x01" + text("1"))]),
        422, "malformed", "an illegal label: 'a-b'",
    ),
    "a label with a control character": (
        lambda agent: agent.packed([part_of(text("x"), b"\x01" + text("a"), b"\x01" + text("\x07"))]),
        422, "malformed", "a text with a control character",
    ),
    "a family with labels and no series": (
        lambda agent: agent.packed([part_of(text("x"), b"\x01" + text("a"), b"\x00")]), 422, "malformed", "0 samples",
    ),
    "too many samples": (lambda agent: agent.body(samples(501)), 422, "limit", "501 samples, where 500"),
    "too many families": (lambda agent: agent.body(families(51)), 422, "limit", "51 families, where 50"),
    "too many families over all sources": (
        lambda agent: agent.body(families(30), Reading("b", "ok", samples=[
            Family(f"other_{n}", "gauge", "")(1.0) for n in range(30)
        ])), 422, "limit", "more than the 50 families a report",
    ),
    "too many samples over all sources": (
        lambda agent: agent.body(samples(300), Reading("b", "ok", samples=[
            Family("other", "gauge", "")(1.0, x=str(n)) for n in range(300)
        ])), 422, "limit", "more than the 500 samples a report",
    ),
    "frames without end": (lambda agent: packed(unpacked(agent, b"\x80\x00" * 5000)), 422, "limit", "4096 frames"),
    "too many label values": (
        lambda agent: agent.body(Reading("t", "ok", samples=[
            LOAD(1.0, **{f"l{n}": f"{row}" for n in range(30)}) for row in range(400)
        ])), 422, "limit", "12000 label values, where 10000 more",
    ),
    "sources without end": (
        lambda agent: agent.packed([
            frame(SCHEMA, varint(256) + b"".join(text(f"s{n}_{m}") + b"\x00" for m in range(256))) for n in range(65)
        ]), 422, "limit", "schemas of more than 16384 sources",
    ),
    "reports of too many schemas": (
        lambda agent: agent.packed([each for n in range(65) for each in with_names(agent, f"s{n}")]),
        422, "limit", "reports of more than 64 schemas",
    ),
    "facts twice": (
        lambda agent: agent.packed([facts_frame({"os": "linux"})] * 2), 422, "malformed", "facts twice in one POST",
    ),
    "too many facts": (
        lambda agent: agent.packed([facts_frame({f"f{n}": "x" for n in range(101)})]), 422, "limit", "101 facts",
    ),
    "a report that its schema does not fit": (
        lambda agent: agent.packed([*agent.names(agent.report()), agent.report().frame[:1] + b"\x28" + bytes(40)]),
        409, "schema_unknown", "send the names again",
    ),
    "a schema whose part is missing": (
        lambda agent: agent.packed([frame(SCHEMA, b"\x01" + text("cpu") + b"\x01" + b"?" * 16)]),
        409, "schema_unknown", "part 3f3f3f",
    ),
    "a report without its schema": (
        lambda agent: agent.packed([agent.report().frame]), 409, "schema_unknown", "send the names again",
    ),
    "values cut short": (
        lambda agent: agent.packed([*agent.names(agent.report()), shortened(agent.report().frame)]),
        422, "malformed", "7 bytes of values, no multiple of 8",
    ),
}  # fmt: skip


def with_names(agent: Agent, source: str) -> list[bytes]:
    report = agent.report(Reading(source, "absent"))
    return [*agent.names(report), report.frame]


def shortened(report: bytes) -> bytes:
    """A REPORT frame without its last byte."""
    assert report[0] == REPORT
    assert report[1] < 128
    return frame(REPORT, report[2:-1])
