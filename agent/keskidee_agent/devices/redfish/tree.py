"""The resources of one board: read when they are due, by links and collections; what could not be read is a line.

A board takes a second over a resource and has a hundred, so each is read as often as it moves: readings in each poll,
drives and memory each five minutes, what stays each hour. In between the last answer holds. What stays is asked for
with its ETag, so that one that did not change costs a `304` (DSP0266, 6.5). What has a health is not: the ETags of some
boards, Dell's among them, count only what somebody set. Nor is an expanded collection: its members may not count.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.redfish.node import Node, slim
from keskidee_agent.devices.redfish.service import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from keskidee_agent.devices.redfish.service import Service

MOVING, SLOW, STILL = 0.0, 300.0, 3600.0
"""After so many seconds a resource is read again."""
EARLY_SECONDS = 30.0
"""A resource that falls due before the next poll is read in this one."""
MEMBERS_AT_MOST, PAGES_AT_MOST = 512, 64
TROUBLES_AT_MOST = 100
NAMES = frozenset({"Id", "Name", "Description", "MemberId"})
UNCHANGED, FOUND = 304, 200
MISSING = (404, 405, 410, 501)
"""A board links what it might have; what it has not is no trouble."""


class Gone(Exception):
    """The board answers nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    node: Node | None
    etag: str
    at: float
    trouble: str


class Tree:
    """What is known of a board from poll to poll. `ticks` is a clock that only goes on."""

    def __init__(self, service: Service, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._ticks = ticks
        self._kept: dict[str, _Kept] = {}
        self._used: set[str] = set()
        self._unexpanded: set[str] = set()
        self._began = ticks()
        self._all_anew = True
        self.troubles: list[str] = []

    def begin(self, *, all_anew: bool) -> None:
        """A new reading; `all_anew` reads every resource in it."""
        self._began, self._all_anew = self._ticks(), all_anew
        self._used.clear()
        self.troubles = []
        if all_anew:
            self._unexpanded.clear()

    def end(self) -> None:
        """What this reading had no use for is forgotten."""
        self._kept = {path: kept for path, kept in self._kept.items() if path in self._used}

    def trouble(self, place: str, why: object) -> None:
        """A line of what could not be read."""
        if len(self.troubles) < TROUBLES_AT_MOST:
            self.troubles.append(f"{place}: {why}")

    def at(self, link: str | None, every: float) -> Node | None:
        """The resource at a link; None where there is none, or it could not be read. Raises Gone, Spent."""
        if link is None:
            return None
        try:
            path = self._service.path_of(link)
        except Garbled as error:
            self.trouble("a link", error)
            return None
        return self._read(path, every)

    def all_at(self, links: Iterable[str], every: float) -> Iterator[Node]:
        """The resources at these links, none twice."""
        for link in dict.fromkeys(links):
            if (node := self.at(link, every)) is not None:
                yield node

    def members(self, link: str | None, every: float) -> Iterator[Node]:
        """The members of a collection, page by page, in one answer each where the board can (DSP0266, 7.3)."""
        if link is None:
            return
        seen: set[str] = set()
        for page in self._pages(link, every):
            for member in page.nodes("Members"):
                place = member.fields.get("@odata.id")
                if not isinstance(place, str) or place in seen:
                    continue
                if len(seen) == MEMBERS_AT_MOST:
                    self.trouble(link, f"more than {MEMBERS_AT_MOST} members")
                    return
                seen.add(place)
                node = _expanded(place, member) or self.at(place, every)
                if node is not None:
                    yield node

    def _pages(self, link: str, every: float) -> Iterator[Node]:
        page = self._collection(link, every)
        seen: set[str] = set()
        while page is not None:
            yield page
            more = page.fields.get("Members@odata.nextLink") or page.fields.get("@odata.nextLink")
            if not isinstance(more, str) or not more:
                return
            if more in seen or len(seen) == PAGES_AT_MOST:
                self.trouble(link, "pages without end")
                return
            seen.add(more)
            page = self.at(more, every)

    def _collection(self, link: str, every: float) -> Node | None:
        """A collection with its members in it where the board can; one that fails so is asked for plainly."""
        query = self._expansion()
        if query and link not in self._unexpanded and "?" not in link:
            silent = len(self.troubles)
            found = self.at(f"{link.partition('#')[0]}?{query}", every)
            if found is not None:
                return found
            del self.troubles[silent:]
            self._unexpanded.add(link)
        return self.at(link, every)

    def _expansion(self) -> str:
        """The query that fills in what is subordinate, by what the root says of itself; empty where it cannot."""
        features = Node(ROOT, self._service.root).node("ProtocolFeaturesSupported", "ExpandQuery")
        form = "." if features.flag("NoLinks") else "*" if features.flag("ExpandAll") else ""
        if not form:
            return ""
        return f"$expand={form}($levels=1)" if features.flag("Levels") else f"$expand={form}"

    def _read(self, path: str, every: float) -> Node | None:
        key = path.rstrip("/")
        kept = self._kept.get(key)
        self._used.add(key)
        if kept is not None and (kept.at >= self._began or not (self._all_anew or self._is_due(kept, every))):
            if kept.trouble and kept.at < self._began:
                self.trouble(path, kept.trouble)
            return kept.node
        node, etag, trouble = self._asked(path, kept if every >= STILL and "?" not in path else None)
        self._kept[key] = _Kept(node=node, etag=etag, at=self._ticks(), trouble=trouble)
        if trouble:
            self.trouble(path, trouble)
        return node

    def _is_due(self, kept: _Kept, every: float) -> bool:
        if kept.trouble:
            every = min(every, SLOW)
        elif kept.node is None:  # there is no such thing
            every = max(every, SLOW)
        return self._began - kept.at >= every - EARLY_SECONDS

    def _asked(self, path: str, kept: _Kept | None) -> tuple[Node | None, str, str]:
        """The resource, its ETag, and why it could not be read."""
        try:
            answer = self._service.get(path, etag=kept.etag if kept is not None and kept.node is not None else "")
            if answer.status == UNCHANGED and kept is not None:
                return kept.node, kept.etag, ""
            if answer.status == FOUND:
                return Node(path.partition("?")[0], slim(answer.json())), answer.headers.get("ETag", ""), ""
        except NoAnswer as error:
            self._check_alive(path, error)
            return None, "", str(error)
        except (Garbled, Refused) as error:
            return None, "", str(error)
        return None, "", "" if answer.status in MISSING else _said(answer.status)

    def _check_alive(self, path: str, silence: NoAnswer) -> None:
        """Whether the root is still answered, where this was not. Raises Gone."""
        try:
            self._service.get(ROOT)  # with all its time: it may be busy still with what it did not answer
        except (NoAnswer, Garbled, Refused):
            self.trouble(path, silence)
            raise Gone from None


def _expanded(place: str, member: Node) -> Node | None:
    """A member that came with its collection, under its own place; None where only its name came."""
    is_whole = any(not name.startswith("@") and name not in NAMES for name in member.fields)
    return Node(place.partition("#")[0], member.fields) if is_whole else None


def _said(status: int) -> str:
    what = {401: "not for this user", 403: "not for this user", 503: "busy", 429: "busy"}.get(status, "")
    return f"status {status}" + (f", {what}" if what else "")
