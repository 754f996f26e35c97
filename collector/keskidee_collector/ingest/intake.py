"""Takes an opened POST into the state: checked, made durable, then shown. One POST a machine at a time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.fleet.identity import evidence_of, is_swapped
from keskidee_collector.fleet.machine import ON, SCHEMAS_KEPT, interval_of
from keskidee_collector.ingest.hearing import hear, speaks
from keskidee_collector.ingest.unfolding import fresh_of, unfolded
from keskidee_report.decode import OverLimit

if TYPE_CHECKING:
    from keskidee_collector.families.schemas import Schema
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.ingest.posts import Post
    from keskidee_collector.ingest.unfolding import Arrival, Fresh, Taken
    from keskidee_collector.state import State
    from keskidee_collector.store.writer import Statement

SCHEMAS_AT_ONCE = 64
REPORTS_WHOLE = 32
"""So many times the samples of one report may all reports of a POST have: a delta unfolds to more than it weighs."""

logger = logging.getLogger(__name__)


class Intake:
    """What the report route does with a POST once it is open."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def take(self, machine: Machine, post: Post, body: bytes, arrival: Arrival) -> int:
        """Durable and shown when it returns; how many reports were new.

        Raises UnknownSchema, Malformed, or what the database raises. The caller holds the machine's `turn`: nothing
        else changes the machine meanwhile.
        """
        arrival = machine.departures.left(post.envelope, arrival)
        schemas = await self._compiled(machine, post)
        fresh = fresh_of(post, machine.is_repeat)
        taken = unfolded(
            post, fresh, arrival,
            bases=machine.bases,
            schema_of=lambda key: schemas.get(key) or machine.schemas.get(key),
            samples=self._state.settings.limits.samples * REPORTS_WHOLE,
        )  # fmt: skip
        if post.facts is not None and post.facts != machine.facts:
            await self._learn(machine, post.facts)
        queued = await self._keep(machine, post, schemas, fresh, taken, body, arrival)
        for schema_id, schema in schemas.items():
            machine.remember_schema(schema_id, schema)
        self._state.feed.passed(queued)  # whoever reads it now finds its names
        newest = self._heard(machine, post, fresh, taken, arrival) if fresh.keys else None
        self._count(fresh, taken, newest)
        return len(taken)

    async def _compiled(self, machine: Machine, post: Post) -> dict[bytes, Schema]:
        """The schemas that came with the POST and that a report of it names; without one, those that came last."""
        wanted = {sent.schema_id for sent in post.reports if sent.schema_id} or {
            index.id for index, _ in post.indexes[-SCHEMAS_KEPT:]
        }
        if len(wanted) > SCHEMAS_AT_ONCE:
            raise OverLimit(f"reports of more than {SCHEMAS_AT_ONCE} schemas in one POST")
        limits, schemas = self._state.settings.limits, self._state.schemas
        indexes = {index.id: index for index, _ in post.indexes if index.id in wanted}
        if not indexes:
            return {}
        named = {part_hash for index in indexes.values() for _, part_hash in index.sources}
        pages = await schemas.page({h: part for h, part in post.parts.items() if h in named})
        return {
            key: schemas.compile(index, post.parts, machine.id, limits, pages=pages) for key, index in indexes.items()
        }

    async def _keep(
        self,
        machine: Machine,
        post: Post,
        schemas: dict[bytes, Schema],
        fresh: Fresh,
        taken: list[Taken],
        body: bytes,
        arrival: Arrival,
    ) -> int:
        """One commit with everything of the POST that is new; the place of its last report in the feed."""
        store, definitions = self._state.reports, self._state.definitions
        rows: list[Statement] = []
        new = definitions.unsaved() if schemas else []
        if schemas:
            kept = [(index, payload) for index, payload in post.indexes if index.id in schemas]
            named = {part_hash for index, _ in kept for _, part_hash in index.sources}
            rows += store.part_rows({h: part for h, part in post.part_payloads.items() if h in named})
            rows += [store.schema_row(machine.id, index.id, payload, arrival.at) for index, payload in kept]
            rows += store.definition_rows(new)
        if fresh.keys:
            rows.append(self._state.journal.row(machine, body, arrival))
        if self._state.feed.is_wanted:
            rows += self._state.feed.rows(machine, taken)
        queued = self._state.feed.position
        if rows:
            await store.writer.save(rows)
        definitions.saved(new)
        return queued

    def _heard(self, machine: Machine, post: Post, fresh: Fresh, taken: list[Taken], arrival: Arrival) -> Taken | None:
        """Shows what is durable; the report that is shown now, if another one than before."""
        state = self._state
        patience = state.settings.silent_after_intervals
        is_back = machine.last_report_at is None or machine.state(state.ticks(), silent_after_intervals=patience) != ON
        if is_back and speaks(machine, max(taken, key=lambda entry: entry.ticks, default=None)):
            state.days.returns(machine, arrival.at)
            machine.on_since = arrival.at
        newest = hear(machine, post, fresh, taken, arrival)
        if newest is not None:
            machine.show(newest.session, newest.schema, newest.snapshot, newest.at)
            state.days.take(machine, newest.schema, newest.snapshot.words, newest.at, len(taken))
        state.journal.logged(machine)
        return newest

    def _count(self, fresh: Fresh, taken: list[Taken], newest: Taken | None) -> None:
        metrics = self._state.metrics
        if taken:
            metrics.samples.inc(sum([entry.schema.series for entry in taken]))
            late = len(taken)
            if newest is not None:
                metrics.stored.inc()
                late -= 1
            if late:
                metrics.reports.labels("late").inc(late)
                if not self._state.feed.is_wanted:
                    metrics.not_passed_on.inc(late)
        if fresh.repeats:
            metrics.reports.labels("repeat").inc(fresh.repeats)

    async def _learn(self, machine: Machine, facts: dict[str, str]) -> None:
        """Takes new facts. Another host name is another instance; the same one, or none, keeps what it was given."""
        known, before = machine.facts, machine.facts.get("hostname", "")
        evidence = evidence_of(facts) if machine.poller_id is None else {}
        if is_swapped(machine.evidence, evidence):
            logger.warning("another board in the same machine machine=%s instance=%r", machine.id, machine.instance)
        machine.evidence = machine.evidence | evidence
        hostname = facts.get("hostname", before)
        machine.facts = facts | {"hostname": hostname}
        machine.interval_seconds = interval_of(facts)
        if hostname != before:
            fleet = self._state.fleet
            fleet.rename(machine, fleet.free_instance(hostname, machine.id))
        try:
            await self._state.register.update_machine(machine)
        except SQLAlchemyError:
            machine.facts = known  # they come again, and are new again
            raise
