"""How an inventory travels: what changed since the one that both sides know, and a hash by which they agree.

Both sides hash what they hold; an inventory is `told` kinds with their items. A source that failed tells nothing of its
kinds, so these are in no hash, and nothing of them is gone. Only short-lived commands and the collector import this.
"""

from __future__ import annotations

import hashlib
import json

from keskidee_report.model import ABSENT, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from keskidee_report.items import Value

Place: TypeAlias = tuple[str, str]
"""An item's kind and key."""

PEOPLE = frozenset({"local_user", "last_user"})
"""Kinds that never travel, whatever the privacy setting of the machine's site."""
DIGEST_BYTES = 16
LONGEST_KIND = 64
LONGEST_KEY = 1024
FIELDS_AT_MOST = 128


def digest(kind: str, key: str, fields: Mapping[str, Value | list[str]]) -> bytes:
    """What an item is known by. Two are alike when kind, key and all fields are; 1 and 1.0 are not."""
    text = json.dumps([kind, key, fields], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]


def whole(digests: Mapping[Place, bytes], told: Collection[str]) -> str:
    """The hash (32 hexadecimal digits) of all items whose kind is among `told`."""
    kinds = set(told)
    return _hash(digest for (kind, _), digest in digests.items() if kind in kinds)


def told_kinds(outcomes: Iterable[tuple[str, Sequence[str]]], found: Iterable[str]) -> set[str]:
    """The kinds that are told, of (outcome, kinds) of each source and the kinds that were `found`.

    A kind is told where every source of it is ok, or says that there is nothing.
    """
    kinds, failed = set(found), set[str]()
    for outcome, of_source in outcomes:
        kinds.update(of_source)
        if outcome not in (OK, ABSENT):
            failed.update(of_source)
    return kinds - failed


def _hash(digests: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()[: 2 * DIGEST_BYTES]
