"""Runs the collector: opens the data directory, binds, serves until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import logging
import os
import signal
import ssl
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from keskidee_collector.access import access
from keskidee_collector.access.ca_metrics import AuthorityMetrics
from keskidee_collector.access.proxies import read_authority
from keskidee_collector.access.rotation import Rotation
from keskidee_collector.addresses import is_loopback, local_host, split_address
from keskidee_collector.app import build, outlets
from keskidee_collector.backup.archive import SETTINGS
from keskidee_collector.files import RUNNING_FILE, InUse, keep_file, only_one
from keskidee_collector.serving.connections import Connections
from keskidee_collector.serving.housekeeping import keep_days, keep_house
from keskidee_collector.serving.listener import (
    HANDSHAKE_SECONDS,
    CannotStart,
    Server,
    bind,
    connections_at_most,
    own_certificate,
    renewed,
    server_config,
)
from keskidee_collector.serving.loop import Breath
from keskidee_collector.serving.tls import Handshakes
from keskidee_collector.state import ALIVE_FILE, State
from keskidee_collector.store.database import Unusable
from keskidee_config import written
from keskidee_report import __version__

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from keskidee_collector.access.certificates import ServerCertificate
    from keskidee_collector.routes.guard import Guard
    from keskidee_config import CollectorSettings

    Beside = Callable[["Running"], AbstractAsyncContextManager[None]]

__all__ = ["CannotStart", "Running", "serve", "setup_logging"]

BEAT_SECONDS = 5
AWAY_SECONDS = 20.0
"""A beat later than this was none of the loop's ordinary delays."""
ADMIN_FILE = "admin-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A collector that is ready: the URL on this host, and where the agents' CA is (None without TLS)."""

    url: str
    ca_file: Path | None
    admin_token: str
    state: State
    stop: asyncio.Event


async def serve(settings: CollectorSettings, directory: Path, beside: Beside) -> None:
    """Serves until SIGINT or SIGTERM; `beside` is entered when it is ready and left before it ends.

    Raises CannotStart.
    """
    _make(directory)
    host, port = split_address(settings.listen)
    with _alone(directory):
        listener = bind(host, port)
        certificate = None if is_loopback(host) else own_certificate(settings, directory, host)
        admin_token = _admin_token(directory)
        keep_file(directory / SETTINGS, written(settings).encode())
        proxys_ca_pem = _proxys_authority(settings)
        state = _state(settings, directory, _fingerprint(certificate, proxys_ca_pem))
        _watch(state)
        _spare_what_stays()
        application = build(state, admin_token=admin_token, tls=bool(certificate), proxys_ca_pem=proxys_ca_pem)
        connections, handshakes = _doors(state, application)
        config = server_config(settings, application, connections, certificate)
        renew = partial(renewed, config, settings, directory, host) if certificate else None
        if renew is not None:
            state.rotation = Rotation(state, directory / "tls", renew, names_own=proxys_ca_pem is None)
            state.metrics.registry.register(AuthorityMetrics(state.rotation))
        running = Running(
            url=f"{'https' if certificate else 'http'}://{local_host(host)}:{listener.getsockname()[1]}",
            ca_file=directory / "tls" / "ca.pem" if certificate else None, admin_token=admin_token,
            state=state, stop=asyncio.Event(),
        )  # fmt: skip
        try:
            async with _housekeeping(state, renew), outlets(state):
                await _until_stopped(Server(config, handshakes), listener, running, directory, beside)
        finally:
            state.close()
            (directory / RUNNING_FILE).unlink(missing_ok=True)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "lock").touch(mode=0o600)
    except OSError as error:
        raise CannotStart(f"{directory}: {error.strerror}; name a folder of yours with --data") from error


def _fingerprint(certificate: ServerCertificate | None, proxys_ca_pem: bytes | None) -> str:
    """Of the authority that join tokens name: SHA-256 in hexadecimal, empty where agents come without TLS."""
    if proxys_ca_pem is not None:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(proxys_ca_pem.decode())).hexdigest()
    return certificate.fingerprint if certificate else ""


