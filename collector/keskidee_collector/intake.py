"""Takes an opened POST into the state: checked, made durable, then shown. One POST a machine at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_collector.fleet import ON, SCHEMAS_KEPT
from keskidee_collector.posts import age_seconds
from keskidee_collector.schemas import Schema, UnknownSchema
from keskidee_collector.state import interval_of
from keskidee_collector.store.reports import Latest
from keskidee_report.decode import OverLimit, decode_report

if TYPE_CHECKING:
    from keskidee_collector.fleet import Machine
    from keskidee_collector.posts import Post
    from keskidee_collector.state import State
    from keskidee_collector.store.writer import Statement
    from keskidee_report.decode import Round, Stamp

SCHEMAS_AT_ONCE = 64
OFFSET_SECONDS_AT_MOST = 1e10
"""A clock that is further off than three centuries is told as three centuries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a POST came: `at` in UTC epoch seconds; `ticks` on the steady clock, which decides what is newer."""

    at: float
    ticks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A report that is new: when it was taken on both clocks, and everything that is needed to show it."""

    at: float
    ticks: float
    schema_id: bytes
    schema: Schema
    round: Round
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What of a POST is no repeat: reports (stamp, schema id, payload), goodbyes, and (session, sequence) of both."""

    reports: list[tuple[Stamp, bytes, bytes]]
    goodbyes: list[tuple[Stamp, str]]
    keys: dict[tuple[bytes, int], None]


class Intake:
    """What the report route does with a POST once it is open."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def take(self, machine: Machine, post: Post, arrival: Arrival) -> None:
        """Durable and shown when it returns. Raises UnknownSchema, Malformed, or what the database raises.

        The caller holds the machine's `turn`: nothing else changes the machine meanwhile.
        """
        fresh = _fresh(machine, post)
        schemas = self._compiled(machine, post, fresh)
        taken = [_decoded(schemas, machine, report, post, arrival) for report in fresh.reports]
        newest = max(taken, key=lambda entry: (entry.ticks, entry.round.stamp.sequence), default=None)
        if newest is not None and newest.ticks < machine.taken_ticks:
            newest = None
        if post.facts is not None and post.facts != machine.facts:
            await self._learn(machine, post.facts)
        latest = _latest(machine, post, fresh, newest, arrival) if fresh.keys else None
        await self._keep(machine, post, schemas, latest, arrival)
        for schema_id, schema in schemas.items():
            machine.remember_schema(schema_id, schema)
        self._count(post, fresh, taken, newest)
        if latest is not None:
            self._show(machine, latest, newest, arrival)

    def _compiled(self, machine: Machine, post: Post, fresh: Fresh) -> dict[bytes, Schema]:
        """The schemas that came with the POST and that a report of it needs; without a report, those that came last."""
        wanted = {schema_id for _, schema_id, _ in fresh.reports} or {
            index.id for index, _ in post.indexes[-SCHEMAS_KEPT:]
        }
        if len(wanted) > SCHEMAS_AT_ONCE:
            raise OverLimit(f"reports of more than {SCHEMAS_AT_ONCE} schemas in one POST")
        limits, schemas = self._state.settings.limits, self._state.schemas
        indexes = {index.id: index for index, _ in post.indexes if index.id in wanted}
        return {key: schemas.compile(index, post.parts, machine.id, limits) for key, index in indexes.items()}

    async def _keep(
        self, machine: Machine, post: Post, schemas: dict[bytes, Schema], latest: Latest | None, arrival: Arrival
    ) -> None:
        """One commit with everything of the POST that is new."""
        store, definitions = self._state.reports, self._state.definitions
        new = definitions.unsaved() if schemas else []
        kept = [(index, payload) for index, payload in post.indexes if index.id in schemas]
        named = {part_hash for index, _ in kept for _, part_hash in index.sources}
        rows: list[Statement] = store.part_rows({h: part for h, part in post.part_payloads.items() if h in named})
        rows += [store.schema_row(machine.id, index.id, payload, arrival.at) for index, payload in kept]
        rows += store.definition_rows(new)
        if latest is not None:
            rows.append(store.latest_row(latest))
        if rows:
            await store.writer.save(rows)
        definitions.saved(new)

    def _count(self, post: Post, fresh: Fresh, taken: list[Taken], newest: Taken | None) -> None:
        metrics = self._state.metrics
        if taken:
            metrics.samples.inc(sum(entry.schema.series for entry in taken))
            metrics.reports.labels("stored").inc(1 if newest else 0)
            metrics.reports.labels("late").inc(len(taken) - (1 if newest else 0))
        repeats = len(post.reports) + len(post.goodbyes) - len(fresh.keys)
        if repeats:
            metrics.reports.labels("repeat").inc(repeats)

    def _show(self, machine: Machine, latest: Latest, newest: Taken | None, arrival: Arrival) -> None:
        if machine.last_report_at is None or self._state.machine_state(machine) != ON:
            machine.on_since = latest.received_at
        machine.sessions = latest.sessions
        machine.last_report_at = latest.received_at
        machine.heard_ticks = arrival.ticks
        machine.clock_offset_seconds = latest.clock_offset_seconds
        machine.goodbye = latest.goodbye
        if newest is not None:
            machine.taken_at, machine.taken_ticks = newest.at, newest.ticks
            machine.remember_schema(newest.schema_id, newest.schema)
            machine.show(newest.schema, newest.round.words)
            machine.judge(newest.schema.sources, newest.round, newest.at)

    async def _learn(self, machine: Machine, facts: dict[str, str]) -> None:
        """Takes new facts. Another host name is another instance; the same one, or none, keeps what it was given."""
        before = machine.facts.get("hostname", "")
        hostname = facts.get("hostname", before)
        machine.facts = facts | {"hostname": hostname}
        machine.interval_seconds = interval_of(facts)
        if hostname != before:
            fleet = self._state.fleet
            fleet.rename(machine, fleet.free_instance(hostname, machine.id))
        await self._state.register.update_machine(machine)


