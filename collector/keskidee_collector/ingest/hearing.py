"""What a POST that is durable does to its machine: presence, last word, bases, and which report is the newest.

The same for a POST that has just come and for one that a restart reads from the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_collector.ingest.posts import age_seconds
from keskidee_report.model import OK, OUTCOMES

if TYPE_CHECKING:
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.ingest.posts import Post
    from keskidee_collector.ingest.unfolding import Arrival, Fresh, Taken

OK_BYTE = bytes((OUTCOMES.index(OK),))
OFFSET_SECONDS_AT_MOST = 1e10
"""A clock that is further off than three centuries is told as three centuries."""


def hear(machine: Machine, post: Post, fresh: Fresh, taken: list[Taken], arrival: Arrival) -> Taken | None:
    """Takes what is new of a durable POST into the machine, all but its pages.

    The report that belongs on them, or None where an earlier one is newer. A restart calls this for each stored POST.
    """
    newest = max(taken, key=lambda entry: (entry.ticks, entry.snapshot.sequence), default=None)
    if newest is not None and newest.ticks < machine.taken_ticks:
        newest = None
    offset = post.envelope.sent_wall_ms / 1000 - arrival.at
    machine.take_keys(fresh.keys)
    machine.goodbye = _last_word(machine, post, fresh, newest, arrival)
    if machine.poller_id is not None:
        machine.polled_ticks = arrival.ticks
    if speaks(machine, newest):
        machine.last_report_at = arrival.at
        machine.heard_ticks = arrival.ticks
    machine.clock_offset_seconds = max(-OFFSET_SECONDS_AT_MOST, min(offset, OFFSET_SECONDS_AT_MOST))
    if newest is not None:
        machine.taken_at, machine.taken_ticks = newest.at, newest.ticks
        schema_id = newest.snapshot.schema_id
        machine.remember_schema(schema_id, newest.schema)
    for entry in taken:
        if entry.session == post.envelope.session:
            machine.remember_base(entry.session, entry.snapshot)
    return newest


def speaks(machine: Machine, newest: Taken | None) -> bool:
    """Whether a POST is a sign of life of its machine: of a device it is only where it answered its poller."""
    return machine.poller_id is None or (newest is not None and OK_BYTE in newest.snapshot.outcomes)


def _last_word(machine: Machine, post: Post, fresh: Fresh, newest: Taken | None, arrival: Arrival) -> str:
    """The machine's last word as it stands after this POST; a newer report takes it back."""
    said = [
        (arrival.ticks - age_seconds(stamp.session, stamp, post.envelope), reason) for stamp, reason in fresh.goodbyes
    ]
    if not said:
        return "" if newest else machine.goodbye
    ticks, reason = max(said)
    return reason if ticks >= (newest.ticks if newest else machine.taken_ticks) else machine.goodbye
