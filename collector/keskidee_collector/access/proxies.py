"""Reverse proxies in front of the collector: whose word about a client is believed, and the authority they show agents.

Anybody may write X-Forwarded-For. It counts only from an address of `trusted_proxies`, and of its addresses only the
last that no such proxy has: what stands before it is what the client made up.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from keskidee_collector.ingest.exchange import Headers

SCHEMES = ("http", "https")


class Proxies:
    """The proxies that are believed."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks = [ip_network(each) for each in trusted]
        self._are_trusted = lru_cache(256)(self._look)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def are_trusted(self, address: str) -> bool:
        """Whether this is a proxy's address; an IPv4 address that came through an IPv6 socket counts as itself."""
        return self._are_trusted(address)

    def seen_through(self, scope: dict[str, Any]) -> dict[str, Any]:
        """The ASGI scope with the client and the scheme that a trusted proxy tells of; of anybody else as it is."""
        client = scope.get("client")
        if not client or not self.are_trusted(client[0]):
            return scope
        address = self.client_of(scope["headers"], client[0])
        scheme = (_values(scope["headers"], b"x-forwarded-proto") or [scope["scheme"]])[-1].lower()
        port = client[1] if address == client[0] else 0
        return {**scope, "client": (address, port), "scheme": scheme if scheme in SCHEMES else scope["scheme"]}

    def client_of(self, headers: Headers, peer: str) -> str:
        """The address for which `peer` speaks."""
        return self._client(_values(headers, b"x-forwarded-for"), peer) if self.are_trusted(peer) else peer

    def _client(self, told: list[str], peer: str) -> str:
        for address in reversed(told):
            if not _is_address(address):
                break
            peer = address
            if not self.are_trusted(address):
                break
        return peer

    def _look(self, address: str) -> bool:
        if not _is_address(address):
            return False
        parsed = ip_address(address)
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)


def read_authority(path: Path) -> bytes:
    """The one certificate in a PEM file (`tls.authority`), as PEM. Raises ValueError with a sentence for a person."""
    try:
        text = path.read_text("ascii")
        _, *certificates = text.split(ssl.PEM_HEADER)  # before the first openssl may have written what is in it
        der = ssl.PEM_cert_to_DER_cert((ssl.PEM_HEADER + "".join(certificates)).strip())
        if len(certificates) > 1:
            raise ValueError(f"{len(certificates)} certificates")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError, and a file that is not there too
        reason = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
        raise ValueError(f"tls.authority: {path}: {reason or 'not one certificate in PEM'}") from None
    return ssl.DER_cert_to_PEM_cert(der).encode("ascii")


def _values(headers: Headers, name: bytes) -> list[str]:
    """The members of a list field, in order, over all its lines (RFC 9110, 5.3)."""
    lines = [value.decode("latin-1") for key, value in headers if key == name]
    return [member.strip() for line in lines for member in line.split(",") if member.strip()]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
