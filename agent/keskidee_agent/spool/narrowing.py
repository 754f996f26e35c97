"""What of a report stays when only the families that a rule or a panel needs are kept: fewer words, and fewer names.

Pure; imported only by thinning.py. The bytes are those of agent/README.md, "The report on the wire".
"""

from __future__ import annotations

from hashlib import sha256

from keskidee_agent.spool.needed import NEEDED
from keskidee_report.delta import Snapshot
from keskidee_report.model import Malformed
from keskidee_report.wire import PART, PART_HASH_BYTES, SCHEMA, SCHEMA_ID_BYTES, Reader, frame, varint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def is_needed(family: str) -> bool:
    """Whether a family is kept however old it is."""
    return family in NEEDED or family.startswith("keskidee_")


class Names:
    """SCHEMA and PART payloads of a file by id and hash, and what is left of each schema."""

    def __init__(self) -> None:
        self._schemas: dict[bytes, bytes] = {}
        self._parts: dict[bytes, bytes] = {}
        self._narrow: dict[bytes, Narrow] = {}

    def add(self, frames: bytes) -> None:
        """Frames end to end."""
        reader = Reader(frames)
        while reader.left():
            kind, payload = reader.byte(), reader.take(reader.varint())
            if kind == SCHEMA:
                self._schemas[sha256(payload).digest()[:SCHEMA_ID_BYTES]] = payload
            elif kind == PART:
                self._parts[sha256(payload).digest()[:PART_HASH_BYTES]] = payload

    def narrow(self, schema_id: bytes) -> Narrow:
        """What is left of this schema. Raises Malformed where its names are not there."""
        if schema_id not in self._narrow:
            if schema_id not in self._schemas:
                raise Malformed("a report without its names")
            self._narrow[schema_id] = Narrow(self._schemas[schema_id], self._parts)
        return self._narrow[schema_id]


class Narrow:
    """What is left of one schema of so many `words`: the new `schema_id` and SCHEMA frame, and PART frames by hash."""

    def __init__(self, schema: bytes, parts: dict[bytes, bytes]) -> None:
        self.parts: dict[bytes, bytes] = {}
        self.words = 0
        self._spans: list[tuple[int, int]] = []
        reader = Reader(schema)
        sources = reader.varint()
        rows = [varint(sources)]
        for _ in range(sources):
            name = reader.take(reader.varint())
            part = self._part(parts, reader.take(PART_HASH_BYTES)) if reader.byte() else b""
            rows.append(varint(len(name)) + name + (b"\1" + part if part else b"\0"))
        payload = b"".join(rows)
        self.schema_id = sha256(payload).digest()[:SCHEMA_ID_BYTES]
        self.frame = frame(SCHEMA, payload)

    def snapshot(self, whole: Snapshot) -> Snapshot:
        """The same report with fewer words."""
        if len(whole.words) != 8 * self.words:
            raise Malformed(f"{len(whole.words)} bytes of values, where the names are of {self.words} values")
        return Snapshot(
            whole.sequence, whole.boot_ms, whole.wall_ms, self.schema_id,
            outcomes=whole.outcomes, durations=whole.durations, reasons=whole.reasons,
            words=b"".join([whole.words[8 * start : 8 * end] for start, end in self._spans]),
        )  # fmt: skip

    def _part(self, parts: dict[bytes, bytes], part_hash: bytes) -> bytes:
        """The hash of what is left of a part; empty where nothing is."""
        if part_hash not in parts:
            raise Malformed("a schema without its parts")
        kept = []
        for name, family, rows in _families(parts[part_hash]):
            if is_needed(name):
                kept.append(family)
                self._spans.append((self.words, self.words + rows))
            self.words += rows
        if not kept:
            return b""
        payload = varint(len(kept)) + b"".join(kept)
        narrow_hash = sha256(payload).digest()[:PART_HASH_BYTES]
        self.parts[narrow_hash] = frame(PART, payload)
        return narrow_hash


def _families(part: bytes) -> Iterable[tuple[str, bytes, int]]:
    """Name, bytes and rows of each family of a PART payload."""
    reader = Reader(part)
    for _ in range(reader.varint()):
        start = len(part) - reader.left()
        name = reader.take(reader.varint())
        reader.byte()
        reader.take(reader.varint())
        reader.byte()
        labels = reader.varint()
        _pass_texts(reader, labels)
        rows = reader.varint()
        _pass_texts(reader, rows * labels)
        yield name.decode(), part[start : len(part) - reader.left()], rows


def _pass_texts(reader: Reader, count: int) -> None:
    for _ in range(count):
        reader.take(reader.varint())
