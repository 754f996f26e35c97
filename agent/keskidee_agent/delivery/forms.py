"""In which forms a report can be said to a collector that knows some names and the report before: the shortest first.

A delta of the report before, the report without names, with the names that are missing, with all names: so a collector
that forgot some of it (409) is asked once more, and never in vain. The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

from keskidee_agent.spool.chain import chained
from keskidee_agent.spool.names import Names
from keskidee_report.delta import delta_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keskidee_agent.spool.backlog import Batch
    from keskidee_report.codec import Encoder, Report
    from keskidee_report.delta import Snapshot

SCHEMAS_AT_MOST = 64
"""A source that invents names without end: start over rather than grow."""


class Form:
    """One way to say the live report: its frames, what is the base of the next one then, and the names that it brings.

    Afterwards the collector knows its `parts`, and the schemas of what goes with it (`schema_ids`).
    """

    __slots__ = ("all_names", "base", "frames", "parts", "schema_ids")

    def __init__(
        self,
        frames: list[bytes],
        base: Snapshot,
        parts: Iterable[bytes] = (),
        *,
        schema_ids: Iterable[bytes] = (),
        all_names: bool = False,
    ) -> None:
        self.frames = frames
        self.base = base
        self.parts = parts
        self.schema_ids = schema_ids
        self.all_names = all_names


class Known:
    """What the collector knows of this session, so far as its answers tell: `schemas` and `parts`, and `facts`."""

    __slots__ = ("_base", "_encoder", "facts", "parts", "schemas")

    def __init__(self, encoder: Encoder) -> None:
        self.facts: dict[str, str] = {}
        self.schemas: set[bytes] = set()
        self.parts: set[bytes] = set()
        self._encoder = encoder
        self._base: Snapshot | None = None

    def took(self, form: Form, schema_id: bytes, facts: dict[str, str]) -> None:
        """It took the live report, of this schema, in this form; and the facts with it, or it has them."""
        if form.all_names:
            self._forget()
        self.facts = facts
        self.learn([*form.schema_ids, schema_id], form.parts)
        self._base = form.base

    def learn(self, schema_ids: Iterable[bytes], parts: Iterable[bytes]) -> None:
        """It took reports of these schemas, and names with them."""
        if len(self.schemas) > SCHEMAS_AT_MOST:
            self._forget()
        self.schemas.update(schema_ids)
        self.parts.update(parts)

    def forms(self, live: Report, before: Batch | None) -> Iterator[Form]:
        """What the live report can be sent as, the shortest first; with the reports that waited `before` it, if any."""
        known = live.schema_id in self.schemas
        if before is not None:
            yield from self._forms_together(live, before)
        elif known:
            delta = delta_of(self._base, live.snapshot) if self._base is not None else None
            if delta is not None:
                yield Form([delta[0]], delta[1])
            yield Form([live.frame], live.snapshot)
        elif self.parts:
            names, parts = self._encoder.schema_frames(live.schema_id, self.parts)
            yield Form([*names, live.frame], live.snapshot, parts)
        if before is None:
            names, parts = self._encoder.schema_frames(live.schema_id)
            yield Form([*names, live.frame], live.snapshot, parts, all_names=True)

    def _forms_together(self, live: Report, before: Batch) -> Iterator[Form]:
        """The same for several reports: as deltas of the base, with the names that are missing, with all names."""
        whole = [*before.reports, live.frame]
        schema_ids = before.schema_ids | {live.schema_id}
        found = before.names if live.schema_id in before.schema_ids else [*before.names, *self._names_of(live)]
        names = Names(found)
        if self._base is not None:
            missing, parts = names.wanted(schema_ids, self.schemas, self.parts)
            frames, base = chained(whole, names.sources, self._base, self._encoder.session)
            yield Form([*missing, *frames], base or live.snapshot, parts, schema_ids=schema_ids)
        frames, base = chained(whole, names.sources)
        all_names, parts = names.wanted(schema_ids)
        yield Form([*all_names, *frames], base or live.snapshot, parts, schema_ids=schema_ids, all_names=True)

    def _names_of(self, live: Report) -> list[bytes]:
        return self._encoder.schema_frames(live.schema_id)[0]

    def _forget(self) -> None:
        self.schemas.clear()
        self.parts.clear()
        self._base = None
