"""The resident agent: a round each interval: read, encode, hold, send. Started by `keskidee agent run` (run.py).

It imports nothing that it can do without, because every module is paid for on thousands of machines: no dataclasses,
typing, json, logging, socket, ssl, signal (together 10 MB). The settings arrive ready-made.
"""

from __future__ import annotations

import gc
import marshal
import os
import sys
import time

from keskidee_agent.delivery.delivery import Delivery
from keskidee_agent.delivery.stocktaking import METRICS_FILE
from keskidee_agent.gather.gather import DEADLINE_SECONDS, Gatherer
from keskidee_agent.host import clock
from keskidee_agent.host.machine import Machine
from keskidee_agent.host.mapped import give_back
from keskidee_agent.resident import child
from keskidee_agent.resident.absence import BOOT_ID, Absence, boot_of
from keskidee_agent.resident.errands import Errands
from keskidee_agent.resident.farewell import machine_goes_down
from keskidee_agent.resident.vitals import Vitals
from keskidee_agent.resident.wake import RELOAD, STOP, Wake
from keskidee_agent.spool.lock import InUse
from keskidee_agent.spool.spool import Spool
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.transport import Transport
from keskidee_report import __version__
from keskidee_report.codec import Encoder
from keskidee_report.wire import SESSION_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from keskidee_agent.transport.proxy import Proxy
    from keskidee_report.model import Reading

DELIVERY_SECONDS = (2.0, 10.0)
"""What one round's sending may take: half the interval within these bounds, so that the next reading is on time."""
GOODBYE_SECONDS = 2.0
FACTS_EVERY_MS = 3_600_000
GIVE_BACK_ROUNDS = 256
"""Now and then the pages that only a start, a handshake or the facts needed are given back; first after two rounds."""
COLLECTED_AFTER = 20_000
"""Objects that are made before the collector of cycles looks at the youngest; a round makes none that it would find."""
IN_USE = 1
_timed = False


def main(descriptor: int) -> None:
    """Runs until it is told to stop. The settings (commands/run.py's `handover`) are read from the descriptor."""
    with open(descriptor, "rb") as file:
        settings = marshal.loads(file.read())  # noqa: S302  # from our own process, through a pipe
    sys.exit(run(settings))


def run(settings: dict[str, Any], *, read_again: Callable[[], dict[str, Any]] | None = None) -> int:
    """Runs an agent with these settings; the exit status.

    `read_again` gives them anew, where a process that execs would be another one to those who look after it (Windows).
    """
    global _timed  # noqa: PLW0603  # one process, one standard error
    _timed = settings["timed"]
    gc.set_threshold(COLLECTED_AFTER)
    wake = Wake(parent=settings["parent"])
    while True:
        try:
            agent = Resident(settings, wake)
        except InUse:
            warn(f"another agent is running on {settings['spool']['folder']}")
            return IN_USE
        while True:
            agent.rounds()
            if wake.asked != RELOAD or is_reloadable(settings["command"]):
                break
            wake.forget()
        agent.close()
        if wake.asked != RELOAD:
            return 0
        if read_again is None:
            os.execv(settings["command"][0], settings["command"])  # noqa: S606  # our own command line
        settings = read_again()
        wake.forget()