def _state(settings: CollectorSettings, directory: Path, fingerprint: str) -> State:
    try:
        return State(settings, directory, version=__version__, fingerprint=fingerprint)
    except Unusable as error:
        raise CannotStart(str(error)) from error


def _doors(state: State, application: Guard) -> tuple[Connections, Handshakes]:
    """What bounds clients: those who are connected, and those whose TLS is not agreed on yet."""
    limits = state.settings.limits
    at_most = connections_at_most(limits.connections)
    handshakes = Handshakes(at_most, HANDSHAKE_SECONDS, state.metrics.refuse, admits=state.strangers.may_connect)
    connections = Connections(
        at_most,
        limits.receive_seconds,
        state.metrics.refuse,
        reports=application,
        breath=Breath(state.reports.writer.wait_written, lambda: len(handshakes) + state.opening > 0),
    )
    state.metrics.gauge("connections", "Open connections of clients", lambda: len(connections))
    state.metrics.gauge("newer_agents", "Agents that keep what this collector is too old to read", state.newer_agents)
    return connections, handshakes


@asynccontextmanager
async def _housekeeping(state: State, renew: Callable[[], None] | None) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(keep_house(state, renew)), asyncio.create_task(keep_days(state))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await state.days.write(state.now())


async def _until_stopped(
    server: Server, listener: socket.socket, running: Running, directory: Path, beside: Beside
) -> None:
    _stop_on_signals(running.stop)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    row = {"url": running.url, "pid": os.getpid(), "ca_file": str(running.ca_file) if running.ca_file else None}
    keep_file(directory / RUNNING_FILE, json.dumps(row).encode())
    stopping = asyncio.create_task(running.stop.wait())
    beating = asyncio.create_task(_beat(running.state, directory))
    try:
        async with beside(running):
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        beating.cancel()
        server.should_exit = True
        await serving


async def _beat(state: State, directory: Path) -> None:
    """Leaves a sign of life, so that the next start knows which machines were silent already (state.py).

    A beat that comes much too late says that the collector itself stood still: a stopped process, a suspended guest.
    """
    beat_ticks = state.ticks()
    while True:
        (directory / ALIVE_FILE).touch()
        await asyncio.sleep(BEAT_SECONDS)
        late_seconds = state.ticks() - beat_ticks - BEAT_SECONDS
        if late_seconds > AWAY_SECONDS:
            state.presence.was_away(late_seconds, state.ticks())
        beat_ticks = state.ticks()


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _proxys_authority(settings: CollectorSettings) -> bytes | None:
    if settings.tls.authority is None:
        return None
    try:
        return read_authority(Path(settings.tls.authority))
    except ValueError as error:
        raise CannotStart(str(error)) from None


def _admin_token(directory: Path) -> str:
    path = directory / ADMIN_FILE
    if not path.exists():
        keep_file(path, f"ka1_{access.new_credential()}".encode())
    return path.read_text().strip()


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    try:
        with only_one(directory):
            yield
    except InUse as error:
        raise CannotStart(str(error)) from error


def _spare_what_stays() -> None:
    """Python looks for garbage less often: what is there now never, what comes seldom.

    The state of a fleet lives long and a report leaves no cycles behind. Looking through it all again and again cost a
    fifth of a report's CPU, and half of its 99th percentile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _watch(state: State) -> None:
    gauge = state.metrics.gauge
    gauge("machines", "Machines that are not retired", lambda: sum(m.retired_at is None for m in state.fleet))
    gauge("families", "Metric families known in the fleet", lambda: len(state.definitions))
    gauge("waiting_commits", "Requests that wait for their commit to reports.db", state.reports.writer.waiting)
    gauge("failed_commits", "Commits to reports.db that failed", lambda: state.reports.writer.failures)
    gauge("cut_off", "Whether nobody is heard, of several sites that fell together", lambda: state.look().is_cut_off())
    gauge("start_timestamp_seconds", "When this collector began to listen", lambda: state.listening_since)


def setup_logging() -> None:
    """Warnings and worse on stderr, one line each."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
