"""What silence means, decided from who else of the site is silent: a machine's trouble, or its site's link.

A site fell when at least two of its machines were on at its last sign of life, all of them missed their reports, and
nobody there was heard since. Devices are no witnesses: one machine speaks for all that it polls. Nothing of this is
kept: it follows from when each machine was heard last, so a restart of the collector changes nothing, and the first
machine that speaks again ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_collector.fleet.machine import LINK_DOWN, OFF, OFF_WORDS, ON, SILENT

if TYPE_CHECKING:
    from keskidee_collector.fleet.fleet import Fleet
    from keskidee_collector.fleet.machine import Machine

UP, UNKNOWN = "up", "unknown"
SITE_STATES = (UP, LINK_DOWN, UNKNOWN)
"""A site is up when a machine of it is on. Unknown: nobody is on, and nobody knows why; people go home."""

RETURN_SECONDS = 120.0
"""So long after the collector was away nobody is said to have fallen: agents that reached nobody try again within a
minute, and then wait for their place in the interval."""
GOING_HOME_SECONDS = 3600.0
"""How far back a site of desktops and laptops is looked at: who left in this time was going home."""
TOGETHER_SECONDS = 60.0
"""Sites that fall within such a time fell together."""
JUST_NOW_SECONDS = 2.0


class Presence:
    """Looks at a fleet. `since_ticks` is when the collector began to listen, or came to itself again."""

    def __init__(self, fleet: Fleet, silent_after_intervals: float, since_ticks: float) -> None:
        self.fleet = fleet
        self.silent_after_intervals = silent_after_intervals
        self.since_ticks = since_ticks
        self.witnesses: dict[str, Machine] = {}
        """Who was heard last at a site, when it was last looked at: mostly this answers for the whole site."""

    def look(self, ticks: float) -> Look:
        """Everybody's state at this tick of the steady clock."""
        self.since_ticks = min(self.since_ticks, ticks)
        return Look(self, ticks)

    def was_away(self, seconds: float, ticks: float) -> None:
        """The collector itself stood still for so long, until now: nobody could be heard, and that does not count."""
        for machine in self.fleet:
            if not machine.is_overdue(ticks - seconds, silent_after_intervals=self.silent_after_intervals):
                machine.heard_ticks = min(machine.heard_ticks + seconds, ticks)
        self.since_ticks = ticks


class Look:
    """The fleet at one moment. Each site is judged once, and only when somebody there is overdue."""

    def __init__(self, presence: Presence, ticks: float) -> None:
        self._presence = presence
        self._ticks = ticks
        self._patience = presence.silent_after_intervals
        self._falls: dict[str, float | None] = {}
        self._cut_off: bool | None = None

    def state(self, machine: Machine) -> str:
        """on, off, silent, link_down or retired."""
        if machine.is_overdue(self._ticks, silent_after_intervals=self._patience):
            fell_ticks = self._fall(machine.site)
            if fell_ticks is not None and self._due_ticks(machine) >= fell_ticks:
                return LINK_DOWN
            if self._is_unasked(machine):
                return LINK_DOWN
        return machine.state(self._ticks, silent_after_intervals=self._patience)

    def is_told(self, machine: Machine) -> bool:
        """Whether what was said of it is of now: it is on, or a device of which its poller says that it is silent."""
        state = self.state(machine)
        return state == ON or (machine.poller_id is not None and state in (SILENT, OFF))

    def site(self, name: str) -> str:
        """up, link_down or unknown. While the collector is the one that is cut off, nobody knows of the sites."""
        if self._fall(name) is not None:
            return UNKNOWN if self.is_cut_off() else LINK_DOWN
        return UP if any(self.state(machine) == ON for machine in self._presence.fleet.at(name)) else UNKNOWN

    def is_cut_off(self) -> bool:
        """Whether it is the collector that hears nobody: several sites fell together, and nobody at all is on."""
        if self._cut_off is None:
            fleet = self._presence.fleet
            falls = [fell for site in fleet.sites() if (fell := self._fall(site)) is not None]
            together = len(falls) > 1 and max(falls) - min(falls) <= TOGETHER_SECONDS
            self._cut_off = together and all(self.state(machine) != ON for machine in fleet)
        return self._cut_off

    def _is_unasked(self, machine: Machine) -> bool:
        """Whether it is a device of which its poller says nothing any more: that one's silence is told by itself."""
        patience = self._patience * machine.expected_seconds
        return machine.poller_id is not None and self._ticks - machine.polled_ticks > patience

    def _due_ticks(self, machine: Machine) -> float:
        """When a machine becomes overdue."""
        return machine.heard_ticks + self._patience * machine.expected_seconds

    def _fall(self, site: str) -> float | None:
        """When the last report of a site came that fell; None where it did not fall."""
        if site not in self._falls:
            self._falls[site] = self._judge(site) if site else None  # machines without a site have nothing in common
        return self._falls[site]

    def _judge(self, site: str) -> float | None:
        witness = self._presence.witnesses.get(site)
        if witness is not None and witness.heard_ticks > self._ticks - JUST_NOW_SECONDS:
            return None
        members = [
            m
            for m in self._presence.fleet.at(site)
            if m.retired_at is None and m.last_report_at is not None and m.poller_id is None
        ]
        overdue = [m for m in members if m.is_overdue(self._ticks, silent_after_intervals=self._patience)]
        if len(overdue) < 2:
            return None
        witness = self._presence.witnesses[site] = max(members, key=lambda m: m.heard_ticks)
        last = max(overdue, key=lambda m: m.heard_ticks)
        if witness.heard_ticks > last.heard_ticks + last.expected_seconds:
            return None
        fallen = [m for m in overdue if self._due_ticks(m) >= last.heard_ticks]
        if len(fallen) < 2 or self._is_early(fallen) or self._left(members, fallen, last.heard_ticks):
            return None
        return last.heard_ticks

    def _is_early(self, fallen: list[Machine]) -> bool:
        """Whether they fell since the collector came back, and may only not have found it yet."""
        since = self._presence.since_ticks
        return max(map(self._due_ticks, fallen)) > since and self._ticks < since + RETURN_SECONDS

    def _left(self, members: list[Machine], fallen: list[Machine], fell_ticks: float) -> bool:
        """Whether people switched them off: a server said goodbye meanwhile; or, where only desktops and laptops fell,
        anybody did in the last hour, or most had gone before.
        """
        gone = [m for m in members if m.goodbye in OFF_WORDS]
        if any(not m.is_client for m in fallen):
            return any(not m.is_client and self._due_ticks(m) >= fell_ticks for m in gone)
        lately = fell_ticks - GOING_HOME_SECONDS
        there = [m for m in members if m.heard_ticks >= lately]
        return any(m.heard_ticks >= lately for m in gone) or 2 * len(fallen) <= len(there)
