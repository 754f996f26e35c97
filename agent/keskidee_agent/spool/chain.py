"""Reports end to end: the first in full or from a base that the collector has, each next one as what changed since.

A backlog of an hour goes out in a tenth of the bytes this way, and needs nothing of the collector's memory: every base
is in the same POST. Pure, and lean: the resident agent imports this file.
"""

from __future__ import annotations

from hashlib import sha256

from keskidee_report.delta import delta_of, snapshot_of
from keskidee_report.wire import SCHEMA, SCHEMA_ID_BYTES, SESSION_BYTES, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_report.delta import Snapshot


def chained(
    reports: Iterable[bytes], sources: dict[bytes, int], base: Snapshot | None = None, session: bytes = b""
) -> tuple[list[bytes], Snapshot | None]:
    """Frames that say the same as these REPORT frames, in their order; and the last of them as the collector reads it.

    `sources` counts them by schema id; a report of another schema stays as it is. `base`, of `session`, is what the
    collector has of the report before the first. Raises Malformed for what is no REPORT frame.
    """
    frames = []
    last, last_session = base, session
    for whole in reports:
        reader = Reader(whole)
        reader.byte()
        payload = reader.take(reader.varint())
        count = sources.get(schema_id_of(payload))
        if count is None:
            frames.append(whole)
            last = None
            continue
        of_session, snapshot = snapshot_of(payload, count)
        found = delta_of(last, snapshot) if last is not None and of_session == last_session else None
        frame, last = (whole, snapshot) if found is None else found
        last_session = of_session
        frames.append(frame)
    return frames, last


def schema_id_of(payload: bytes) -> bytes:
    """The schema of a REPORT payload."""
    reader = Reader(payload)
    reader.take(SESSION_BYTES)
    reader.varints(3)
    return reader.take(SCHEMA_ID_BYTES)


def sources_of(names: Iterable[bytes]) -> dict[bytes, int]:
    """How many sources each SCHEMA among these frames (end to end in each item) has, by its id."""
    found = {}
    for frames in names:
        reader = Reader(frames)
        while reader.left():
            kind = reader.byte()
            payload = reader.take(reader.varint())
            if kind == SCHEMA:
                found[sha256(payload).digest()[:SCHEMA_ID_BYTES]] = Reader(payload).varint()
    return found
