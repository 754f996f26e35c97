"""The poller's ear: notifications are heard, counted with their device, told to the collector, and bring a poll on.

What it says of itself lies in a file, which the resident reports (sources/traps.py) and `doctor` shows. Where the
collector is away, or this process ends, events that were not told wait in another.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import traceback
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from keskidee_agent.devices.poller.desk import warn
from keskidee_agent.devices.poller.senders import addresses_of, trusted_of
from keskidee_agent.devices.secrets import WrongSecret
from keskidee_agent.devices.traps.ledger import Ledger
from keskidee_agent.devices.traps.receiver import Receiver, engine_id_of, listen
from keskidee_agent.inventory.metrics import written
from keskidee_agent.sources.traps import LAST, LISTENING, METRICS_FILE, TOLD_AT
from keskidee_agent.transport.asking import CallFailed
from keskidee_agent.transport.identity import keep, replace
from keskidee_config import host_and_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import requests

    from keskidee_agent.devices.poller.target import Target
    from keskidee_agent.devices.read import DeviceReading
    from keskidee_agent.devices.redfish.read import BoardReading
    from keskidee_agent.devices.traps.events import Event
    from keskidee_agent.devices.traps.receiver import Trusted
    from keskidee_config import TrapSettings
    from keskidee_report.model import Sample

EVENTS_FILE = "events.json"
TURN_SECONDS = 2.0
"""So long an event waits for others at most, before all go out together."""
TELL_SECONDS, TELL_SECONDS_AT_MOST = 5.0, 60.0
"""From one request to the next: twice as long each time while there is more to tell, for thin links."""
LISTEN_AGAIN_SECONDS, RESOLVE_SECONDS, WRITE_SECONDS = 60.0, 300.0, 10.0
EVENTS_A_REQUEST = 200
TAKEN, REFUSED = 204, (413, 422)


class Hearing:
    """Hears for one poller. `poll` is called with a device's id, `send` with a body for the collector, in a thread."""

    def __init__(
        self,
        settings: TrapSettings,
        folder: Path,
        *,
        machine_id: str,
        poll: Callable[[str], None],
        send: Callable[[bytes], requests.Response],
    ) -> None:
        self._settings, self._folder, self._send = settings, folder, send
        self._engine_id = engine_id_of(hashlib.sha256(machine_id.encode()).digest())
        self.ledger = Ledger(time.time, poll)
        self._targets: tuple[Target, ...] = ()
        self._own: dict[str, tuple[str, ...]] = {}
        self._polled: dict[str, set[str]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._reason = "not yet"
        self._due = dict.fromkeys(("listen", "resolve", "write", "tell"), 0.0)
        self._trouble = ""
        self._pause_seconds = TELL_SECONDS
        self._is_kept = False
        with suppress(OSError, ValueError):
            self.ledger.events.restore(json.loads((self._folder / EVENTS_FILE).read_bytes()))
            self._is_kept = True

    def know(self, targets: Iterable[Target]) -> None:
        """These are polled from now on, and heard; but for server boards, which may be SNMP devices besides."""
        self._targets = tuple(target for target in targets if target.board is None)
        self.ledger.forget({target.machine_id for target in self._targets})
        self._due["resolve"] = 0.0

    def learn(self, machine_id: str, reading: DeviceReading | BoardReading) -> None:
        """A device was read as a whole: it may speak from other addresses of its own."""
        own = tuple(sorted(one.address for one in reading.parts.addresses))
        if self._own.get(machine_id, ()) != own:
            self._own[machine_id] = own
            self._due["resolve"] = min(self._due["resolve"], time.monotonic() + TURN_SECONDS)

    def samples_of(self, machine_id: str) -> list[Sample]:
        """What a device told, in numbers; nothing where nobody listens."""
        return [] if self._transport is None else list(self.ledger.samples_of(machine_id))

    async def serve(self) -> None:
        """Hears until it is cancelled."""
        if not self._settings.enabled:
            return
        while True:
            try:
                await self._turn()
            except Exception:  # noqa: BLE001 - a fault of ours here must not end the hearing for good
                traceback.print_exc()
            await asyncio.sleep(TURN_SECONDS)

    async def _turn(self) -> None:
        if self._is_due("resolve", RESOLVE_SECONDS):
            await self._resolve()
        if self._transport is None and self._targets and self._is_due("listen", LISTEN_AGAIN_SECONDS):
            await self._listen()
        if self._is_due("write", WRITE_SECONDS):
            self._write()
        await self._tell()

    def close(self) -> None:
        """Hears no more; what was not told is kept."""
        if self._transport is not None:
            self._transport.close()
        (self._folder / METRICS_FILE).unlink(missing_ok=True)
        self._keep_events()

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + seconds
        return True

    async def _resolve(self) -> None:
        """Learns anew where the devices are; what a name gave last stands while it is not resolved."""
        targets = self._targets
        found = await asyncio.to_thread(lambda: {each.machine_id: addresses_of(each.address.host) for each in targets})
        known = {target.machine_id for target in self._targets}
        self._polled |= {device: each for device, each in found.items() if each}
        self._polled = {device: each for device, each in self._polled.items() if device in known}
        self._own = {device: each for device, each in self._own.items() if device in known}
        if self._transport is not None:
            receiver = self._transport.get_protocol()
            assert isinstance(receiver, Receiver)
            with suppress(WrongSecret):  # what could be read when it began to listen holds
                receiver.trust(self._trusted())

    def _trusted(self) -> Trusted:
        return trusted_of(self._targets, self._polled, self._own, self._settings, self._engine_id)

    async def _listen(self) -> None:
        host, port = host_and_port(self._settings.listen)
        try:
            self._transport = await listen(host, port, self._trusted(), self.ledger)
            reason = ""
        except WrongSecret as error:
            reason = " ".join(str(error).split())
        except OSError as error:
            reason = error.strerror or str(error)
        if reason != self._reason:
            self._reason = reason
            warn(f"traps=heard on={self._settings.listen}" if not reason else f"traps=unheard reason={reason!r}")
        self._due["write"] = 0.0

    def _write(self) -> None:
        with suppress(OSError):
            replace(self._folder / METRICS_FILE, written(list(self._own_samples())))

    def _own_samples(self) -> Iterable[Sample]:
        yield TOLD_AT(int(time.time()))
        yield LISTENING(int(self._transport is not None), address=self._settings.listen, reason=self._reason)
        if self.ledger.taken:
            yield LAST(int(self.ledger.taken_at))
        yield from self.ledger.own_samples()

    async def _tell(self) -> None:
        """Tells the collector what it lacks of the events; what it does not take is no use to it later either."""
        self.ledger.events.sweep()
        if time.monotonic() < self._due["tell"]:
            return
        events = self.ledger.events.untold(EVENTS_A_REQUEST)
        self._pause_seconds = min(2 * self._pause_seconds, TELL_SECONDS_AT_MOST) if events else TELL_SECONDS
        if not events:
            return
        self._due["tell"] = time.monotonic() + self._pause_seconds
        counts = [(event, event.count) for event in events]
        try:
            answer = await asyncio.to_thread(self._send, body_of(events, time.time()))
            if answer.status_code in REFUSED:
                warn(f"events={len(events)} refused={answer.text[:200]!r}")
            elif answer.status_code != TAKEN:
                raise CallFailed(f"status {answer.status_code}: {answer.text[:200]}")
        except (CallFailed, OSError) as error:
            self._due["tell"] = time.monotonic() + TELL_SECONDS_AT_MOST
            if not self._trouble:
                warn(f"events=waiting reason={str(error)!r}")
            self._trouble = str(error)
            self._keep_events()
        else:
            self._trouble = ""
            self.ledger.events.took(counts)
            if self._is_kept:
                self._keep_events()

    def _keep_events(self) -> None:
        """On disk what was not told; where that fails they are kept here alone."""
        rows, place = self.ledger.events.as_rows(), self._folder / EVENTS_FILE
        with suppress(OSError):
            if rows:
                keep(place, json.dumps(rows).encode())
            else:
                place.unlink(missing_ok=True)
        self._is_kept = bool(rows)


def body_of(events: Iterable[Event], now: float) -> bytes:
    """Events as the collector takes them: JSON, deflated, with the time of our clock."""
    rows = [
        {
            "machine_id": event.device, "key": event.key, "trap": event.trap, "kind": event.kind,
            "subject": event.subject, "first_at": event.first_at, "last_at": event.last_at, "count": event.count,
            "variables": event.variables,
        }
        for event in events
    ]  # fmt: skip
    return zlib.compress(json.dumps({"sent_at": now, "events": rows}, separators=(",", ":")).encode())
