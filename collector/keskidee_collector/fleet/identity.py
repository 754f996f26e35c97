"""Which machine an agent speaks for: its credential says so, and evidence tells when a copy of it is another machine.

Evidence is what the agent reads of board, disks and installed system (its facts of these names). A dock, a VPN or
another network card is none of it. Of what both sides know: where the board or a disk stayed it is the same machine, a
swapped board or a new disk; where nothing did and two of the three differ it is a clone. What is left undecided shows
once both report at the same time: their sessions take turns, which those of one agent never do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.ingest.posts import Post

BOARD = ("uuid", "serial", "board_serial")
DISKS, SYSTEM = "disks", "machine_id_hash"
EVIDENCE = (*BOARD, DISKS, SYSTEM)
SESSIONS_KEPT = 8
CLONES_KEPT = 64
TOGETHER_SECONDS = 600.0
"""Two agents that take turns do so within this time, or within four of their POSTs."""


def evidence_of(facts: Mapping[str, str]) -> dict[str, str]:
    """What of a machine's facts says which machine it is; what is unknown is left out."""
    return {name: facts[name] for name in EVIDENCE if facts.get(name)}


def is_clone(known: Mapping[str, str], told: Mapping[str, str]) -> bool:
    """Whether two pieces of evidence are of two machines, although both have one credential."""
    board, disks, system = _same_board(known, told), _same_disk(known, told), _same(known, told, SYSTEM)
    return not board and not disks and (board, disks, system).count(False) >= 2


def is_swapped(known: Mapping[str, str], told: Mapping[str, str]) -> bool:
    """Whether the machine has another board than before, if it is the same machine."""
    return _same_board(known, told) is False


def is_alike(known: Mapping[str, str], told: Mapping[str, str]) -> bool:
    """Whether two records are most likely of one machine: the same board, or a disk of the other and no other board."""
    board = _same_board(known, told)
    return board or (board is None and bool(_same_disk(known, told)))


def _same_board(known: Mapping[str, str], told: Mapping[str, str]) -> bool | None:
    """None where nothing of the board is known on both sides. Makers give some numbers to many boards: all must fit."""
    found = [_same(known, told, name) for name in BOARD]
    return None if found.count(None) == len(found) else False not in found


def _same_disk(known: Mapping[str, str], told: Mapping[str, str]) -> bool | None:
    here, there = known.get(DISKS, "").split(), told.get(DISKS, "").split()
    return not set(here).isdisjoint(there) if here and there else None


def _same(known: Mapping[str, str], told: Mapping[str, str], name: str) -> bool | None:
    here, there = known.get(name), told.get(name)
    return here == there if here and there else None


class Speakers:
    """The sessions that used a machine's credential lately, and those among them that are a clone's.

    `clones` are sessions, each with the id of the machine that it became (empty before).
    """

    __slots__ = ("_last", "_returned", "_seen", "clones")

    def __init__(self, first: bytes) -> None:
        self.clones: dict[bytes, str] = {}
        self._last = first
        self._seen = {first: 0}
        self._returned: dict[bytes, float] = {}

    def hear(self, session: bytes, sent_ms: int, ticks: float, *, within_seconds: float) -> None:
        """Takes note of a POST that a session sends at `sent_ms` of its wall clock.

        A session that comes back after another has spoken is one of two agents, if the other came back within this time
        too. One alone does so when a virtual machine goes back to a snapshot; and a POST that was late on its way was
        sent before the other began.
        """
        before, self._last = self._last, session
        if session == before:
            return
        if session in self._seen and sent_ms >= self._seen.get(before, 0):
            self._returned[session] = ticks
            if ticks - self._returned.get(before, float("-inf")) <= within_seconds:
                self.mark(max(session, before, key=list(self._seen).index))
        self._seen[session] = max(sent_ms, self._seen.get(session, 0))
        while len(self._seen) > SESSIONS_KEPT:
            gone = next(iter(self._seen))
            del self._seen[gone]
            self._returned.pop(gone, None)

    def mark(self, session: bytes) -> None:
        """This session is a clone's."""
        self.clones.setdefault(session, "")
        self._last = next((each for each in reversed(self._seen) if each not in self.clones), b"")
        while len(self.clones) > CLONES_KEPT:
            del self.clones[next(iter(self.clones))]


def is_of_clone(machine: Machine, post: Post, ticks: float) -> bool:
    """Whether a POST with this machine's credential is of another machine, as far as evidence and sessions say."""
    session, speakers = post.envelope.session, machine.speakers
    if machine.poller_id is not None:
        return False  # its poller speaks for it: what stands there is another box once it was replaced
    if session == machine.session and speakers is None and post.facts is None:
        return False  # nearly every report
    if post.facts is not None and is_clone(machine.evidence, evidence_of(post.facts)):
        _speakers(machine, session).mark(session)
    elif machine.session and (speakers is not None or session != machine.session):
        patience = max(TOGETHER_SECONDS, 4 * machine.expected_seconds)
        speakers = _speakers(machine, session)
        if session not in speakers.clones:
            speakers.hear(session, post.envelope.sent_wall_ms, ticks, within_seconds=patience)
    return machine.speakers is not None and session in machine.speakers.clones


def _speakers(machine: Machine, session: bytes) -> Speakers:
    if machine.speakers is None:
        machine.speakers = Speakers(machine.session or session)
    return machine.speakers
