"""Which reports a collector has acknowledged, read from its files while it runs or after it was killed."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING

from keskidee_collector.fleet.sequences import Sequences
from keskidee_collector.ingest.posts import open_post
from keskidee_config import LimitSettings

if TYPE_CHECKING:
    from pathlib import Path

Ranges = list[list[int]]


def acknowledged(data: Path) -> dict[str, dict[str, Ranges]]:
    """By machine and session (hex): the sequences of reports and goodbyes, as closed ranges."""
    with sqlite3.connect(f"file:{data / 'reports.db'}?mode=ro", uri=True) as database:
        latest = database.execute("SELECT machine_id, position, sessions FROM latest").fetchall()
        log = database.execute("SELECT machine_id, position, body FROM log ORDER BY position").fetchall()
    found: defaultdict[str, defaultdict[str, Sequences]] = defaultdict(lambda: defaultdict(Sequences))
    stored = {}
    for machine_id, position, sessions in latest:
        stored[machine_id] = position
        for session, ranges in json.loads(sessions).items():
            found[machine_id][session] = Sequences(ranges)
    for machine_id, position, body in log:
        if position > stored.get(machine_id, 0):
            post = open_post(body, LimitSettings())
            keys = [(sent.session, sent.sequence) for sent in post.reports]
            keys += [(stamp.session, stamp.sequence) for stamp, _ in post.goodbyes]
            for session, sequence in keys:
                found[machine_id][session.hex()].add(sequence)
    return {
        machine_id: {session: seen.ranges() for session, seen in sessions.items()}
        for machine_id, sessions in found.items()
    }


def one_machines(data: Path) -> dict[str, Ranges]:
    """The same of the only machine; nothing before its first report."""
    machines = acknowledged(data)
    assert len(machines) < 2
    return next(iter(machines.values()), {})
