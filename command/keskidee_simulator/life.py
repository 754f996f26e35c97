"""The life of one pretend machine: it enrols, reports, sleeps, is switched off and on, and falls silent."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import time
from typing import TYPE_CHECKING

from keskidee_report.codec import CONTENT_TYPE, envelope, facts_frame, goodbye_frame
from keskidee_simulator.connection import Answer, Connection, Unreachable
from keskidee_simulator.enrolment import Credential, Refused, enrol
from keskidee_simulator.habits import ASLEEP, OFF, ON, SILENT, Presence, presence
from keskidee_simulator.rounds import Rounds, When, milliseconds
from keskidee_simulator.stock import began_of, stock_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keskidee_report.delta import Snapshot
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.world import World

DEFAULT_INTERVAL_SECONDS = 15.0
BACK_OFF_SECONDS, BACK_OFF_LIMIT_SECONDS = 1.0, 60.0
REFUSED_SECONDS = 400.0
FIRST_ROUNDS_NEW, FIRST_ROUNDS_KNOWN = 3, 1
"""A machine that ought to be off reports so often first: so that the register has it, or hears why it is quiet now."""

log = logging.getLogger("keskidee.simulator")


class Life:
    """One machine, from the start of the simulator to its end."""

    __slots__ = (
        "_away", "_base", "_began", "_connection", "_credential", "_failures", "_first_rounds", "_headers", "_interval",
        "_machine", "_rounds", "_sequence", "_session", "_spoke_at", "_stock", "_told_facts", "_world",
    )  # fmt: skip

    def __init__(self, machine: Pretend, connection: Connection, world: World) -> None:
        self._connection = connection
        self._world = world
        self._stock = stock_of(machine, world)
        self._machine = machine if self._stock is None else self._stock.machine
        self._began = began_of(machine, world)
        self._rounds = Rounds(self._machine, self._began)
        self._interval = world.interval_seconds or DEFAULT_INTERVAL_SECONDS
        self._credential: Credential | None = world.credentials.get(machine.number)
        self._first_rounds = FIRST_ROUNDS_KNOWN if self._credential else FIRST_ROUNDS_NEW
        self._headers = ""
        self._failures = 0
        self._away: dict[str, str] = {}
        self._spoke_at = world.clock()
        self._begin_session()

    async def live(self) -> None:
        """Goes on until it is cancelled."""
        await asyncio.sleep(self._machine.chance(1) * self._interval)
        try:
            await self._enrol()
            before = self._presence()
            while True:
                now = self._presence()
                await self._change(before, now)
                before = now
                if now.state == ON:
                    await self._report(now)
                    await self._take_stock()
                await self._sleep(now)
        except Refused as refusal:
            log.error("machine refused hostname=%s: %s", self._machine.hostname, refusal)

    def _begin_session(self) -> None:
        self._session = os.urandom(8)
        self._sequence = 0
        self._base: Snapshot | None = None
        self._told_facts = False

    def _presence(self) -> Presence:
        found = presence(self._machine, self._world.clock())
        if self._world.steady or self._first_rounds or (self._stock is not None and self._stock.is_awaited):
            return Presence(state=ON, booted_at=found.booted_at, until=found.until)
        return found

    async def _change(self, before: Presence, now: Presence) -> None:
        """Says goodbye where the machine goes off or to sleep, and begins a new session where it has booted."""
        if before.state == ON and now.state in {OFF, ASLEEP} and self._sequence and not now.unplugged:
            await self._goodbye("shutdown" if now.state == OFF else "sleep", now)
        if before.booted_at != now.booted_at:
            if before.state == ON and now.state == ON and self._sequence:
                await self._goodbye("shutdown", before)
            self._come_back("power_loss" if before.unplugged else "shutdown")
            self._begin_session()
        elif before.state == ASLEEP and now.state == ON:
            self._come_back("sleep")

    def _come_back(self, reason: str) -> None:
        """Has the next report say why the machine was away, as the real agent does."""
        seconds = max(0, int(self._world.clock() - self._spoke_at))
        since = str(int(self._spoke_at + self._machine.clock_offset_seconds))
        self._away = {"away_reason": reason, "away_seconds": str(seconds), "away_since": since}
        self._told_facts = False

    async def _sleep(self, now: Presence) -> None:
        """Until the next round: rounds of a machine stand at its own place in the interval, those of all spread."""
        clock = self._world.clock()
        place = self._machine.chance(1) * self._interval
        wait = self._interval - (clock - place) % self._interval
        if now.state in {OFF, ASLEEP, SILENT}:
            wait = max(wait, min(now.until - clock, 600.0))
        if self._failures:
            wait = max(wait, self._back_off())
        await asyncio.sleep(wait)

    def _facts(self) -> dict[str, str]:
        boot_id = f"{self._machine.luck[:4].hex()}-{self._session.hex()}"
        own = {} if self._world.interval_seconds is None else {"interval_own": "true"}
        return self._machine.facts("0.1.0", self._interval, boot_id) | own | self._away

    async def _enrol(self) -> None:
        """Gets a credential where there is none; tries until it has one. Raises Refused."""
        world = self._world
        if self._credential is None:
            if not world.token:
                raise Refused("no join token, and no credential kept from before")

            async def ask() -> Answer:
                async with world.enrolling:
                    return await enrol(self._connection, world.token, self._machine, self._facts())

            self._enrolled(json.loads((await self._insist(ask, 201)).body))
        self._speak()

    async def _insist(self, ask: Callable[[], Awaitable[Answer]], status: int) -> Answer:
        """Asks until the answer has this status. Raises Refused."""
        while True:
            try:
                answer = await ask()
            except Unreachable as error:
                self._fail(str(error))
                await asyncio.sleep(self._back_off())
                continue
            if answer.status == status:
                return answer
            if answer.status in {429, 503}:
                await asyncio.sleep(answer.retry_after_seconds * random.uniform(1.0, 1.2))
            elif answer.status >= 500:
                self._fail(f"status {answer.status} at enrolment")
                await asyncio.sleep(self._back_off())
            else:
                raise Refused(f"status {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}")

    def _speak(self) -> None:
        """Makes the headers of its reports."""
        assert self._credential is not None
        self._headers = f"Authorization: Bearer {self._credential.credential}\r\nContent-Type: {CONTENT_TYPE}\r\n"

    def _enrolled(self, granted: dict[str, str]) -> None:
        self._credential = Credential(
            number=self._machine.number,
            machine_id=granted["machine_id"],
            credential=granted["credential"],
            instance=granted["instance"],
        )
        self._world.credentials.add(self._credential)
        self._world.tally.enrolled += 1

    def _back_off(self) -> float:
        longest = min(BACK_OFF_LIMIT_SECONDS, BACK_OFF_SECONDS * 2.0 ** min(self._failures, 8))
        return longest * random.uniform(0.5, 1.0)

    async def _report(self, now: Presence) -> None:
        self._sequence += 1
        self._first_rounds = max(0, self._first_rounds - 1)
        when = When(session=self._session, sequence=self._sequence, now=self._world.clock(), booted_at=now.booted_at)
        readings = self._rounds.readings(when.now, when.booted_at)
        base, frames = self._rounds.encode(readings, when, base=self._base)
        answer = await self._post(frames, when)
        if answer is not None and answer.status == 409:
            self._world.tally.schema_asked += 1
            self._told_facts = False
            base, frames = self._rounds.encode(readings, when)
            answer = await self._post(frames, when)
        if answer is None:
            return
        if answer.status == 200:
            self._base = base
            self._acknowledged(answer)
        else:
            await self._rejected(answer)

    async def _post(self, frames: list[bytes], when: When) -> Answer | None:
        """Sends frames, the facts before them where the collector has not heard them in this session."""
        assert self._credential is not None
        if not self._told_facts:
            frames = [facts_frame(self._facts()), *frames]
        boot_ms = milliseconds(self._world.clock() - when.booted_at)
        body = envelope(self._session, boot_ms, self._rounds.wall_ms(self._world.clock()), frames)
        if any(cut.severs(self._machine.link.name, when.now) for cut in self._world.cuts):
            self._fail("the link of its site is cut")
            return None
        began = time.perf_counter()
        try:
            answer = await self._connection.send(
                "POST", f"/v1/machines/{self._credential.machine_id}/reports", self._headers, body
            )
        except Unreachable as error:
            self._fail(str(error))
            return None
        self._world.tally.took(time.perf_counter() - began)
        return answer

    def _acknowledged(self, answer: Answer) -> None:
        if self._failures:
            log.info("reports arrive again hostname=%s", self._machine.hostname)
        self._failures = 0
        self._told_facts = True
        self._spoke_at = self._world.clock()
        self._world.tally.acknowledged += 1
        if self._world.interval_seconds is None:
            wanted = json.loads(answer.body).get("interval_seconds")
            if isinstance(wanted, int | float) and 1 <= wanted <= 3600:
                self._take(float(wanted))

    def _take(self, seconds: float) -> None:
        """The collector wishes for this time from one report to the next."""
        if seconds != self._interval:
            self._interval = seconds
            self._told_facts = False

    async def _rejected(self, answer: Answer) -> None:
        """Waits as long as the answer asks for, or as such an answer should be waited on."""
        if answer.status in {429, 503}:
            self._world.tally.failed += 1
            await asyncio.sleep(answer.retry_after_seconds)
            return
        if answer.status >= 500:
            self._fail(f"status {answer.status}")
            return
        self._world.tally.refused += 1
        detail = answer.body[:200].decode("utf-8", "replace")
        log.warning("report refused hostname=%s status=%d: %s", self._machine.hostname, answer.status, detail)
        if answer.status in {401, 403, 404, 410}:
            await asyncio.sleep(REFUSED_SECONDS * random.uniform(0.75, 1.5))

    async def _take_stock(self) -> None:
        """Tells the inventory when it is due, behind a report that was taken."""
        stock, now = self._stock, self._world.clock()
        if stock is None or self._credential is None or self._failures or not self._told_facts or not stock.is_due(now):
            return
        path = f"/v1/machines/{self._credential.machine_id}/inventory"
        try:
            await stock.tell(lambda body: self._connection.send("POST", path, self._headers, body), now)
        except Unreachable as error:
            self._fail(str(error))
            return
        self._world.tally.inventories += 1
        if stock.machine != self._machine:
            self._machine = stock.machine
            self._rounds = Rounds(self._machine, self._began)

    async def _goodbye(self, reason: str, now: Presence) -> None:
        self._sequence += 1
        clock = self._world.clock()
        boot_ms = milliseconds(clock - now.booted_at)
        frame = goodbye_frame(self._session, self._sequence, boot_ms, self._rounds.wall_ms(clock), reason)
        when = When(session=self._session, sequence=self._sequence, now=clock, booted_at=now.booted_at)
        answer = await self._post([frame], when)
        self._world.tally.goodbyes += answer is not None and answer.status == 200
        self._connection.close()

    def _fail(self, reason: str) -> None:
        self._world.tally.failed += 1
        if not self._failures:
            log.warning("collector not reached hostname=%s: %s", self._machine.hostname, reason)
        self._failures += 1
