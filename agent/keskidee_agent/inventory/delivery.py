"""`keskidee agent run --inventory`: takes this machine's inventory and leaves on disk what the collector is to be told.
The resident runs it, once a day and when something was installed, and sends that in pieces (delivery/stock.py).

What the collector acknowledged last is kept as a digest an item. Only what differs is sent; where nothing does, the
hash of all is, so that both sides agree once a day. Kinds of sources that failed are not told: nothing of them is gone.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass, field

from keskidee_agent.delivery.stock import NAME_BYTES, NEXT_FILE, STATE_FILE
from keskidee_agent.delivery.stocktaking import BODY_FILE, METRICS_FILE
from keskidee_agent.inventory.command import NICENESS
from keskidee_agent.inventory.gather import by_kind, gathered
from keskidee_agent.inventory.metrics import samples, written
from keskidee_agent.transport.identity import keep
from keskidee_report.inventory import PEOPLE, digest, told_kinds, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.gather import Found
    from keskidee_report.inventory import Place
    from keskidee_report.items import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What both sides have: its hash, empty before the first time, and the digest of each item."""

    hash: str = ""
    digests: dict[Place, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An inventory: items by kind and key, the kinds of all sources that read, and fields that move by themselves."""

    items: dict[Place, Item]
    told: list[str]
    moving: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, results: Sequence[Found]) -> Taken:
        """Of what the sources gave."""
        moving = sorted({name for found in results for name in found.source.moving})
        items = {(each.kind, each.key): each for of_kind in by_kind(results).values() for each in of_kind}
        items = {place: each for place, each in items.items() if place[0] not in PEOPLE}
        outcomes = [(found.outcome, found.source.kinds) for found in results]
        return cls(items=items, told=sorted(told_kinds(outcomes, [kind for kind, _ in items])), moving=moving)


def take(state: Path, machine: Machine) -> None:
    """Takes the inventory and leaves what changed of it in the agent's folder `state`. Raises OSError."""
    give_way()
    results = gathered(machine)
    keep(state / METRICS_FILE, written(samples(results, machine.time())))
    keep_body(state, *difference(Taken.of(results), read_known(state)))


def keep_body(state: Path, told: dict[str, Any], after: Known) -> None:
    """Leaves what is to be told, and what both sides know after that. The body is last: where it is, the rest is.

    Raises OSError.
    """
    body = zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 9)
    (state / BODY_FILE).unlink(missing_ok=True)
    write_known(state / NEXT_FILE, after)
    keep(state / BODY_FILE, hashlib.sha256(body).hexdigest()[:NAME_BYTES].encode() + body)


def difference(taken: Taken, known: Known) -> tuple[dict[str, Any], Known]:
    """What is to be told to one who has `known`, and what both have after that."""
    found = {place: digest(*place, each.fields) for place, each in taken.items.items()}
    told = set(taken.told)
    gone = [place for place in known.digests if place[0] in told and place not in found]
    after = {place: each for place, each in known.digests.items() if place not in gone} | found
    agreed = whole(after, told)
    body = {
        "base": known.hash,
        "hash": agreed,
        "told": taken.told,
        "moving": taken.moving,
        "changed": [_as_json(taken.items[place]) for place in found if known.digests.get(place) != found[place]],
        "gone": sorted(gone),
    }
    return body, Known(hash=agreed, digests=after)


def read_known(state: Path) -> Known:
    """What was acknowledged last; nothing where that was never so, or its file is damaged: then all is sent."""
    try:
        values = json.loads((state / STATE_FILE).read_bytes())
        digests = {(kind, key): bytes.fromhex(each) for kind, of in values["items"].items() for key, each in of.items()}
        return Known(hash=str(values["hash"]), digests=digests)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Known(digests={})


def write_known(path: Path, known: Known) -> None:
    """Keeps what both sides know. Raises OSError."""
    kinds: dict[str, dict[str, str]] = {}
    for (kind, key), each in known.digests.items():
        kinds.setdefault(kind, {})[key] = each.hex()
    keep(path, json.dumps({"hash": known.hash, "items": kinds}).encode())


def give_way() -> None:
    """This process after everything else on the machine, for the processor; on Linux for disks too (ioprio_get(2): a
    niceness of 19 is the lowest of the best-effort class). Where a sandbox allows no such thing, it runs as it is.
    """  # fmt: skip
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)


def _as_json(item: Item) -> dict[str, Any]:
    return {"kind": item.kind, "key": item.key, "fields": item.fields}
