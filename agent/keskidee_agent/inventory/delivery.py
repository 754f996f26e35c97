"""`keskidee agent run --inventory`: takes this machine's inventory and tells the collector what changed. The resident
runs it, once a day and when something was installed.

What the collector acknowledged last is kept as a digest an item. Only what differs is sent; where nothing does, the
hash of all is, so that both sides agree once a day. Kinds of sources that failed are not told: nothing of them is gone.
"""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keskidee_agent.enrol import EnrolmentError, call, session_through
from keskidee_agent.identity import keep, read_identity
from keskidee_agent.inventory.command import NICENESS
from keskidee_agent.inventory.gather import by_kind, found_sources, gathered
from keskidee_report.inventory import PEOPLE, digest, told_kinds, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import requests

    from keskidee_agent.inventory.gather import Found
    from keskidee_agent.machine import Machine
    from keskidee_agent.route import Route
    from keskidee_report.inventory import Place
    from keskidee_report.items import Item

STATE_FILE = "inventory.json"
TAKEN, BASE_UNKNOWN = 204, 409


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


def deliver(state: Path, url: str, machine: Machine, *, ca_file: str, route: Route) -> None:
    """Takes the inventory and sends what changed, for the agent whose folder is `state`.

    Raises EnrolmentError where the collector cannot be reached or refuses, OSError where what it took cannot be kept.
    """
    identity = read_identity(state)
    give_way()
    taken = Taken.of(gathered(machine, found_sources()))
    address = f"{url}/v1/machines/{identity.machine_id}/inventory"
    with session_through(route) as session:
        session.verify = ca_file or True

        def send(body: bytes) -> requests.Response:
            return call(session, "POST", address, token=identity.credential, data=body)

        tell(state, taken, send)


def tell(folder: Path, taken: Taken, send: Callable[[bytes], requests.Response]) -> None:
    """Sends what changed since the inventory that `folder` knows of, or all of it. Raises as `deliver`."""
    told, after = difference(taken, read_known(folder))
    answer = send(_packed(told))
    if answer.status_code == BASE_UNKNOWN:
        told, after = difference(taken, Known(digests={}))
        answer = send(_packed(told))
    if answer.status_code != TAKEN:
        raise EnrolmentError(f"the collector takes no inventory (status {answer.status_code}): {answer.text[:200]}")
    write_known(folder, after)


def _packed(told: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 9)


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


def write_known(state: Path, known: Known) -> None:
    """Keeps what was acknowledged. Raises OSError."""
    kinds: dict[str, dict[str, str]] = {}
    for (kind, key), each in known.digests.items():
        kinds.setdefault(kind, {})[key] = each.hex()
    keep(state / STATE_FILE, json.dumps({"hash": known.hash, "items": kinds}).encode())


def give_way() -> None:
    """This process after everything else on the machine, for the processor; on Linux for disks too (ioprio_get(2): a
    niceness of 19 is the lowest of the best-effort class). Where a sandbox allows no such thing, it runs as it is.
    """  # fmt: skip
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)


def _as_json(item: Item) -> dict[str, Any]:
    return {"kind": item.kind, "key": item.key, "fields": item.fields}
