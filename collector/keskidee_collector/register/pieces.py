"""The pieces of an inventory that is on its way: kept on disk until all are here, so that nothing is sent twice.

What is cut is the deflated body, known by its hash. One body a machine: another in its place begins anew.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

import msgspec
from sqlalchemy import LargeBinary, bindparam, cast, delete, func, insert, or_, select, update

from keskidee_collector.store.tables import pieces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

HASH_DIGITS = 32
KEPT_SECONDS = 7 * 86_400.0
"""A body that is not whole after so long goes when another machine begins one."""
DROP = delete(pieces).where(pieces.c.machine_id == bindparam("machine"))


class Piece(msgspec.Struct, frozen=True):
    """Where the bytes of a POST belong: of which `body` (the first half of its SHA-256, hexadecimal), how long all of
    it is, and from which byte on. No bytes ask how much is here.
    """

    body: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}(?!\n)$")]
    length: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    start: Annotated[int, msgspec.Meta(ge=0, le=2**31)]

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Piece:
        """Of the query of a URL. Raises msgspec.ValidationError."""
        return msgspec.convert(dict(parameters), cls, strict=False)


class Adding:
    """The job that adds a piece. Afterwards `has` is how many bytes are here, and `whole` the body if all are."""

    def __init__(self, machine_id: str, piece: Piece, content: bytes, *, now: float) -> None:
        self._machine_id = machine_id
        self._piece = piece
        self._content = content
        self._now = now
        self.has = 0
        self.whole: bytes | None = None

    def __call__(self, connection: Connection) -> None:
        """A piece that does not begin where what is here ends adds nothing: its answer says where to go on."""
        mine = pieces.c.machine_id == self._machine_id
        query = select(pieces.c.body, pieces.c.length, func.length(pieces.c.content)).where(mine)
        row = connection.execute(query).first()
        if row is None or row[:2] != (self._piece.body, self._piece.length):
            self._begin(connection)
        else:
            self.has = row[2]
        if self._content and self._piece.start == self.has:
            longer = cast(pieces.c.content.op("||")(self._content), LargeBinary)  # || alone makes a text
            connection.execute(update(pieces).where(mine).values(content=longer, at=self._now))
            self.has += len(self._content)
        if self.has == self._piece.length:
            self.whole = connection.execute(select(pieces.c.content).where(mine)).scalar_one()

    def _begin(self, connection: Connection) -> None:
        old = pieces.c.at < self._now - KEPT_SECONDS
        connection.execute(delete(pieces).where(or_(pieces.c.machine_id == self._machine_id, old)))
        row = {"machine_id": self._machine_id, "body": self._piece.body, "length": self._piece.length}
        connection.execute(insert(pieces), row | {"at": self._now, "content": b""})


def is_sound(piece: Piece, whole: bytes) -> bool:
    """Whether the bytes are those that were announced."""
    return hashlib.sha256(whole).hexdigest()[:HASH_DIGITS] == piece.body
