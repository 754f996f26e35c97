"""A POST of an agent, opened: frames become parts, schemas, reports and goodbyes. Nothing is changed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from keskidee_report.decode import (
    Envelope,
    Index,
    OverLimit,
    Part,
    Stamp,
    decode_facts,
    decode_goodbye,
    decode_index,
    decode_part,
    open_envelope,
    peek_delta,
    peek_schema_id,
)
from keskidee_report.model import Malformed, UnknownForm
from keskidee_report.rules import SOURCES_AT_MOST
from keskidee_report.wire import DELTA, FACTS, GOODBYE, PART, REPORT, SCHEMA, SKIPPABLE

if TYPE_CHECKING:
    from keskidee_config import LimitSettings
    from keskidee_report.delta import Snapshot

REPORTS_NAMED = 8
"""So many times the samples of one report may be named in a POST: a backlog brings the names of its time along."""
LABELS_A_SAMPLE = 20
"""So many labels a sample of one report may all names of a POST carry: reading them is what takes longest."""
SOURCES_NAMED = 64 * SOURCES_AT_MOST
"""Sources of all schemas of a POST."""
WHOLE = -1
AGE_SECONDS_AT_MOST = 10 * 366 * 86400
"""No report is placed further back than this, whatever its clocks say."""


class Sent(NamedTuple):
    """A report of a POST, not yet read: a REPORT names its schema, a DELTA the sequence of its base (else WHOLE)."""

    session: bytes
    sequence: int
    schema_id: bytes
    base: int
    payload: bytes


@dataclass(slots=True, kw_only=True)
class Post:
    """What one POST holds. `parts` and `indexes` come with their payloads as received, for the store."""

    envelope: Envelope
    facts: dict[str, str] | None = None
    parts: dict[bytes, Part] = field(default_factory=dict)
    part_payloads: dict[bytes, bytes] = field(default_factory=dict)
    indexes: list[tuple[Index, bytes]] = field(default_factory=list)
    reports: list[Sent] = field(default_factory=list)
    goodbyes: list[tuple[Stamp, str]] = field(default_factory=list)
    samples: int = 0
    label_values: int = 0
    sources: int = 0
    """What the names of the POST hold so far: all of them together are bounded too."""


def open_post(body: bytes, limits: LimitSettings) -> Post:
    """Opens a body. Raises UnknownForm, TooLarge, OverLimit or Malformed (keskidee_report)."""
    envelope = open_envelope(body, limits.inflated_bytes)
    post = Post(envelope=envelope)
    for kind, payload in envelope.frames:
        _take_frame(post, kind, payload, limits)
    return post


def _take_frame(post: Post, kind: int, payload: bytes, limits: LimitSettings) -> None:
    if kind == REPORT:
        stamp, schema_id = peek_schema_id(payload)
        post.reports.append(Sent(stamp.session, stamp.sequence, schema_id, WHOLE, payload))
    elif kind == DELTA:
        session = post.reports[-1].session if post.reports else post.envelope.session
        _, sequence, base = peek_delta(payload)
        post.reports.append(Sent(session, sequence, b"", base, payload))
    elif kind == PART:
        part = decode_part(
            payload,
            families=limits.families,
            samples=min(limits.samples, limits.samples * REPORTS_NAMED - post.samples),
            label_values=limits.samples * LABELS_A_SAMPLE - post.label_values,
        )
        post.samples += part.count
        post.label_values += part.label_values
        post.parts[part.hash] = part
        post.part_payloads[part.hash] = payload
    elif kind == SCHEMA:
        index = decode_index(payload)
        post.sources += len(index.sources)
        if post.sources > SOURCES_NAMED:
            raise OverLimit(f"schemas of more than {SOURCES_NAMED} sources in one POST")
        post.indexes.append((index, payload))
    elif kind == FACTS:
        if post.facts is not None:
            raise Malformed("facts twice in one POST")
        post.facts = decode_facts(payload)
    elif kind == GOODBYE:
        post.goodbyes.append(decode_goodbye(payload))
    elif not kind & SKIPPABLE:
        raise UnknownForm(f"an unknown frame of type {kind}")


def age_seconds(session: bytes, taken: Stamp | Snapshot, envelope: Envelope) -> float:
    """How long before its POST a report or goodbye was said: never negative, and at most AGE_SECONDS_AT_MOST.

    In the session that sends, by the clock that counts since boot, which no step of the wall clock moves. A report of
    an earlier session by its wall clock, corrected by the offset that the sender's wall clock has now.
    """
    age_ms = envelope.sent_boot_ms - taken.boot_ms
    if session != envelope.session or age_ms < 0:
        age_ms = envelope.sent_wall_ms - taken.wall_ms
    return min(max(age_ms, 0) / 1000, AGE_SECONDS_AT_MOST)
