"""Which assets have a program, and in a version older than which: "who still has OpenSSL below 3.0.14?".

A register holds some thousand different names of programs in a million items: names are looked through one by one,
each found by the index behind the one before, and of those that match the index alone tells asset and version.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select, text

from keskidee_collector.store.tables import items

if TYPE_CHECKING:
    from sqlalchemy import Connection

SOFTWARE = "software"
NAMES_AT_MOST = 200
"""Names of programs that one question may mean."""
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


class TooVague(Exception):
    """Words that mean more programs than one question may, in one line."""


def installed(connection: Connection, asked: str, below: str = "") -> dict[str, list[Program]]:
    """The programs with all these words in their name, by the id of the asset; older than `below`, if it is given.

    In quotes it is the whole name: one machine that tells hundreds called alike hides nobody's. Raises TooVague.
    """
    meant = _meant([row[0] for row in connection.execute(_NAMES, {"kind": SOFTWARE})], asked.casefold().strip())
    if len(meant) > NAMES_AT_MOST:
        raise TooVague(
            f"program: {len(meant)} programs are called like that; more words mean fewer,"
            ' and in quotes it is the whole name: "openssl"'
        )
    query = select(items.c.asset_id, items.c.key, items.c.version)
    found: dict[str, list[Program]] = {}
    older: dict[str, bool] = {}  # a fleet has few versions
    rows = connection.execute(query.where(items.c.kind == SOFTWARE, items.c.key.in_(meant))).all()
    for asset_id, name, version in rows:
        if below and version not in older:
            older[version] = bool(version) and is_older(version, below)
        if not below or older[version]:
            found.setdefault(asset_id, []).append(Program(name=name, version=version))
    return found


def _meant(names: list[str], asked: str) -> list[str]:
    whole = asked[1:-1] if len(asked) > 1 and asked[0] == asked[-1] == '"' else None
    if whole is not None:
        return [name for name in names if name.casefold() == whole]
    words = asked.split()
    return [name for name in names if all(word in name.casefold() for word in words)]


def is_older(version: str, bound: str) -> bool:
    """By numbers as numbers and words as words, `~` and words such as `rc` before the end (deb-version(7), semver)."""
    (epoch, order), (bound_epoch, bound_order) = _read(version), _read(bound)
    if epoch is not None and bound_epoch is not None and epoch != bound_epoch:
        return epoch < bound_epoch
    return order < bound_order


@lru_cache(4096)
def _read(version: str) -> tuple[int | None, list[tuple[int, int, str]]]:
    """A package's epoch, which people who ask for a version leave out, and how the rest is ordered."""
    text = version.strip().lower()
    epoch, colon, rest = text.partition(":")
    if colon and epoch.isascii() and epoch.isdecimal():
        return int(epoch[:18]), _order(rest)
    return None, _order(text)


def _order(version: str) -> list[tuple[int, int, str]]:
    pieces = _PIECES.findall(version.removeprefix("v"))
    numbers = list(takewhile(str.isdecimal, pieces))
    rest = pieces[len(numbers) :]
    while len(numbers) > 1 and int(numbers[-1][:18]) == 0:
        numbers.pop()  # 10.0 is 10.0.0
    return [*map(_rank, (*numbers, *rest)), (_END, 0, "")]


def _rank(piece: str) -> tuple[int, int, str]:
    if piece.isdecimal():
        return (_NUMBER, int(piece[:18]), "")
    return (_EARLIER if piece == "~" or piece in _BEFORE else _WORD, 0, piece)
