"""The names that reports of the spool bring along: all that their segment holds, or what the collector lacks of them.

Pure, and lean: the resident agent imports this file.
"""

from __future__ import annotations

from hashlib import sha256

from keskidee_report.wire import PART, PART_HASH_BYTES, SCHEMA, SCHEMA_ID_BYTES, Reader, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable


class Names:
    """SCHEMA and PART frames, found by what they are known by.

    `sources` counts the sources of each schema by its id.
    """

    __slots__ = ("_parts", "_schemas", "sources")

    def __init__(self, frames: Iterable[bytes]) -> None:
        self.sources: dict[bytes, int] = {}
        self._schemas: dict[bytes, bytes] = {}
        self._parts: dict[bytes, bytes] = {}
        for several in frames:
            self._add(several)

    def wanted(
        self, schema_ids: Iterable[bytes], known: Container[bytes] = (), known_parts: Container[bytes] = ()
    ) -> tuple[list[bytes], set[bytes]]:
        """The frames of these schemas that are not known yet, parts first; and the hashes of all parts of theirs."""
        frames, parts = [], set()
        for schema_id in sorted(schema_ids):
            if schema_id in known:
                continue
            payload = self._schemas[schema_id]
            needed = [part for part in parts_of(payload) if part in self._parts and part not in parts]
            frames += [frame(PART, self._parts[part]) for part in needed if part not in known_parts]
            frames.append(frame(SCHEMA, payload))
            parts.update(needed)
        return frames, parts

    def _add(self, frames: bytes) -> None:
        """Frames end to end."""
        reader = Reader(frames)
        while reader.left():
            kind, payload = reader.byte(), reader.take(reader.varint())
            digest = sha256(payload).digest()
            if kind == SCHEMA:
                self._schemas[digest[:SCHEMA_ID_BYTES]] = payload
                self.sources[digest[:SCHEMA_ID_BYTES]] = Reader(payload).varint()
            elif kind == PART:
                self._parts[digest[:PART_HASH_BYTES]] = payload


def parts_of(schema: bytes) -> list[bytes]:
    """The hashes in a SCHEMA payload."""
    reader = Reader(schema)
    parts = []
    for _ in range(reader.varint()):
        reader.take(reader.varint())
        if reader.byte():
            parts.append(reader.take(PART_HASH_BYTES))
    return parts
