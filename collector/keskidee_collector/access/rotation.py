"""The agents' authority is replaced by another one, and nobody visits a machine for it.

Stages, as the files in `tls/` say: `settled` (one authority); `handing_out` (the key of the next one waits in
`next.key`, its certificate stands second in `ca.pem`: agents fetch both with a renewal of their credential, over the
connection that they trust); `in_use` (the next one is the first and signs the server's certificate, the old one is
trusted beside it). Each step is one rename, so a start after a crash finds one of the stages. Source: RFC 4210, 4.4,
where a new key is likewise given out under the old one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_collector.access import certificates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State

SETTLED, HANDING_OUT, IN_USE = "settled", "handing_out", "in_use"
DAY_SECONDS = 86_400.0
LATELY_SECONDS = 14 * DAY_SECONDS
"""A machine that was not heard for longer holds nothing up: it enrols again when it is back."""
HAND_OUT_SECONDS = DAY_SECONDS
"""At least so long both are handed out: people copy `ca.pem` to Prometheus, too."""
TRUST_SECONDS = 30 * DAY_SECONDS
"""So long the old one stays trusted: a backup of before may have to be restored."""
ASKED_AT_ONCE = 20
SECONDS_A_MACHINE = 0.5
"""More than these are asked one after the other: each needs some handshakes."""
FACT = "authorities"
NOT_OURS = ("none", "system")
"""What a machine tells of its authorities that trusts none of ours: it comes through a proxy, or from this host."""
FIXED = "fixed"
"""It trusts a file that a person keeps: asking does not help."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is: the stage, since when (epoch s), and the machines heard lately that lack the newest authority."""

    stage: str
    since: float
    authorities: list[str]
    lacking: list[str]


class Rotation:
    """The authorities of a running collector. `resign` signs the server's certificate where due, and reads it again."""

    def __init__(self, state: State, folder: Path, resign: Callable[[], None], *, names_own: bool) -> None:
        self._state = state
        self._folder = folder
        self._resign = resign
        self._names_own = names_own
        self._turn = asyncio.Lock()
        self._read()

    @property
    def stage(self) -> str:
        """SETTLED, HANDING_OUT or IN_USE."""
        if len(self.pems) < 2:
            return SETTLED
        return HANDING_OUT if (self._folder / certificates.NEXT_KEY).exists() else IN_USE

    def progress(self) -> Progress:
        """How far it is."""
        newest = self._ids[-1] if self.stage == HANDING_OUT else self._ids[0]
        lacking = sorted(m.instance for m in self._lately() if not _trusts(m, newest))
        return Progress(stage=self.stage, since=self._since, authorities=self._ids, lacking=lacking)

    async def begin(self) -> None:
        """Makes the next authority and hands it out; nothing where one is on its way. Raises Damaged, OSError."""
        async with self._turn:
            if self.stage == IN_USE:
                await self._forget_old()
            if self.stage == SETTLED:
                await asyncio.to_thread(certificates.make_next, self._folder)
                self._read()
                logger.warning("another authority is handed out id=%s", self._ids[-1])
        self.ask()

    async def finish(self) -> None:
        """One stage on, whoever is not ready for it. Raises OSError."""
        async with self._turn:
            if self.stage == HANDING_OUT:
                await self._use_next()
            elif self.stage == IN_USE:
                await self._forget_old()
        self.ask()

    async def advance(self) -> None:
        """One stage on where that is due and everybody who was heard lately is ready."""
        progress, now = self.progress(), self._state.now()
        waited = now - progress.since
        if progress.lacking or waited < (TRUST_SECONDS if progress.stage == IN_USE else HAND_OUT_SECONDS):
            return
        if progress.stage != SETTLED:
            await self.finish()

    def ask(self) -> None:
        """Notes who is to fetch the authorities anew; the answers to its reports tell it, with a renewal."""
        machines = list(self._lately())
        spread = max(0, len(machines) - ASKED_AT_ONCE) * SECONDS_A_MACHINE
        waited = self._state.now() - self._since
        for machine in machines:
            if _is_behind(machine, self._ids) and waited >= zlib.crc32(machine.id.encode()) / 2**32 * spread:
                machine.renews = True

    async def _use_next(self) -> None:
        os.replace(self._folder / certificates.NEXT_KEY, self._folder / certificates.CA_KEY)
        await asyncio.to_thread(self._resign)
        self._read()
        logger.warning("another authority signs the certificate id=%s", self._ids[0])

    async def _forget_old(self) -> None:
        await asyncio.to_thread(certificates.keep_first, self._folder)
        self._read()
        logger.warning("an authority is trusted no more id=%s", self._ids[0])

    def _read(self) -> None:
        self.pems = certificates.authorities_in(self._folder)
        self.expiries = [certificates.expiry_of(pem) for pem in self.pems]
        self._ids = [certificates.fingerprint_of(pem)[: certificates.ID_DIGITS] for pem in self.pems]
        self._since = (self._folder / certificates.CA).stat().st_mtime
        if self._names_own:
            self._state.access.name(certificates.fingerprint_of(self.pems[0]))

    def _lately(self) -> list[Machine]:
        since = self._state.now() - LATELY_SECONDS
        return [
            m
            for m in self._state.fleet
            if m.retired_at is m.revoked_at is None
            and (m.last_report_at or m.enrolled_at) >= since
            and m.facts.get("simulated") != "true"
        ]


def _trusts(machine: Machine, authority: str) -> bool:
    told = machine.facts.get(FACT, "").split()
    return authority in told or any(word in NOT_OURS for word in told)


def _is_behind(machine: Machine, authorities: list[str]) -> bool:
    """Whether it can take authorities from here, and has others."""
    told = machine.facts.get(FACT, "").split()
    return bool(told) and told[0] not in (*NOT_OURS, FIXED) and set(authorities) != set(told)