def _fresh(machine: Machine, post: Post) -> Fresh:
    keys: dict[tuple[bytes, int], None] = {}

    def is_new(stamp: Stamp) -> bool:
        key = (stamp.session, stamp.sequence)
        if key in keys or machine.is_repeat(*key):
            return False
        keys[key] = None
        return True

    reports = [report for report in post.reports if is_new(report[0])]
    goodbyes = [said for said in post.goodbyes if is_new(said[0])]
    return Fresh(reports=reports, goodbyes=goodbyes, keys=keys)


def _decoded(
    schemas: dict[bytes, Schema], machine: Machine, report: tuple[Stamp, bytes, bytes], post: Post, arrival: Arrival
) -> Taken:
    stamp, schema_id, payload = report
    schema = schemas.get(schema_id) or machine.schemas.get(schema_id)
    if schema is None:
        raise UnknownSchema(f"schema {schema_id.hex()}")
    round_ = decode_report(payload, len(schema.sources), schema.samples)
    age = age_seconds(stamp, post.envelope)
    return Taken(
        at=max(arrival.at - age, 0.0),
        ticks=arrival.ticks - age,
        schema_id=schema_id,
        schema=schema,
        round=round_,
        payload=payload,
    )


def _latest(machine: Machine, post: Post, fresh: Fresh, newest: Taken | None, arrival: Arrival) -> Latest:
    offset = post.envelope.sent_wall_ms / 1000 - arrival.at
    return Latest(
        machine_id=machine.id,
        received_at=arrival.at,
        taken_at=newest.at if newest else machine.taken_at or arrival.at,
        clock_offset_seconds=max(-OFFSET_SECONDS_AT_MOST, min(offset, OFFSET_SECONDS_AT_MOST)),
        goodbye=_last_word(machine, post, fresh, newest, arrival),
        sessions=machine.sessions_with(fresh.keys),
        schema_id=newest.schema_id if newest else b"",
        report=newest.payload if newest else b"",
    )


def _last_word(machine: Machine, post: Post, fresh: Fresh, newest: Taken | None, arrival: Arrival) -> str:
    """The machine's last word as it stands after this POST; a newer report takes it back."""
    said = [(arrival.ticks - age_seconds(stamp, post.envelope), reason) for stamp, reason in fresh.goodbyes]
    if not said:
        return "" if newest else machine.goodbye
    ticks, reason = max(said)
    return reason if ticks >= (newest.ticks if newest else machine.taken_ticks) else machine.goodbye
