"""An inventory as an agent sends it: bounded, decoded, and its items known by their digests."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Annotated

import msgspec

from keskidee_collector.answers import decoded
from keskidee_report.inventory import FIELDS_AT_MOST, LONGEST_KEY, LONGEST_KIND, digest
from keskidee_report.items import LONGEST_TEXT

if TYPE_CHECKING:
    from keskidee_report.inventory import Place

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*(?!\n)$", max_length=LONGEST_KIND)]
Key = Annotated[str, msgspec.Meta(max_length=LONGEST_KEY)]
Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Value = bool | Number | float | Text | Annotated[list[Text], msgspec.Meta(max_length=256)]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}(?!\n)$")]


class ToldItem(msgspec.Struct, frozen=True):
    """One thing that a machine has."""

    kind: Name
    key: Key
    fields: Annotated[dict[Name, Value], msgspec.Meta(max_length=FIELDS_AT_MOST)]


class Told(msgspec.Struct, frozen=True):
    """What is `changed` and `gone` since the inventory with the hash `base`; without it, `changed` is all there is.

    `told` are the kinds of the sources that read; `hash` is that of their items (keskidee_report.inventory). `moving`
    are fields that change while nothing happens.
    """

    hash: Hash
    told: Annotated[list[Name], msgspec.Meta(max_length=256)]
    changed: list[ToldItem]
    base: str = ""
    gone: list[tuple[Name, Key]] = []
    moving: Annotated[list[Name], msgspec.Meta(max_length=256)] = []


class TooLong(Exception):
    """A body that is longer than it may be once it is inflated."""


def read(body: bytes, *, inflated_bytes: int) -> tuple[Told, dict[Place, bytes]]:
    """An inventory and its items' digests, from JSON deflated as zlib does. Raises TooLong, msgspec.MsgspecError."""
    told = decoded(inflated(body, inflated_bytes), Told)
    return told, {(item.kind, item.key): digest(item.kind, item.key, item.fields) for item in told.changed}


def inflated(body: bytes, inflated_bytes: int) -> bytes:
    """A body deflated as zlib does. Raises TooLong, msgspec.DecodeError."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(body, inflated_bytes)
    except zlib.error as error:
        raise msgspec.DecodeError(f"not deflated: {error}") from None
    if inflater.unconsumed_tail:
        raise TooLong
    if not inflater.eof:
        raise msgspec.DecodeError("cut short")
    return text
