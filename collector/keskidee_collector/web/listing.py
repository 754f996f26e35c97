"""The list of machines: which are asked for, in what order, and which page of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from keskidee_collector.web.findings import KINDS, Trouble, troubles
from keskidee_collector.web.wording import SITE_LENGTH, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keskidee_collector.view import MachineView

PAGE_ROWS = 200
TEXT_LENGTH = 200
WRONG = "wrong"
CHOICES = {
    WRONG: "something wrong",
    "on": "on",
    "silent": "silent",
    "link_down": "link down",
    "off": "off",
    "retired": "retired",
}
"""What can be asked of a machine's state, with the words for it."""

_CALM = ("link_down", "silent", "on", "off", "retired")
"""Order of the machines with which nothing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for; empty texts ask for everything. `page` counts from 1."""

    text: str = ""
    site: str = ""
    state: str = ""
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Query:
        """From a URL's parameters; what makes no sense is as if it were not there."""
        state, page = parameters.get("state", ""), parameters.get("page", "")
        return cls(
            text=parameters.get("q", "").strip()[:TEXT_LENGTH],
            site=parameters.get("site", ""),
            state=state if state in CHOICES else "",
            page=int(page) if page.isdecimal() and 0 < len(page) < 7 else 1,
        )

    @property
    def narrows(self) -> bool:
        """Whether it leaves machines out."""
        return bool(self.text or self.site or self.state)

    def link(self, page: int = 1) -> str:
        """The URL of another page of the same list."""
        pairs = {"q": self.text, "site": self.site, "state": self.state, "page": str(page) if page > 1 else ""}
        query = urlencode({name: value for name, value in pairs.items() if value})
        return f"/?{query}#machines" if query else "/#machines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A machine in the list, with what is wrong with it."""

    machine: MachineView
    troubles: list[Trouble]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of the list. `found` counts the machines on all pages."""

    query: Query
    rows: list[Row]
    found: int
    pages: int

    @property
    def first(self) -> int:
        """The number of the first row, counted from 1."""
        return (self.query.page - 1) * PAGE_ROWS + 1


@dataclass(slots=True, kw_only=True)
class SiteCount:
    """How many machines a site has, and how they are; `name` as it is shown. `wrong` counts machines, not troubles."""

    name: str
    machines: int = 0
    on: int = 0
    silent: int = 0
    link_down: int = 0
    off: int = 0
    wrong: int = 0


def listing(machines: Iterable[MachineView], query: Query) -> Listing:
    """The machines that `query` asks for, worst first, then by site and instance; a page past the end is the last."""
    words = query.text.casefold().split()
    found = [m for m in machines if _asked(m, query) and (not words or _says(m, words))]
    found.sort(key=_order)
    pages = max(1, -(-len(found) // PAGE_ROWS))
    query = replace(query, page=min(query.page, pages))
    start = (query.page - 1) * PAGE_ROWS
    rows = [Row(machine=machine, troubles=troubles(machine)) for machine in found[start : start + PAGE_ROWS]]
    return Listing(query=query, rows=rows, found=len(found), pages=pages)


def sites(machines: Iterable[MachineView]) -> list[SiteCount]:
    """Counts of every site: those with the most wrong first, then by name."""
    counts: dict[str, SiteCount] = {}
    for machine in machines:
        name = shown(machine.site, SITE_LENGTH)
        count = counts.get(name) or counts.setdefault(name, SiteCount(name=name))
        count.machines += 1
        count.on += machine.state == "on"
        count.silent += machine.state == "silent"
        count.link_down += machine.state == "link_down"
        count.off += machine.state == "off"
        count.wrong += bool(troubles(machine))
    return sorted(counts.values(), key=lambda count: (-count.wrong, count.name))


def _asked(machine: MachineView, query: Query) -> bool:
    if query.site and shown(machine.site, SITE_LENGTH) != query.site:
        return False
    if query.state == WRONG:
        return bool(troubles(machine))
    return not query.state or machine.state == query.state


def _says(machine: MachineView, words: list[str]) -> bool:
    m = machine
    texts = [m.instance, m.hostname, m.site, m.role, m.os, m.system, m.maker, m.model, m.serial, m.id]
    text = "\n".join([*texts, *[trouble.text for trouble in troubles(m)]]).casefold()
    return all(word in text for word in words)


def _order(machine: MachineView) -> tuple[bool, bool, int, bool, str, str]:
    """Real troubles, then pretended ones, then the calm."""
    found = troubles(machine)
    rank = KINDS.index(found[0].kind) if found else _CALM.index(machine.state)
    pretended = machine.simulated
    return not found, bool(found) and pretended, rank, pretended, machine.site, machine.instance
