"""Which assets have a program, and in a version older than which: "who still has OpenSSL below 3.0.14?".

A register holds some thousand different names of programs in a million items: names are looked through one by one,
each found by the index behind the one before, and then only the items of those that match are read.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select, text

from keskidee_collector.store.tables import items

if TYPE_CHECKING:
    from sqlalchemy import Connection

SOFTWARE = "software"
NAMES_AT_MOST = 500
"""Names of programs that one question may mean; the first ones by name."""
_NAMES = text(
    "WITH RECURSIVE names(name) AS ("
    " SELECT min(key) FROM items WHERE kind = :kind UNION ALL"
    " SELECT (SELECT min(key) FROM items WHERE kind = :kind AND key > name) FROM names WHERE name IS NOT NULL"
    ") SELECT name FROM names WHERE name IS NOT NULL"
)
_PIECES = re.compile(r"\d+|[a-z]+|~")
_BEFORE = frozenset({"alpha", "beta", "dev", "pre", "preview", "rc"})
_EARLIER, _END, _WORD, _NUMBER = -1, 0, 1, 2


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program as it is installed on an asset; `version` is empty where it tells none."""

    name: str
    version: str


class _Versioned(msgspec.Struct):
    version: Any = ""


_VERSION = msgspec.json.Decoder(_Versioned)


def installed(connection: Connection, asked: str, below: str = "") -> dict[str, list[Program]]:
    """The programs with all these words in their name, by the id of the asset; older than `below`, if it is given."""
    words = asked.casefold().split()
    names = [row[0] for row in connection.execute(_NAMES, {"kind": SOFTWARE})]
    meant = [name for name in names if all(word in name.casefold() for word in words)][:NAMES_AT_MOST]
    query = select(items.c.asset_id, items.c.key, items.c.fields)
    found: dict[str, list[Program]] = {}
    older: dict[str, bool] = {}  # a fleet has few versions
    for row in connection.execute(query.where(items.c.kind == SOFTWARE, items.c.key.in_(meant))):
        version = str(_VERSION.decode(row[2]).version)
        if below and version not in older:
            older[version] = bool(version) and is_older(version, below)
        if not below or older[version]:
            found.setdefault(row[0], []).append(Program(name=row[1], version=version))
    return found


def is_older(version: str, bound: str) -> bool:
    """By numbers as numbers and words as words, `~` and words such as `rc` before the end (deb-version(7), semver)."""
    (epoch, rest), (bound_epoch, bound_rest) = _epoch(version), _epoch(bound)
    if epoch is not None and bound_epoch is not None and epoch != bound_epoch:
        return epoch < bound_epoch
    return _order(rest) < _order(bound_rest)


def _epoch(version: str) -> tuple[int | None, str]:
    """A package's epoch, which people who ask for a version leave out, and the version behind it."""
    epoch, colon, rest = version.strip().lower().partition(":")
    return (int(epoch), rest) if colon and epoch.isascii() and epoch.isdecimal() else (None, version.strip().lower())


def _order(version: str) -> list[tuple[int, int, str]]:
    pieces = _PIECES.findall(version.removeprefix("v"))
    numbers = list(takewhile(str.isdecimal, pieces))
    rest = pieces[len(numbers) :]
    while len(numbers) > 1 and int(numbers[-1]) == 0:
        numbers.pop()  # 10.0 is 10.0.0
    return [*map(_rank, (*numbers, *rest)), (_END, 0, "")]


def _rank(piece: str) -> tuple[int, int, str]:
    if piece.isdecimal():
        return (_NUMBER, int(piece[:18]), "")
    return (_EARLIER if piece == "~" or piece in _BEFORE else _WORD, 0, piece)
