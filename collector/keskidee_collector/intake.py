"""Takes an opened POST into the state: checked, made durable, then shown. One POST a machine at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_collector.fleet import ON
from keskidee_collector.posts import placed_at
from keskidee_collector.schemas import Schema, UnknownSchema
from keskidee_collector.state import interval_of
from keskidee_collector.store.reports import Latest
from keskidee_report.decode import decode_report
from keskidee_report.model import Malformed

if TYPE_CHECKING:
    from keskidee_collector.fleet import Machine
    from keskidee_collector.posts import Post
    from keskidee_collector.state import State
    from keskidee_collector.store.writer import Statement
    from keskidee_report.decode import Round


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A report that is new: its place in time on the collector's clock, and everything that is needed to show it."""

    taken_at: float
    schema_id: bytes
    schema: Schema
    round: Round
    payload: bytes


class Intake:
    """What the report route does with a POST once it is open."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._definitions_kept = len(state.definitions)

    async def take(self, machine: Machine, post: Post, received_at: float) -> None:
        """Durable and shown when it returns. Raises UnknownSchema, Malformed, or what the database raises."""
        schemas = self._compiled(machine, post)
        fresh = [report for report in post.reports if not machine.is_repeat(report[0].session, report[0].sequence)]
        taken = [self._decoded(schemas, machine, report, post, received_at) for report in fresh]
        repeats = len(post.reports) - len(fresh)
        stamps = [(entry.round.stamp.session, entry.round.stamp.sequence) for entry in taken]
        stamps += [
            (stamp.session, stamp.sequence)
            for stamp, _ in post.goodbyes
            if not machine.is_repeat(stamp.session, stamp.sequence)
        ]
        if repeats and not stamps:
            self._count(taken, repeats, None)
            return
        newest = max(taken, key=lambda entry: entry.taken_at, default=None)
        if newest and machine.taken_at is not None and newest.taken_at < machine.taken_at:
            newest = None
        goodbye = self._goodbye(machine, post, newest, received_at)
        sessions = machine.sessions_with(stamps)
        offset = post.envelope.sent_wall_ms / 1000 - received_at
        rows = self._names_rows(machine, post, received_at)
        defined = len(self._state.definitions)
        latest = Latest(
            machine_id=machine.id,
            received_at=received_at,
            taken_at=newest.taken_at if newest else machine.taken_at or received_at,
            clock_offset_seconds=offset,
            goodbye=goodbye,
            sessions=sessions,
            schema_id=newest.schema_id if newest else b"",
            report=newest.payload if newest else b"",
        )
        await self._state.reports.writer.save([*rows, self._state.reports.latest_row(latest)])
        self._definitions_kept = max(self._definitions_kept, defined)
        for schema_id, schema in schemas.items():
            machine.remember_schema(schema_id, schema)
        self._count(taken, repeats, newest)
        self._show(machine, latest, newest)
        if post.facts is not None and post.facts != machine.facts:
            await self._learn(machine, post.facts)

    def _compiled(self, machine: Machine, post: Post) -> dict[bytes, Schema]:
        """The schemas that came with the POST, compiled and within the limits."""
        limits = self._state.settings.limits
        schemas = {index.id: self._state.schemas.compile(index, post.parts) for index, _ in post.indexes}
        for schema in schemas.values():
            if schema.samples > limits.samples:
                raise Malformed(f"{schema.samples} samples a report, where {limits.samples} are allowed")
            if len(schema.families) + len(schema.refused) > limits.families:
                raise Malformed(f"more than the {limits.families} families a report that are allowed")
        return schemas

    def _decoded(
        self,
        schemas: dict[bytes, Schema],
        machine: Machine,
        report: tuple[object, bytes, bytes],
        post: Post,
        received_at: float,
    ) -> Taken:
        _, schema_id, payload = report
        schema = schemas.get(schema_id) or machine.schemas.get(schema_id)
        if schema is None:
            raise UnknownSchema(f"schema {schema_id.hex()}")
        round_ = decode_report(payload, len(schema.sources), schema.samples)
        taken_at = placed_at(round_.stamp, post.envelope, received_at)
        return Taken(taken_at=taken_at, schema_id=schema_id, schema=schema, round=round_, payload=payload)

    def _goodbye(self, machine: Machine, post: Post, newest: Taken | None, received_at: float) -> str:
        """The machine's last word as it stands after this POST; a newer report takes it back."""
        said = [
            (placed_at(stamp, post.envelope, received_at), reason)
            for stamp, reason in post.goodbyes
            if not machine.is_repeat(stamp.session, stamp.sequence)
        ]
        if not said:
            return "" if newest else machine.goodbye
        at, reason = max(said)
        spoken_at = newest.taken_at if newest else machine.taken_at or 0.0
        return reason if at >= spoken_at else machine.goodbye

    def _names_rows(self, machine: Machine, post: Post, received_at: float) -> list[Statement]:
        store = self._state.reports
        rows = store.part_rows(post.part_payloads)
        rows += [store.schema_row(machine.id, index.id, payload, received_at) for index, payload in post.indexes]
        rows += store.definition_rows(self._state.definitions.since(self._definitions_kept))
        return rows

    def _count(self, taken: list[Taken], repeats: int, newest: Taken | None) -> None:
        metrics = self._state.metrics
        if taken:
            metrics.samples.inc(sum(entry.schema.series for entry in taken))
            metrics.reports.labels("stored").inc(1 if newest else 0)
            metrics.reports.labels("late").inc(len(taken) - (1 if newest else 0))
        if repeats:
            metrics.reports.labels("repeat").inc(repeats)

    def _show(self, machine: Machine, latest: Latest, newest: Taken | None) -> None:
        if machine.last_report_at is None or self._state.machine_state(machine) != ON:
            machine.on_since = latest.received_at
        machine.sessions = latest.sessions
        machine.last_report_at = latest.received_at
        machine.clock_offset_seconds = latest.clock_offset_seconds
        machine.goodbye = latest.goodbye
        if newest is not None:
            machine.taken_at = newest.taken_at
            machine.show(newest.schema, newest.round.words)
            machine.judge(newest.schema.sources, newest.round, newest.taken_at)

    async def _learn(self, machine: Machine, facts: dict[str, str]) -> None:
        machine.facts = facts
        machine.interval_seconds = interval_of(facts)
        instance = self._state.fleet.free_instance(facts.get("hostname", ""), machine.id)
        if instance != machine.instance:
            self._state.fleet.rename(machine, instance)
        await self._state.register.update_machine(machine)
