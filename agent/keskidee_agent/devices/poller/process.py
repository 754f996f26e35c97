"""The poller's process (`agent run --devices`), which the resident agent starts where there are devices to ask."""

from __future__ import annotations

import asyncio
import os
import queue
import shutil
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_agent.devices.commands import engine_class
from keskidee_agent.devices.poller import stock
from keskidee_agent.devices.poller.board import wait_for_leaving
from keskidee_agent.devices.poller.desk import Desk, Line, warn
from keskidee_agent.devices.poller.device import Device
from keskidee_agent.devices.poller.enlisting import Enlisting, targets_of
from keskidee_agent.devices.poller.hearing import Hearing
from keskidee_agent.devices.poller.loop import Loop
from keskidee_agent.devices.secrets import WrongSecret
from keskidee_agent.resident.absence import BOOT_ID, boot_of
from keskidee_agent.resident.polling import NOBODY
from keskidee_agent.spool.lock import InUse, take_lock
from keskidee_agent.transport.asking import CallFailed, call, session_through
from keskidee_agent.transport.identity import settings_of
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.route import route_to

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    import requests

    from keskidee_agent.devices.poller.target import Target
    from keskidee_agent.devices.read import DeviceReading
    from keskidee_agent.devices.redfish.read import BoardReading
    from keskidee_config import AgentSettings

DEVICES_A_LINE = 32
"""A collector answers a report in a tenth of a second, so that a line bears them all each five seconds; a satellite in
seven tenths, and each minute."""
LINES_AT_MOST = 64
ENLIST_SECONDS = 300.0
AGAIN_SECONDS = 20.0
"""Where the collector did not say whom to poll."""
PARENT_SECONDS = 2.0
CLOSE_SECONDS = 1.0
SPOOL_SHARE = 64
"""A device's spool may take this part of what the agent's may."""
SMALLEST_SPOOL_BYTES = 1 << 20
FOLDER = "devices"