class Resident:
    """One session of an agent: everything that lives from start to end."""

    def __init__(self, settings: dict[str, Any], wake: Wake) -> None:
        started_at = clock.wall_ms() / 1000
        self._wake = wake
        self._machine_id: str = settings["machine_id"]
        self._interval_seconds: int = settings["interval_seconds"]
        self._interval_own: bool = settings["interval_own"]
        self._folder = os.path.dirname(settings["identity_file"])
        self._machine = Machine(excludes=settings["excludes"])
        self._machine.textfile_directory = settings["textfile_directory"]
        self._machine.traps_file = settings["traps_file"]
        services = settings["services"]
        self._machine.services_file = services["file"]
        if settings["inventory_seconds"]:
            self._machine.inventory_file = os.path.join(self._folder, METRICS_FILE)
        self._machine.services_stale_seconds = 3 * max(services["every_seconds"], 60) + services["timeout_seconds"]
        self._machine.salt = settings["salt"]
        self._user_names: int = settings["user_names"]
        disabled, enabled = settings["disabled"], settings["enabled"]
        self._gatherer = Gatherer(self._machine, disabled=disabled, enabled=enabled, warn=warn)
        for source in self._gatherer.sources:
            if source.deadline_seconds == DEADLINE_SECONDS:  # a source that asks for another knows why
                source.deadline_seconds = settings["deadline_seconds"]
            if source.name == "traps" and os.name != "nt":  # no memory for it before a poller writes the file
                source.needs = (settings["traps_file"].lstrip("/"),)
        self._encoder = Encoder(os.urandom(SESSION_BYTES))
        self._sequence = 0
        self._absence = Absence(settings["spool"]["folder"])
        boot = boot_of(BOOT_ID)
        self._spool = Spool(
            schema_frames=self._encoder.schema_frames,
            warn=warn,
            boot="" if boot.startswith("@") else boot,  # a moment moves with the clock
            **settings["spool"],
        )
        self._absence.begin()
        transport = Transport(
            origin_of(settings["collector"]), self._machine_id, settings["credential"], settings["ca_file"], wake,
            proxy=_proxy(settings["proxy"]),
        )  # fmt: skip
        self._delivery = Delivery(transport, self._spool, self._encoder, facts=self._facts, warn=warn)
        self._vitals = Vitals(self._spool, self._delivery, started_at)
        self._errands = Errands(settings, self._delivery, self._encoder.session, warn=warn)
        self._authorities: str = settings["authorities"]
        self._known_facts: dict[str, str] = {}
        self._facts_due_ms = 0
        self._urgent_state: tuple[object, ...] | None = None

    def rounds(self) -> None:
        """A round now, and then one each interval on this machine's own phase, until something is asked for."""
        while not self._wake.asked:
            self.round()
            interval_ms = self._interval_seconds * 1000
            now = clock.boot_ms()
            if now >= self._errands.due_ms and self._errands.see_to(now, interval_ms):
                self._wake.ask(RELOAD)
            if os.name == "nt":
                from keskidee_agent.host import windows

                self._wake.ask(windows.asked_in(os.path.join(self._folder, windows.STOP_FILE)))
            phase = clock.phase_ms(self._machine_id, interval_ms)
            self._wake.sleep_until(clock.next_round_ms(now, interval_ms, phase), clock.boot_ms)
            if self._absence.slept():
                self._facts_due_ms = 0

    def round(self) -> None:
        """Reads the machine once and sends what waits."""
        readings = self._gatherer.round()
        readings.append(self._vitals.reading())
        report = self._encoder.report(
            readings, sequence=self._sequence, boot_ms=clock.boot_ms(), wall_ms=clock.wall_ms()
        )
        self._sequence += 1
        self._spool.hold(report)
        shortest, longest = DELIVERY_SECONDS
        share = 0.8 if self._delivery.is_thrifty else 0.5  # a thin link loses packets, and a new connection costs more
        seconds = min(longest, max(shortest, self._interval_seconds * share))
        self._delivery.deliver(seconds, self._interval_seconds, urgent=self._is_urgent(readings))
        wishes = self._delivery.wishes
        if wishes is not None:
            self._machine.told_of_users = min(wishes.user_names, self._user_names)
        if wishes is not None and wishes.interval_seconds != self._interval_seconds:
            self._interval_seconds = wishes.interval_seconds
            self._facts_due_ms = 0
        if self._sequence % GIVE_BACK_ROUNDS == 2:
            if self._sequence == 2:
                gc.collect()  # the modules of sources that were not wanted
            give_back()

    def _is_urgent(self, readings: list[Reading]) -> bool:
        """Whether something broke or works again since the round before, where reports wait otherwise."""
        if not self._delivery.is_thrifty:
            return False
        from keskidee_agent.delivery.urgency import state_of

        before, self._urgent_state = self._urgent_state, state_of(readings)
        return before is not None and before != self._urgent_state

    def close(self) -> None:
        """Says goodbye, unless the agent only reads its settings again, and leaves the spool durable."""
        asked = self._wake.asked
        self._errands.end()
        self._wake.forget()
        reason = "shutdown" if asked == STOP and (self._wake.goes_down or machine_goes_down()) else asked
        self._absence.end(reason)
        if asked != RELOAD:
            self._delivery.goodbye(self._sequence, reason, GOODBYE_SECONDS)
        self._wake.asked = asked
        self._spool.close()

    def _facts(self) -> dict[str, str]:
        """What the machine is, read again each hour (a new host name, a new kernel)."""
        now = clock.boot_ms()
        if now >= self._facts_due_ms:
            from keskidee_agent.host.facts import facts_of

            self._facts_due_ms = now + FACTS_EVERY_MS
            told = {"agent_version": __version__, "interval_seconds": str(self._interval_seconds)}
            if self._authorities:
                told["authorities"] = self._authorities
            if self._interval_own:
                told["interval_own"] = "true"
            self._known_facts = facts_of(self._machine) | told | self._absence.facts
        return self._known_facts


def _proxy(way: tuple[str, int, str] | None) -> Proxy | None:
    if way is None:
        return None
    from keskidee_agent.transport.proxy import Proxy

    return Proxy(*way)


def is_reloadable(command: list[str]) -> bool:
    """Whether the command would start with the settings as they are now; what is wrong with them goes to stderr."""
    refused = child.run([*command, "--check"])
    if refused:
        warn("reload=refused the settings stay as they were")
    return not refused


def warn(line: str) -> None:
    """One line to stderr, where the service manager keeps it with the time; a log file has none but this."""
    moment = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} " if _timed else ""
    try:
        os.write(2, f"{moment}keskidee agent: {line}\n".encode("utf-8", "replace"))
    except OSError:  # nobody reads it any more
        return
