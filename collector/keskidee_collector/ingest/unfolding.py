"""The reports of an opened POST, read: each one whole, whether it came whole or as a delta.

A delta is taken from a report before it in the same POST, or from one of the last two that the machine was told are
safe (`Machine.bases`). Pure: what is found here is made durable and shown by intake.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_collector.families.schemas import Schema, UnknownSchema
from keskidee_collector.ingest.posts import WHOLE, age_seconds
from keskidee_report.decode import OverLimit, Stamp, decode_report, peek_delta
from keskidee_report.delta import Snapshot, apply_delta

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keskidee_collector.ingest.posts import Post, Sent

Key = tuple[bytes, int]
"""Session and sequence: which report of a machine."""


class UnknownBase(UnknownSchema):
    """A delta from a report that the collector does not have; the agent sends the whole report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a POST came: `at` in UTC epoch seconds; `ticks` on the steady clock, which decides what is newer."""

    at: float
    ticks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A report that is new: when it was taken on both clocks of the collector, its names and all that it says."""

    session: bytes
    at: float
    ticks: float
    schema: Schema
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What of a POST is no repeat: reports, goodbyes, and the keys of both. `repeats` counts the rest."""

    reports: list[Key]
    goodbyes: list[tuple[Stamp, str]]
    keys: list[Key]
    repeats: int


def fresh_of(post: Post, is_repeat: Callable[[bytes, int], bool]) -> Fresh:
    """Which reports and goodbyes of a POST were not taken before, nor stand in it twice."""
    reports: dict[Key, None] = {}
    goodbyes: dict[Key, tuple[Stamp, str]] = {}
    for sent in post.reports:
        if not is_repeat(sent.session, sent.sequence):
            reports[sent.session, sent.sequence] = None
    for stamp, reason in post.goodbyes:
        key = stamp.session, stamp.sequence
        if key not in reports and not is_repeat(*key):
            goodbyes.setdefault(key, (stamp, reason))
    repeats = len(post.reports) + len(post.goodbyes) - len(reports) - len(goodbyes)
    return Fresh(reports=list(reports), goodbyes=list(goodbyes.values()), keys=[*reports, *goodbyes], repeats=repeats)


def unfolded(
    post: Post,
    fresh: Fresh,
    arrival: Arrival,
    *,
    bases: Mapping[Key, Snapshot],
    schema_of: Callable[[bytes], Schema | None],
    samples: int,
) -> list[Taken]:
    """The fresh reports of a POST in its order.

    Raises UnknownSchema, UnknownBase, Malformed, or OverLimit where all of them together have more than `samples`.
    """
    needed = _needed(post.reports, fresh)
    known = dict(bases)
    schemas: dict[Key, Schema] = {}
    for sent in post.reports:
        key = sent.session, sent.sequence
        if key not in needed or key in schemas:
            continue
        known[key], schemas[key] = _read(sent, known, schema_of)
        samples -= schemas[key].samples
        if samples < 0:
            raise OverLimit("reports of too many samples in one POST")
    return [_taken(post, arrival, key, schemas[key], known[key]) for key in fresh.reports]


def _taken(post: Post, arrival: Arrival, key: Key, schema: Schema, snapshot: Snapshot) -> Taken:
    session, _ = key
    age = age_seconds(session, snapshot, post.envelope)
    return Taken(
        session=session,
        at=max(arrival.at - age, 0.0),
        ticks=arrival.ticks - age,
        schema=schema,
        snapshot=snapshot,
    )


def _needed(reports: list[Sent], fresh: Fresh) -> set[Key]:
    """The reports to read: those that are fresh, and repeats that a delta behind them is taken from."""
    needed = set(fresh.reports)
    for sent in reversed(reports):
        if sent.base != WHOLE and (sent.session, sent.sequence) in needed:
            needed.add((sent.session, sent.base))
    return needed


def _read(
    sent: Sent, bases: Mapping[Key, Snapshot], schema_of: Callable[[bytes], Schema | None]
) -> tuple[Snapshot, Schema]:
    if sent.base == WHOLE:
        schema = _known(schema_of, sent.schema_id)
        return decode_report(sent.payload, len(schema.sources), schema.samples), schema
    base = bases.get((sent.session, sent.base))
    if base is None:
        raise UnknownBase(f"report {sent.base} of session {sent.session.hex()}")
    schema = _known(schema_of, base.schema_id)
    reader, sequence, _ = peek_delta(sent.payload)
    return apply_delta(reader, sequence, base), schema


def _known(schema_of: Callable[[bytes], Schema | None], schema_id: bytes) -> Schema:
    schema = schema_of(schema_id)
    if schema is None:
        raise UnknownSchema(f"schema {schema_id.hex()}")
    return schema
