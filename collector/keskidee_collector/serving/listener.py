"""The socket, the certificate and uvicorn's settings: how the collector is reached."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvicorn

from keskidee_collector.access import certificates
from keskidee_collector.serving.connection import Connection
from keskidee_collector.serving.tls import Secured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keskidee_collector.access.certificates import ServerCertificate
    from keskidee_collector.serving.connections import Connections
    from keskidee_collector.serving.tls import Handshakes
    from keskidee_config import CollectorSettings

KEEP_ALIVE_SECONDS_AT_LEAST = 180
"""Three intervals of a machine that reports each minute: an agent's connection outlives its pauses."""
STOP_SECONDS = 5
BACKLOG = 2048
HANDSHAKE_SECONDS = 10.0
OTHER_DESCRIPTORS = 128
"""File descriptors that are not connections of clients."""
WAYS_OUT = {
    errno.EADDRINUSE: "; stop what listens there, or name another with --listen",
    errno.EADDRNOTAVAIL: "; this machine has no such address",
    errno.EACCES: "; a port below 1024 needs a right (deploy/systemd/README.md), a higher one none",
}

logger = logging.getLogger(__name__)


class CannotStart(Exception):
    """Why the collector does not start, in one line for the person who started it."""


def bind(host: str, port: int) -> socket.socket:
    """A bound socket; `port` 0 takes any that is free. Raises CannotStart."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # [::] is every address, those of IPv4 too, whatever the system's default is
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
    except OSError as error:
        way_out = WAYS_OUT.get(error.errno or 0, "")
        raise CannotStart(f"cannot listen on {host}:{port}: {error.strerror or error}{way_out}") from error
    return listener


class Server(uvicorn.Server):
    """uvicorn's, with a TLS of its own: less memory a connection, and an end to its patience in handshakes.

    And it sleeps until it is to stop, where uvicorn looks ten times a second.
    """

    def __init__(self, config: uvicorn.Config, handshakes: Handshakes | None = None) -> None:
        self._handshakes = handshakes
        self._loop = asyncio.get_running_loop()
        self._leaving = asyncio.Event()
        super().__init__(config)

    @property
    def should_exit(self) -> bool:
        """Whether it is to stop; set by a signal too, which may come in the middle of anything."""
        return self._leaving.is_set()

    @should_exit.setter
    def should_exit(self, leaves: bool) -> None:
        if leaves:
            self._loop.call_soon_threadsafe(self._leaving.set)

    async def main_loop(self) -> None:
        """Until it is to stop."""
        await self._leaving.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to who runs it: what stands beside says goodbye while it still listens."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens on `sockets`."""
        config, loop = self.config, asyncio.get_running_loop()
        given = {"config": config, "server_state": self.server_state, "app_state": {}}
        connect: Any = partial(config.http_protocol_class, **given)
        protocol = connect
        if config.ssl:
            assert self._handshakes is not None
            protocol = partial(Secured, config.ssl, connect, self._handshakes)
        self.servers = [await loop.create_server(protocol, sock=each, backlog=config.backlog) for each in sockets or []]
        self.started = True


def connections_at_most(wanted: int) -> int:
    """As many as are wanted and as there are file descriptors for, whose limit is raised first.

    A connection counts once its TLS handshake is done, so there is to be a descriptor for as many handshakes.
    """
    if os.name != "posix":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * wanted + OTHER_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < needed:
        with suppress(ValueError, OSError):  # some systems name a hard limit that they do not grant
            resource.setrlimit(
                resource.RLIMIT_NOFILE, (needed if hard == resource.RLIM_INFINITY else min(hard, needed), hard)
            )
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(min(wanted, (soft - OTHER_DESCRIPTORS) // 2), 1)


def server_config(
    settings: CollectorSettings, application: Any, connections: Connections, certificate: ServerCertificate | None
) -> uvicorn.Config:
    """How uvicorn serves. Raises CannotStart for a certificate that cannot be used."""
    tls: dict[str, Any] = {}
    if certificate is not None:
        own = settings.tls.certificate is None
        tls["ssl_certfile"] = str(certificate.certificate) if own else settings.tls.certificate
        tls["ssl_keyfile"] = str(certificate.key) if own else settings.tls.key
    config = uvicorn.Config(
        application,
        http=partial(Connection, connections),  # type: ignore[arg-type]  # it is only ever called
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=max(3 * settings.interval_seconds, KEEP_ALIVE_SECONDS_AT_LEAST),
        timeout_graceful_shutdown=STOP_SECONDS,
        **tls,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one too
        raise CannotStart(f"tls: {settings.tls.certificate}, {settings.tls.key}: {error}") from error
    return config


def own_certificate(settings: CollectorSettings, directory: Path, host: str) -> ServerCertificate:
    """The server certificate of the agents' CA, made or renewed where that is due. Raises CannotStart."""
    public = urlsplit(settings.public_url or "").hostname
    names = [*settings.tls.names, *([public] if public else [])]
    try:
        return certificates.issued(directory / "tls", certificates.names_for(host, names))
    except (certificates.Damaged, OSError) as error:
        raise CannotStart(str(error)) from error


def renewed(config: uvicorn.Config, settings: CollectorSettings, directory: Path, host: str) -> None:
    """Renews the certificate where that is due and reads it again: new connections get it, no open one is cut.

    A certificate of the user's (tls.certificate) is read again too: something else may have renewed it.
    """
    assert config.ssl is not None
    try:
        certificate = own_certificate(settings, directory, host)
        config.ssl.load_cert_chain(
            settings.tls.certificate or certificate.certificate, settings.tls.key or certificate.key
        )
    except (CannotStart, OSError) as error:
        logger.error("certificate is not read again: the one before stays error=%s", error)
