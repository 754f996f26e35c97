"""The quick engine: gufo-snmp, whose packets are made and read in Rust. Wheels for Linux and macOS."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    DesKey,
    Md5Key,
    NoSuchInstance,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpError,
    SnmpVersion,
    User,
)
from gufo.snmp.aio import SnmpSession

from keskidee_agent.devices.engine import V1, V3, Address, Credential, Garbled, NoAnswer, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from keskidee_agent.devices.engine import Row

AUTH = {
    "MD5": Md5Key,
    "SHA": Sha1Key,
    "SHA224": Sha224Key,
    "SHA256": Sha256Key,
    "SHA384": Sha384Key,
    "SHA512": Sha512Key,
}
PRIV = {"DES": DesKey, "AES": Aes128Key, "AES192": Aes192Key, "AES256": Aes256Key}


class GufoEngine:
    """One device by gufo-snmp."""

    def __init__(self, address: Address, credential: Credential) -> None:
        self._v3 = credential.version == V3
        self._bulk = credential.version != V1
        self._session = SnmpSession(
            addr=_numeric(address.host),
            port=address.port,
            community=credential.community,
            user=_user(credential) if self._v3 else None,
            version=SnmpVersion.v3 if self._v3 else SnmpVersion.v2c if self._bulk else SnmpVersion.v1,
            timeout=address.timeout_seconds,
        )
        self._greeted = not self._v3

    async def get(self, oids: Sequence[str]) -> list[Row]:
        await self._greet()
        with _told():
            if not self._bulk:  # version 1 refuses all for one that is missing
                return [row for oid in oids if (row := await self._one(oid)) is not None]
            found = await self._session.get_many(list(oids))
        return [(oid, value) for oid in oids if (value := found.get(oid)) is not None]

    async def _one(self, oid: str) -> Row | None:
        try:
            value = await self._session.get(oid)
        except NoSuchInstance:
            return None
        return None if value is None else (oid, value)

    async def below(self, oid: str, repetitions: int) -> AsyncIterator[Row]:
        await self._greet()
        with _told():
            if self._bulk and repetitions > 1:
                rows = self._session.getbulk(oid, max_repetitions=repetitions)
            else:
                rows = self._session.getnext(oid)
            async for name, value in rows:
                if value is not None:
                    yield name, value

    async def _greet(self) -> None:
        """Version 3 asks the device's engine id and clock first."""
        if not self._greeted:
            with _told():
                await self._session.refresh()
            self._greeted = True

    def close(self) -> None:
        """The socket goes with the session."""


@contextmanager
def _told() -> Iterator[None]:
    """The library's errors in our words."""
    try:
        yield
    except TimeoutError as error:
        refused = "refused" in str(error.__cause__ or error)  # by ICMP; gufo calls that a timeout too
        raise NoAnswer("nobody listens on this port" if refused else "no answer") from error
    except SnmpAuthError as error:
        raise Refused("the device refuses this user or key") from error
    except NoSuchInstance:  # an empty table, to GETNEXT of version 1
        return
    except SnmpError as error:
        raise Garbled(f"no SNMP answer: {str(error)[:80]}") from error
    except OSError as error:  # a closed port answers by ICMP
        raise NoAnswer(error.strerror or str(error)) from error


def _numeric(host: str) -> str:
    """Gufo takes addresses only. Raises OSError where a name is unknown."""
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])


def _user(credential: Credential) -> User:
    return User(
        credential.user or "",
        auth_key=AUTH[credential.auth[0]](credential.auth[1]) if credential.auth else None,
        priv_key=PRIV[credential.priv[0]](credential.priv[1]) if credential.priv else None,
    )
