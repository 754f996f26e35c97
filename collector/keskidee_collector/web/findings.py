"""What is wrong now, as far as the collector knows it by itself: silence, versions, sources, clocks, refused families.

Full disks and short memory are judged by Prometheus's rules, which see values over time. Only a machine that is on is
asked about its sources, clock and families; what it said before it went off or silent is no news.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_collector.web.wording import SITE_LENGTH, amount, offset, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_collector.view import MachineView

COLLECTOR, LINK, NEWER, SILENT = "collector", "link", "newer", "silent"
SOURCE, CLOCK, REFUSED = "source", "clock", "refused"
KINDS = (COLLECTOR, LINK, NEWER, SILENT, SOURCE, CLOCK, REFUSED)
"""Worst first."""

CLOCK_SECONDS = 60
UPGRADE = "upgrade the collector: until then the agent keeps the reports that this one cannot read"

_OUTCOMES = {"denied": "is denied", "failed": "fails", "timed_out": "times out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong with a machine. `reason` is the machine's own text, `since` epoch seconds or None."""

    kind: str
    text: str
    reason: str = ""
    since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the page: a trouble, and the machines that have it, by instance.

    `site` is set, as it is shown, where it is all of a site.
    """

    trouble: Trouble
    machines: tuple[MachineView, ...]
    site: str = ""

    @property
    def simulated(self) -> bool:
        """Whether it concerns pretend machines alone."""
        return all(machine.simulated for machine in self.machines)


def troubles(machine: MachineView) -> list[Trouble]:
    """What is wrong with one machine, worst first."""
    if machine.is_newer:
        newer = Trouble(kind=NEWER, text="agent newer than this collector", reason=UPGRADE)
        return [newer, *_of_state(machine)]
    return _of_state(machine)


def _of_state(machine: MachineView) -> list[Trouble]:
    if machine.state == "silent":
        text = "no report: its credential was revoked" if machine.is_revoked else "no report"
        return [Trouble(kind=SILENT, text=text, since=machine.state_since)]
    if machine.state == "link_down" and not machine.is_client:
        text = "not reached" if machine.poller else "site not reached"
        return [Trouble(kind=LINK, text=text, since=machine.state_since)]
    if machine.state != "on":
        return []
    found = [
        Trouble(kind=SOURCE, text=f"{p.source} {_OUTCOMES.get(p.outcome, p.outcome)}", reason=p.reason, since=p.since)
        for p in machine.problems
    ]
    off = machine.clock_offset_seconds
    if off is not None and abs(off) > CLOCK_SECONDS:
        found.append(Trouble(kind=CLOCK, text=f"clock is {offset(off)}"))
    if machine.is_hurried:
        found.append(
            Trouble(kind=REFUSED, text="requests refused", reason="more in a minute than one machine may send")
        )
    if machine.refused_families:
        name, reason = next(iter(machine.refused_families.items()))
        text = f"{amount(len(machine.refused_families), 'family', 'families')} refused"
        found.append(Trouble(kind=REFUSED, text=text, reason=reason if name in reason else f"{name}: {reason}"))
    return found


def findings(machines: Iterable[MachineView], *, is_cut_off: bool = False) -> list[Finding]:
    """What is wrong in the fleet, worst first, then newest first; what concerns pretend machines alone at the end.

    Machines that share a trouble share a line (one missing right on 300 desktops is one thing to mend), and so does a
    site that fell: its link, or its power. Where the collector is cut off, that is one line for all sites.
    """
    machines = list(machines)
    found = _unreached([machine for machine in machines if machine.state == "link_down"], is_cut_off=is_cut_off)
    shared: dict[tuple[str, ...], list[tuple[MachineView, Trouble]]] = {}
    for machine in machines:
        for trouble in troubles(machine):
            if trouble.kind == LINK:
                continue
            own = machine.id if trouble.kind in (SILENT, CLOCK) else ""
            key = (trouble.kind, trouble.text, trouble.reason, own, "simulated" if machine.simulated else "")
            shared.setdefault(key, []).append((machine, trouble))
    found += [_shared(pairs) for pairs in shared.values()]
    return sorted(found, key=_order)


def _unreached(machines: list[MachineView], *, is_cut_off: bool) -> list[Finding]:
    """A line for each site that fell, or for all; and one for the devices of a poller that says nothing of them."""
    sites: dict[str, list[MachineView]] = {}
    for machine in machines:
        sites.setdefault(machine.site, []).append(machine)
    fallen = {site: members for site, members in sites.items() if not all(machine.poller for machine in members)}
    if is_cut_off and fallen:
        found = [_cut_off([machine for members in fallen.values() for machine in members], len(fallen))]
    else:
        found = [_fallen_site(site, members) for site, members in fallen.items()]
    unasked: dict[str, list[MachineView]] = {}
    for machine in machines:
        if machine.site not in fallen:
            unasked.setdefault(machine.poller, []).append(machine)
    return found + [_unasked(poller, devices) for poller, devices in unasked.items()]


def _cut_off(machines: list[MachineView], sites: int) -> Finding:
    text = f"{amount(sites, 'site')} fell silent together, and nobody is heard: is the collector itself cut off?"
    since = max(machine.state_since for machine in machines)
    return Finding(trouble=Trouble(kind=COLLECTOR, text=text, since=since), machines=tuple(machines))


def _unasked(poller: str, devices: list[MachineView]) -> Finding:
    text = f"not asked any more by {shown(poller, 60)}"
    since = max(device.state_since for device in devices)
    return Finding(trouble=Trouble(kind=LINK, text=text, since=since), machines=tuple(devices))


def _fallen_site(site: str, members: list[MachineView]) -> Finding:
    text = f"all {len(members)} machines that were on fell silent together: its link or its power?"
    since = max(machine.state_since for machine in members)
    return Finding(
        trouble=Trouble(kind=LINK, text=text, since=since), machines=tuple(members), site=shown(site, SITE_LENGTH)
    )


def _shared(pairs: list[tuple[MachineView, Trouble]]) -> Finding:
    first = pairs[0][1]
    since = None if first.since is None else min(trouble.since or first.since for _, trouble in pairs)
    trouble = Trouble(kind=first.kind, text=first.text, reason=first.reason, since=since)
    return Finding(trouble=trouble, machines=tuple([machine for machine, _ in pairs]))


def _order(finding: Finding) -> tuple[bool, int, bool, int, float, str]:
    trouble = finding.trouble
    return (
        finding.simulated,
        KINDS.index(trouble.kind),
        not finding.site,
        -len(finding.machines),
        -(trouble.since or 0.0),
        finding.machines[0].instance,
    )
