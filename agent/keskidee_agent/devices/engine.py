"""What asks a device: one small interface, behind which gufo-snmp, pysnmp and recordings stand.

An engine sends what it is told, once, and waits once: retries, sizes and bounds are `walk.py`'s, for all engines alike.
Values come as `int`, `bytes` (OCTET STRING), `str` (OBJECT IDENTIFIER and IpAddress, dotted) or `float` (Opaque float);
OIDs are dotted, without the leading dot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

Value = int | float | str | bytes
Row = tuple[str, Value]

V1, V2C, V3 = "1", "2c", "3"
AUTHENTICATIONS = ("MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512")
PRIVACIES = ("DES", "AES", "AES192", "AES256")


class NoAnswer(Exception):
    """Nothing came back in time: unreachable, switched off, or a community the device does not know."""


class Refused(Exception):
    """The device answered, and said no: a wrong user, a wrong key, an error status."""


class TooBig(Refused):
    """The answer has no room in a message of the device (tooBig, RFC 3416): ask for less."""


class Garbled(Exception):
    """What came back is no SNMP message, lies about its length, or goes round in circles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What opens a device. `user` makes it version 3; keys are pairs of a protocol's name and the passphrase."""

    community: str = "public"
    version: str = V2C
    user: str | None = None
    auth: tuple[str, bytes] | None = None
    priv: tuple[str, bytes] | None = None

    def __repr__(self) -> str:
        return f"Credential(version={self.version!r}, ***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a device listens, and how long one question may take."""

    host: str
    port: int = 161
    timeout_seconds: float = 2.0


class Engine(Protocol):
    """A session with one device."""

    async def get(self, oids: Sequence[str]) -> list[Row]:
        """One GET. What the device does not have is left out. Raises NoAnswer, Refused, Garbled."""

    def below(self, oid: str, repetitions: int) -> AsyncIterator[Row]:
        """All below `oid`, by GETBULK of that many rows, or by GETNEXT where it is 1. Raises as `get`."""

    def close(self) -> None: ...
