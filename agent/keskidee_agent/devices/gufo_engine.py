"""The quick engine: gufo-snmp, whose packets are made and read in Rust. Wheels for Linux and macOS."""

from __future__ import annotations

import asyncio
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

from keskidee_agent.devices.engine import V1, V3, Address, Credential, Garbled, NoAnswer, Refused, TooBig
from keskidee_agent.devices.recorded_engine import numbers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from typing import TypeVar

    from keskidee_agent.devices.engine import Row

    Found = TypeVar("Found")

AUTH = {
    "MD5": Md5Key,
    "SHA": Sha1Key,
    "SHA224": Sha224Key,
    "SHA256": Sha256Key,
    "SHA384": Sha384Key,
    "SHA512": Sha512Key,
}
PRIV = {"DES": DesKey, "AES": Aes128Key, "AES192": Aes192Key, "AES256": Aes256Key}


class Session(SnmpSession):
    """The library's session, with what it does not tell: answers that are errors, and its own failures.

    An answer with an error status ends a walk as the end of all does: without a row from outside the table. That
    is what `stopped` says, so that the one can be told from the other.
    """

    stopped = False

    async def _recv(self, receiver: Callable[[], Found]) -> Found:
        """The answer to what was asked, in the time that one question may take, however many strays come before it.

        The library's own wait begins anew with each stray, and does not let itself be cancelled while answers come.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._timeout):
            while True:
                readable = loop.create_future()
                loop.add_reader(self._fd, _wake, readable)
                try:
                    await readable
                    return self._received(receiver)
                except BlockingIOError:
                    continue
                finally:
                    loop.remove_reader(self._fd)

    def _received(self, receiver: Callable[[], Found]) -> Found:
        try:
            return receiver()
        except StopAsyncIteration:
            self.stopped = True
            raise
        except BaseException as error:
            if type(error).__name__ == "PanicException":  # octets on which its Rust code gives up
                raise SnmpError("no BER") from error
            raise


def _wake(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)


class GufoEngine:
    """One device by gufo-snmp."""

    def __init__(self, address: Address, credential: Credential) -> None:
        self._v3 = credential.version == V3
        self._bulk = credential.version != V1
        self._session = Session(
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
            if not found:  # it has none of them, or answered with an error
                return [row for oid in oids if (row := await self._one(oid)) is not None]
        return [(oid, value) for oid in oids if (value := found.get(oid)) is not None]

    async def _one(self, oid: str) -> Row | None:
        try:
            value = await self._session.get(oid)
        except NoSuchInstance:
            return None
        if value is None and self._bulk:
            raise Refused("the device answers with an error")
        return None if value is None else (oid, value)

    async def below(self, oid: str, repetitions: int) -> AsyncIterator[Row]:
        await self._greet()
        last, bulk, count = oid, self._bulk and repetitions > 1, 0
        self._session.stopped = False
        with _told():
            rows = self._session.getbulk(oid, max_repetitions=repetitions) if bulk else self._session.getnext(oid)
            async for name, value in rows:
                last, count = name, count + 1
                if value is not None:
                    yield name, value
            # at the end of all the last message is not full: else it may be an error in place of the next one
            if bulk and self._session.stopped and count % repetitions == 0 and await self._goes_on(oid, last):
                raise TooBig(f"the device gives no {repetitions} rows at once")
            if self._session.stopped and not count:
                await self._one(oid)

    async def _goes_on(self, oid: str, last: str) -> bool:
        """Whether GETNEXT finds a row behind the last one that GETBULK found."""
        near = oid if last == oid else last.rpartition(".")[0]  # it walks below a name, not behind it
        async for name, _value in self._session.getnext(near):
            if numbers(name) > numbers(last):
                return True
        return False

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
