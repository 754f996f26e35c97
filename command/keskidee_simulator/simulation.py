"""Runs a fleet of pretend machines in one process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import ssl
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from keskidee_simulator.bought import enter
from keskidee_simulator.connection import Connection, address_of
from keskidee_simulator.enrolment import Credentials, trusted
from keskidee_simulator.fleet import build_fleet
from keskidee_simulator.life import Life
from keskidee_simulator.polled import PolledLife, polled_by
from keskidee_simulator.stock import Stocktaking, spread_seconds
from keskidee_simulator.world import Tally, World

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from keskidee_simulator.connection import Address
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.sites import Cut

OWN_CONNECTIONS = 2000
SHARED_CONNECTIONS = 500
"""Up to the first number each machine keeps its own connection; beyond it they take turns on the second number."""

log = logging.getLogger("keskidee.simulator")


async def simulate(
    url: str,
    token: str,
    fleet: Sequence[Pretend],
    state_directory: Path,
    *,
    ca_file: Path | None = None,
    interval_seconds: float | None = None,
    steady: bool = False,
    clock: Callable[[], float] = time.time,
    stop: asyncio.Event | None = None,
    tally: Tally | None = None,
    cuts: Sequence[Cut] = (),
    register_token: str = "",
    inventories_within_seconds: float | None = None,
) -> Tally:
    """Lets the machines of `fleet` live until `stop` is set; what came of it. `steady`: all are on all the time;
    `cuts`: sites that are not heard for a while; `register_token`: with which the register is written in, where what
    was bought is to be entered there; `inventories_within_seconds`: so long after their
    start all have told what they are made of; None: nobody does.

    `ca_file` is the agents' CA; without it, it is fetched from an https collector and checked against the token.

    Raises ValueError for an address that is none, Refused and Unreachable where TLS cannot be set up.
    """
    tally, token = tally or Tally(), token.strip()
    address = await _reached(url, token, state_directory, ca_file)
    credentials, within = Credentials(state_directory), inventories_within_seconds
    stocktaking = None if within is None else Stocktaking(state_directory, clock(), within_seconds=within)
    world = World(
        credentials=credentials,
        token=token,
        steady=steady,
        tally=tally,
        clock=clock,
        interval_seconds=interval_seconds,
        cuts=tuple(cuts),
        devices=polled_by(fleet),
        stocktaking=stocktaking,
    )
    connections = _connections(address, len(fleet))
    lives = _lives(fleet, connections, world)
    if register_token:
        await enter(connections[0], register_token, fleet, state_directory, clock())
    log.info("simulating machines=%d collector=%s", len(fleet), url)
    await _live_until(stop or asyncio.Event(), lives)
    for connection in connections:
        connection.close()
    return tally


async def _reached(url: str, token: str, state_directory: Path, ca_file: Path | None) -> Address:
    """Where the collector is, with the TLS that trusts it where it is https."""
    address = address_of(url)
    if not url.startswith("https"):
        return address
    tls = ssl.create_default_context(cafile=ca_file) if ca_file else None
    return address_of(url, tls or await trusted(address.host, address.port, token, state_directory))


def _connections(address: Address, machines: int) -> list[Connection]:
    return [Connection(address) for _ in range(machines if machines <= OWN_CONNECTIONS else SHARED_CONNECTIONS)]


def _lives(fleet: Sequence[Pretend], connections: Sequence[Connection], world: World) -> list[Life]:
    """A life for each machine, on a connection of its own or, in turns, on one of those that are shared."""
    return [
        (Life if m.poller is None else PolledLife)(m, connections[m.number % len(connections)], world) for m in fleet
    ]


async def _live_until(stop: asyncio.Event, lives: Sequence[Life]) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(life.live()) for life in lives]
        await stop.wait()
        for task in tasks:
            task.cancel()


def run(
    url: str,
    token: str,
    count: int,
    state_directory: Path,
    seed: str = "keskidee",
    *,
    ca_file: Path | None = None,
    interval_seconds: float | None = None,
    steady: bool = False,
    exit_with_parent: bool = False,
    cuts: Sequence[Cut] = (),
    register_token: str = "",
) -> Tally:
    """Simulates until SIGTERM, SIGINT or, where asked for, the end of standard input.

    `token` is a join token; it may be empty where `state_directory` holds the credentials of all machines.
    """

    async def main() -> Tally:
        stop = asyncio.Event()
        _stop_on_signals(stop)
        if exit_with_parent:
            _stop_with_parent(stop)
        return await simulate(
            url,
            token,
            build_fleet(seed, count),
            state_directory,
            ca_file=ca_file,
            interval_seconds=interval_seconds,
            steady=steady,
            stop=stop,
            cuts=cuts,
            register_token=register_token,
            inventories_within_seconds=None if steady else spread_seconds(count),
        )

    return _in_loop(main())


def _in_loop(main: Coroutine[Any, Any, Tally]) -> Tally:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C raises KeyboardInterrupt there
            return


def _stop_with_parent(stop: asyncio.Event) -> None:
    """Sets `stop` at the end of standard input: a pipe that the starting process holds open for as long as it lives."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        while os.read(0, 4096):  # not sys.stdin, whose lock a thread may not hold when the interpreter ends
            pass
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, name="parent", daemon=True).start()