def polled(args: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Polls until it is told to stop, or the agent that started it has gone: 0. NOBODY where there is nobody to poll,
    1 where another poller runs. Where no engine is installed, server boards are polled, and all else is told as denied.
    """  # fmt: skip
    process = Process(settings, settings_of(args.config), agent=args.devices)
    try:
        lock = take_lock(str(process.folder / "lock"))
    except InUse:
        return 1
    try:
        engine_class(None)
    except WrongSecret as error:
        warn(f"devices=unread reason={str(error)!r}")
    try:
        asyncio.run(process.serve())
    finally:
        os.close(lock)
    return process.status


class Process:
    """Everything of one poller. `settings` are the resident's (run.py), `own` those of its file, `agent` its process id
    (0: started by a person).
    """  # fmt: skip

    def __init__(self, settings: dict[str, Any], own: AgentSettings, *, agent: int = 0) -> None:
        origin = origin_of(settings["collector"])
        self.folder = Path(settings["identity_file"]).parent / FOLDER
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own = own
        self._agent = agent
        self._credential: str = settings["credential"]
        self._machines = f"{origin.url}/v1/machines"
        self._route = route_to(origin, own, os.environ)
        self._ca_file: str = settings["ca_file"]
        proxy = _proxy(settings["proxy"])
        self._way = origin, self._ca_file, proxy
        self._lines: list[Line] = []
        boot = boot_of(BOOT_ID)
        bounds = {name: value for name, value in settings["spool"].items() if name != "folder"}
        bounds["max_bytes"] = max(settings["spool"]["max_bytes"] // SPOOL_SHARE, SMALLEST_SPOOL_BYTES)
        self._spool = bounds | {"boot": "" if boot.startswith("@") else boot}
        self._enlisting = Enlisting(
            self._new_session(), f"{self._machines}/{settings['machine_id']}", self._credential, self.folder
        )
        self._stock: queue.SimpleQueue[tuple[Target, DeviceReading | BoardReading]] = queue.SimpleQueue()
        self._loop = Loop(self._begin)
        events, session = f"{self._machines}/{settings['machine_id']}/events", self._new_session()
        self._hearing = Hearing(
            own.traps,
            self.folder,
            machine_id=settings["machine_id"],
            poll=self._loop.poll_now,
            send=lambda body: call(session, "POST", events, token=self._credential, data=body),
        )
        self._desks: dict[str, Desk] = {}
        self._troubles: set[str] = set()
        self.status = 0

    async def serve(self) -> None:
        """Polls until SIGTERM, or until the parent has gone."""
        allow_many_files()
        stop = asyncio.Event()

        def end() -> None:
            stop.set()
            self._loop.wake()

        for number in (signal.SIGTERM, signal.SIGINT) if sys.platform != "win32" else ():
            asyncio.get_running_loop().add_signal_handler(number, end)
        endless = self._enlist(end), _until_orphaned(self._agent, end), self._hearing.serve()
        tasks = [asyncio.create_task(each) for each in endless]
        threading.Thread(target=self._tell_stock, name="stock", daemon=True).start()
        await self._loop.run(stop)
        for task in tasks:
            task.cancel()
        self._hearing.close()
        for desk in self._desks.values():
            desk.close()
        ends = [asyncio.to_thread(line.close, CLOSE_SECONDS) for line in self._lines]
        await asyncio.gather(asyncio.to_thread(wait_for_leaving, CLOSE_SECONDS), *ends)

    async def _enlist(self, end: Callable[[], None]) -> None:
        """Learns whom to poll, again and again; while the collector is away as it said last. Nobody is an end."""
        rows = self._enlisting.kept_rows()
        self._poll(rows)
        trouble = ""
        while True:
            pause = ENLIST_SECONDS
            try:
                rows = await asyncio.to_thread(self._enlisting.rows, self._own.devices)
                self._poll(rows)
                self._forget_others({str(row.get("machine_id")) for row in rows})
                trouble = ""
                if not rows:
                    self._enlisting.forget()
                    self.status = NOBODY
                    end()
            except (CallFailed, OSError) as error:
                pause = AGAIN_SECONDS
                if str(error) != trouble:
                    trouble = str(error)
                    warn(f"devices=unknown reason={trouble!r}")
            await asyncio.sleep(pause)

    def _poll(self, rows: list[dict[str, Any]]) -> None:
        troubles: set[str] = set()
        targets = targets_of(rows, self._own.devices, troubles.add)
        for line in sorted(troubles - self._troubles):
            warn(line)
        self._troubles = troubles
        self._loop.set_targets(targets)
        self._hearing.know(targets.values())

    def _forget_others(self, known: set[str]) -> None:
        """Removes what is kept of devices that are polled no more."""
        for machine_id in self._desks.keys() - known:
            self._desks.pop(machine_id).close()
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def _line(self) -> Line:
        """For one device more."""
        count = len(self._desks)
        if len(self._lines) * DEVICES_A_LINE <= count and len(self._lines) < LINES_AT_MOST:
            self._lines.append(Line(*self._way))
        return self._lines[count % len(self._lines)]

    def _new_session(self) -> requests.Session:
        session = session_through(self._route)
        session.verify = self._ca_file or True
        return session

    def _begin(self, target: Target) -> Device:
        desk = self._desks.get(target.machine_id)
        if desk is None:
            line = self._line()
            desk = Desk(target, line, self._credential, self.folder / target.machine_id / "spool", self._spool)
            self._desks[target.machine_id] = desk
        desk.aim(target)
        return Device(target, desk, self._stock, self._hearing)

    def _tell_stock(self) -> None:
        """Tells what devices are made of, one after the other, and what fails an hour later again."""
        trouble = ""
        session = self._new_session()
        while True:
            target, reading = self._stock.get()
            address = f"{self._machines}/{target.machine_id}/inventory"

            def send(body: bytes, address: str = address) -> requests.Response:
                return call(session, "POST", address, token=self._credential, data=body)

            try:
                stock.tell(self.folder / target.machine_id, stock.taken(reading), send)
                trouble = ""
            except (CallFailed, OSError) as error:
                if str(error) != trouble:
                    trouble = str(error)
                    warn(f"device={target.name!r} inventory=failed reason={trouble!r}")


def allow_many_files() -> None:
    """A socket and some files a device: as many as this user may have, unless a sandbox forbids to ask for them."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _until_orphaned(agent: int, then: Callable[[], None]) -> None:
    """Ends with the agent that started this process."""
    is_orphan = _orphanage(agent)
    while not is_orphan():
        await asyncio.sleep(PARENT_SECONDS)
    then()


def _orphanage(agent: int) -> Callable[[], bool]:
    """What tells whether the agent is gone. Windows names the parent for ever, and it may be Python's launcher."""
    if sys.platform == "win32":
        if not agent:
            return lambda: False
        import _winapi

        synchronize = 0x00100000
        try:
            handle = _winapi.OpenProcess(synchronize, False, agent)
        except OSError:
            return lambda: True
        return lambda: _winapi.WaitForSingleObject(handle, 0) == _winapi.WAIT_OBJECT_0
    parent = os.getppid()
    return lambda: os.getppid() != parent


def _proxy(way: tuple[str, int, str] | None) -> Any:
    if way is None:
        return None
    from keskidee_agent.transport.proxy import Proxy

    return Proxy(*way)
