"""Where a server board's Redfish service is, how it is trusted, and what opens it."""

from __future__ import annotations

from dataclasses import dataclass

from keskidee_agent.devices.secrets import WrongSecret
from keskidee_agent.transport.origin import Origin, origin_of
from keskidee_config import Secret

SCHEMES = ("https://", "http://")
PASSWORD = "KESKIDEE_REDFISH_PASSWORD"  # noqa: S105  # the name, not the secret
SERVICE = "/redfish/v1"
TIMEOUT_SECONDS = 30.0
"""Boards answer within 2 s mostly, and at times, while they look at their disks, within 20."""
DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board. `url` has scheme, host and port. Its certificate is verified by `ca_file` or the system's authorities,
    or where `fingerprint` (SHA-256 of the certificate, 64 hex digits) is given, by that alone.
    """

    url: str
    user: str | None = None
    password: Secret | None = None
    ca_file: str | None = None
    fingerprint: str | None = None
    timeout_seconds: float = TIMEOUT_SECONDS


def is_board(address: str) -> bool:
    """Whether an address is a Redfish service's."""
    return address.lower().startswith(SCHEMES)


def host_of(address: str) -> str:
    """The host of a board's URL. Raises WrongSecret."""
    return _parsed(address).host


def port_of(address: str) -> int:
    """Likewise its port."""
    return _parsed(address).port


def board_of(
    address: str,
    *,
    port: int | None = None,
    user: str | None = None,
    password: str | None = None,
    ca_file: str | None = None,
    fingerprint: str | None = None,
    timeout_seconds: float | None = None,
) -> Board:
    """The board at `https://HOST[:PORT]`, or at another `port`; plain http goes to this machine itself only.

    Raises WrongSecret.
    """
    origin = _parsed(address)
    origin.port = port or origin.port
    if bool(user) != bool(password):
        raise WrongSecret(f"{address}: a user and a password go together")
    if ca_file and fingerprint:
        raise WrongSecret(f"{address}: give either a CA file or a fingerprint")
    return Board(
        url=origin.url,
        user=user or None,
        password=Secret(password) if password else None,
        ca_file=ca_file or None,
        fingerprint=digits_of(fingerprint) if fingerprint else None,
        timeout_seconds=timeout_seconds or TIMEOUT_SECONDS,
    )


def digits_of(fingerprint: str) -> str:
    """A SHA-256 as 64 small hex digits, however a board's page or `openssl x509 -fingerprint` writes it.

    Raises WrongSecret.
    """
    text = fingerprint.strip().lower().removeprefix("sha256").removeprefix("sha-256").lstrip(":= ")
    found = "".join(letter for letter in text if letter not in ": -")
    if len(found) != DIGITS or set(found) - set("0123456789abcdef"):
        raise WrongSecret(f"{fingerprint!r} is no SHA-256 fingerprint: {DIGITS} hex digits")
    return found


def _parsed(address: str) -> Origin:
    """Scheme, host and port. A path to the service, as people copy it, is taken off."""
    try:
        origin = origin_of(address)
    except ValueError as error:
        raise WrongSecret(str(error).replace("collector's", "board's")) from None
    if not (SERVICE + "/").startswith(origin.prefix + "/"):
        raise WrongSecret(f"{address!r}: a board is https://HOST[:PORT], without a path")
    origin.prefix = ""
    return origin
