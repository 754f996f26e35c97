"""A machine as the collector knows it now: who it is, what it said last, and whether it is there."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_collector.families.render import escaped, instance_text
from keskidee_collector.fleet.allowance import saved_up
from keskidee_collector.fleet.departures import Departures
from keskidee_collector.fleet.sequences import Sequences
from keskidee_report.decode import round_of
from keskidee_report.model import ABSENT, DENIED, OK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keskidee_collector.families.schemas import Schema
    from keskidee_collector.fleet.identity import Speakers
    from keskidee_report.decode import Round
    from keskidee_report.delta import Snapshot

ON, OFF, SILENT, LINK_DOWN, RETIRED = "on", "off", "silent", "link_down", "retired"
NO_OUTCOMES = (b"", b"", b"", b"")
OFF_WORDS = frozenset({"shutdown", "sleep"})
"""Goodbyes after which a machine is off as usual."""
UNANNOUNCED = "unannounced"
"""Why a machine is off that just went: the plug was pulled, the lid was closed."""
CLIENTS = frozenset({"desktop", "laptop", "tablet"})
"""Roles, and kinds of chassis, of what people switch off at the wall, carry home and close."""
PRINTER = "printer"
"""The kind of a device that is left to people likewise."""

SESSIONS_KEPT = 16
SCHEMAS_KEPT = 8
POSTS_AT_MOST = 20
"""A machine's row in `latest` is written anew after so many POSTs."""
BASES_KEPT = 2
"""The last report, and the one before: the agent may not have heard that the last one was taken."""
SAMPLES_KEPT = 40_000
"""All schemas that are kept of a machine may name so many samples; its last one is kept in any case."""
INSTANCE_LENGTH = 253
"""The longest host name there is (RFC 1035); an instance stands in every line of the pages."""
HURRIED_SECONDS = 3600
"""A machine that sent too much is told of for so long."""
NEWER_SECONDS = 1800
"""An agent that is newer than this collector tries what it keeps each ten minutes."""
DEFAULT_INTERVAL_SECONDS = 15
INTERVAL_SECONDS_AT_MOST = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A source that did not read: its outcome (denied, failed, timed_out), the reason, and since when (epoch s)."""

    source: str
    outcome: str
    reason: str
    since: float


@dataclass(slots=True, kw_only=True)
class Machine:
    """One machine. Times are UTC epoch seconds of the collector's clock; None means never.

    `goodbye` is the reason of the last word, until the machine speaks again. `clock_offset_seconds` is the agent's
    clock minus ours. `heard_ticks` and `taken_ticks` are `last_report_at` and `taken_at` on the steady clock, which no
    step of the collector's own clock moves. `chunks` are the last samples, rendered, in the order of `schema.families`;
    `shown` is the report that they were rendered from, of `session`. `bases` are the last reports of the session that
    sends, from which its deltas may be taken. `stored_position` is the place in the log up to which the machine's row
    in `latest` has everything, `logged_position` its last one, `heard_position` the last that
    was taken in; `posts_since_stored` lie between.
    `batch` reports come in one POST: it is heard each `batch` intervals. `posts` are on their way now, `refused_posts`
    were refused by this process, `refusal` is why the one was that the log tells of, since `told_ticks`.
    `requests_left` are those that it may send now, as of `requests_ticks`; at `hurried_ticks` it had none left;
    at `newer_ticks` it sent what this collector is too old to read.
    Likewise `changes_left` and `changes_ticks` of what its inventories may add to its history.
    `credential_at` is since when it uses its credential, `next_credential_hash` is of one that it may use from now on,
    and `renews` says that it is to ask for one (renewal.py). `evidence` says which machine it is, `speakers` which
    sessions used its credential lately (identity.py); `clone_of` and `merged_into` are ids of other machines, and
    `took_over` says that the one that it was merged into took its agent on (merging.py). `poller_id` is of the machine
    that polls it, where it is a device (devices.py); at `polled_ticks` that one told of it last, answered or not.
    """

    id: str
    instance: str
    site: str
    role: str
    credential_hash: bytes
    facts: dict[str, str]
    enrolled_at: float
    next_credential_hash: bytes | None = None
    credential_at: float = 0.0
    renews: bool = False
    retired_at: float | None = None
    revoked_at: float | None = None
    evidence: dict[str, str] = field(default_factory=dict)
    clone_of: str | None = None
    merged_into: str | None = None
    took_over: bool = False
    poller_id: str | None = None
    polled_ticks: float = float("-inf")
    speakers: Speakers | None = None
    last_report_at: float | None = None
    taken_at: float | None = None
    heard_ticks: float = 0.0
    taken_ticks: float = float("-inf")
    on_since: float = 0.0
    goodbye: str = ""
    clock_offset_seconds: float | None = None
    interval_seconds: float = DEFAULT_INTERVAL_SECONDS
    batch: int = 1
    sessions: dict[bytes, Sequences] = field(default_factory=dict)
    schemas: dict[bytes, Schema] = field(default_factory=dict)
    schema: Schema | None = None
    session: bytes = b""
    shown: Snapshot | None = None
    bases: dict[tuple[bytes, int], Snapshot] = field(default_factory=dict)
    stored_position: int = 0
    logged_position: int = 0
    heard_position: int = 0
    posts_since_stored: int = 0
    chunks: list[bytes] = field(default_factory=list)
    outcome_chunks: tuple[bytes, bytes, bytes, bytes] = NO_OUTCOMES
    problems: dict[str, Problem] = field(default_factory=dict)
    departures: Departures = field(default_factory=Departures)
    posts: int = 0
    refused_posts: int = 0
    refusal: str = ""
    told_ticks: float = float("-inf")
    requests_left: float = float("inf")
    requests_ticks: float = 0.0
    hurried_ticks: float = float("-inf")
    newer_ticks: float = float("-inf")
    changes_left: float = float("inf")
    changes_ticks: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def keeps_interval(self) -> bool:
        """Whether its own settings name its interval; it is not told the collector's then."""
        return self.facts.get("interval_own") == "true"

    def expect(self, interval_seconds: float) -> None:
        """It was told this interval. Where that is longer, its next report may be so far away already."""
        self.interval_seconds = max(self.interval_seconds, interval_seconds)

    def may_post(self, ticks: float, per_minute: int) -> bool:
        """Whether this request is one of the `per_minute` that it may send, saved up for a minute at most."""
        elapsed, self.requests_ticks = ticks - self.requests_ticks, ticks
        self.requests_left = saved_up(self.requests_left, elapsed, most=per_minute, per_seconds=60)
        if self.requests_left < 1:
            return False
        self.requests_left -= 1
        return True

    def may_change(self, ticks: float, per_day: int) -> int:
        """How many changes its next inventory may tell, of `per_day`, saved up for a day at most."""
        elapsed, self.changes_ticks = ticks - self.changes_ticks, ticks
        self.changes_left = saved_up(self.changes_left, elapsed, most=per_day, per_seconds=86_400)
        return int(self.changes_left)

    def hurries(self, ticks: float) -> bool:
        """Notes that it sent more than it may; True where that is news, and worth a line in the log."""
        is_news, self.hurried_ticks = not self.is_hurried(ticks), ticks
        return is_news

    def is_hurried(self, ticks: float) -> bool:
        """Whether it sent more than it may within the hour before."""
        return ticks - self.hurried_ticks < HURRIED_SECONDS

    def is_newer(self, ticks: float) -> bool:
        """Whether it sent, within the half hour before, what this collector is too old to read."""
        return ticks - self.newer_ticks < NEWER_SECONDS

    @property
    def expected_seconds(self) -> float:
        """From one POST to the next."""
        return self.interval_seconds * self.batch

    @property
    def is_client(self) -> bool:
        """Whether people switch it off as they please: the role says so, or the chassis where no role was given.

        So it is with printers too.
        """
        return (self.role or self.facts.get("chassis", "")) in CLIENTS or self.facts.get("kind") == PRINTER

    def is_overdue(self, ticks: float, *, silent_after_intervals: float) -> bool:
        """Whether it missed its reports, and neither said goodbye nor was retired."""
        if self.retired_at is not None or self.goodbye in OFF_WORDS:
            return False
        return ticks - self.heard_ticks > silent_after_intervals * self.expected_seconds

    def state(self, ticks: float, *, silent_after_intervals: float) -> str:
        """on, off, silent or retired, at this tick of the steady clock; presence.py asks its neighbours too."""
        if self.retired_at is not None:
            return RETIRED
        if self.goodbye in OFF_WORDS:
            return OFF
        if self.is_overdue(ticks, silent_after_intervals=silent_after_intervals):
            return OFF if self.is_client else SILENT
        return ON

    def is_repeat(self, session: bytes, sequence: int) -> bool:
        """Whether this report was taken before."""
        seen = self.sessions.get(session)
        return seen is not None and sequence in seen

    def take_keys(self, taken: Iterable[tuple[bytes, int]]) -> None:
        """These (session, sequence) are durable now; the sessions used last are kept."""
        sessions = self.sessions
        for session, sequence in taken:
            seen = sessions.pop(session, None) or Sequences()
            seen.add(sequence)
            sessions[session] = seen
        while len(sessions) > SESSIONS_KEPT:
            del sessions[next(iter(sessions))]

    def remember_schema(self, schema_id: bytes, schema: Schema) -> None:
        """Keeps the schemas used last. What the log has of those that go is stored whole at once: nobody can read it
        any more.
        """
        self.schemas.pop(schema_id, None)
        self.schemas[schema_id] = schema
        samples = sum([kept.samples for kept in self.schemas.values()])
        while len(self.schemas) > SCHEMAS_KEPT or (samples > SAMPLES_KEPT and len(self.schemas) > 1):
            samples -= self.schemas.pop(next(iter(self.schemas))).samples
            self.posts_since_stored = POSTS_AT_MOST

    def show(self, session: bytes, schema: Schema, snapshot: Snapshot, at: float) -> None:
        """Renders a report, which replaces the one before; what says the same as before stays as it is."""
        before = self.shown if self.schema is schema else None
        instance = instance_text(self.instance)
        if before is None:
            self.chunks = schema.chunks(snapshot.words, instance)
        elif before.words is not snapshot.words:
            self.chunks = schema.chunks_after(self.chunks, before.words, snapshot.words, instance)
        if (
            before is None
            or before.durations != snapshot.durations
            or before.outcomes != snapshot.outcomes
            or before.reasons != snapshot.reasons
        ):
            self.judge(schema.sources, round_of(snapshot), at)
        self.session, self.schema, self.shown = session, schema, snapshot

    def remember_base(self, session: bytes, snapshot: Snapshot) -> None:
        """Keeps a report that was acknowledged, and the one before it, for deltas; those of other sessions go."""
        bases = {key: base for key, base in self.bases.items() if key[0] == session}
        bases[session, snapshot.sequence] = snapshot
        while len(bases) > BASES_KEPT:
            del bases[min(bases)]
        self.bases = bases

    def forget_older_bases(self) -> None:
        """Leaves the base that a restart has once the shown report is stored: a later POST must be readable then."""
        shown = self.shown
        self.bases = {(self.session, shown.sequence): shown} if shown is not None else {}

    def forget(self) -> None:
        """Drops everything it said."""
        self.schema, self.schemas, self.chunks, self.shown = None, {}, [], None
        self.session, self.bases = b"", {}
        self.outcome_chunks, self.problems, self.sessions = NO_OUTCOMES, {}, {}

    def rename(self, instance: str) -> None:
        """Takes another instance, in the lines that are rendered already too."""
        before, after = (b'{instance="%b"' % instance_text(name) for name in (self.instance, instance))
        self.instance = instance
        self.chunks = [chunk.replace(before, after) for chunk in self.chunks]
        denied, up, seconds, success = (chunk.replace(before, after) for chunk in self.outcome_chunks)
        self.outcome_chunks = (denied, up, seconds, success)

    def judge(self, sources: tuple[str, ...], round_: Round, at: float) -> None:
        """Takes the outcomes of a round: lines for the pages, and problems with the time they began."""
        instance = escaped(self.instance)
        denied, seconds, success, up = [], [], [], []
        problems: dict[str, Problem] = {}
        for source, outcome, reason, took in zip(sources, round_.outcomes, round_.reasons, round_.seconds, strict=True):
            collector = f'{{instance="{instance}",collector="{source}"}}'
            seconds.append(f"node_scrape_collector_duration_seconds{collector} {took}\n")
            success.append(f"node_scrape_collector_success{collector} {int(outcome == OK)}\n")
            if outcome == DENIED:
                denied.append(f'keskidee_source_denied{{instance="{instance}",source="{source}"}} 1\n')
            elif outcome != ABSENT:
                up.append(f'keskidee_source_up{{instance="{instance}",source="{source}"}} {int(outcome == OK)}\n')
            if outcome not in (OK, ABSENT):
                before = self.problems.get(source)
                since = before.since if before and before.outcome == outcome else at
                problems[source] = Problem(source=source, outcome=outcome, reason=reason, since=since)
        self.problems = problems
        lines = (denied, up, seconds, success)
        self.outcome_chunks = tuple(["".join(each).encode() for each in lines])  # type: ignore[assignment]  # of four


def shared(facts: Mapping[str, str]) -> dict[str, str]:
    """The same, with one text in memory for all that are equal: most machines of a fleet say the same of themselves."""
    return {sys.intern(key): sys.intern(value) for key, value in facts.items()}


def interval_of(facts: dict[str, str]) -> float:
    """The seconds between two reports of a machine, by its own word where that is sensible."""
    try:
        seconds = float(facts.get("interval_seconds", ""))
    except ValueError:
        return DEFAULT_INTERVAL_SECONDS
    return seconds if 0 < seconds <= INTERVAL_SECONDS_AT_MOST else DEFAULT_INTERVAL_SECONDS
