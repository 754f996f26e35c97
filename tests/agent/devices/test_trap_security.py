"""Signed notifications: which user of which device they are heard of, by keys, levels and clocks; and real senders."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.devices.engine import Credential, Value
from keskidee_agent.devices.traps.ledger import Ledger
from keskidee_agent.devices.traps.receiver import Sender, Trusted, listen
from keskidee_agent.devices.traps.security import Clocks, header_of
from tests.agent.devices.notifying import DEVICE, ENGINE, KEYS, LINK_DOWN, SIGNED, USER, Clock, Heard, counts_of


def test_a_user_of_one_device_is_no_user_of_another() -> None:
    async def made() -> Heard:
        switch, other = replace(USER, auth=("SHA", b"of a switch")), replace(USER, auth=("SHA", b"of another"))
        heard = Heard(Trusted(devices={DEVICE[0]: Sender("switch-1", switch), "192.0.2.8": Sender("other", other)}))
        heard.hear(SIGNED)
        heard.receiver.trust(Trusted(devices={DEVICE[0]: Sender("switch-1", USER)}))
        return heard.hear(SIGNED)

    ledger = asyncio.run(made()).ledger
    assert (counts_of(ledger, "switch-1"), dict(ledger.refused)) == ({"linkDown": 1}, {"key": 1})


def of_version_3(user: Credential = USER) -> Heard:
    with_loop = asyncio.new_event_loop()  # whose clock the receiver takes
    try:
        return with_loop.run_until_complete(_made(user))
    finally:
        with_loop.close()


async def _made(user: Credential) -> Heard:
    return Heard(Trusted(users=(user,)))


def test_a_signed_trap_is_heard_of_any_engine_and_answered_to_nobody() -> None:
    heard = of_version_3().hear(SIGNED, SIGNED)
    assert (heard.counts, dict(heard.ledger.refused), heard.answers) == ({"linkDown": 2}, {}, [])


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_no_octet_of_a_signed_trap_can_be_another(at: int, other: int) -> None:
    changed = SIGNED[:at] + bytes([SIGNED[at] ^ other]) + SIGNED[at + 1 :]
    heard = of_version_3_once().hear(changed)
    assert heard.counts == {}


@cache
def of_version_3_once() -> Heard:
    return of_version_3()


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (replace(USER, user="other"), "user"),
        (replace(USER, auth=("SHA", b"a passphrasE")), "key"),
        (replace(USER, auth=("SHA256", b"a passphrase")), "key"),
        (replace(USER, priv=("AES", b"another onE")), "garbled"),
        (replace(USER, priv=("DES", b"another one")), "garbled"),
        (replace(USER, priv=None), "security level"),
        (replace(USER, auth=None, priv=None), "security level"),
    ],
)
def test_a_trap_of_other_keys_than_its_users_is_refused(user: Credential, reason: str) -> None:
    heard = of_version_3(user).hear(SIGNED)
    assert (heard.counts, dict(heard.ledger.refused)) == ({}, {reason: 1})


def test_a_signed_trap_that_comes_again_much_later_is_a_repeat() -> None:
    header, clocks = header_of(SIGNED), Clocks()
    assert [clocks.fits(header, now) for now in (1000, 1149, 1151)] == [True, True, False]
    assert not clocks.fits(replace(header, boots=header.boots - 1), 1000)
    assert clocks.fits(replace(header, boots=header.boots + 1, time=0), 2000)


def sent(program: Path, version: Sequence[str], *, informs: bool = False, trusted: Trusted) -> tuple[int, Ledger]:
    """A notification of net-snmp's own tools: its exit status (an inform waits for its answer) and what was heard."""

    async def send() -> tuple[int, Ledger]:
        ledger = Ledger(Clock())
        transport = await listen("127.0.0.1", 0, trusted, ledger)
        port = transport.get_extra_info("sockname")[1]
        options = ["-Ci"] if informs else []
        told = ["", LINK_DOWN, "1.3.6.1.2.1.2.2.1.1.7", "i", "7"]
        if version[1] == "1":
            told = ["1.3.6.1.4.1.99999", "192.0.2.7", "2", "0", "4711", "1.3.6.1.2.1.2.2.1.1.7", "i", "7"]
        words = [*version, *options, "-m", "", "-t", "10", "-r", "2", f"127.0.0.1:{port}", *told]
        sender = await asyncio.create_subprocess_exec(program, *words, stderr=asyncio.subprocess.PIPE)
        await sender.communicate()
        for _ in range(200):  # a trap is on its way when its sender has gone
            if ledger.taken or ledger.refused:
                break
            await asyncio.sleep(0.05)
        transport.close()
        assert sender.returncode is not None
        return sender.returncode, ledger

    return asyncio.run(send())


WRONG = [*KEYS[:3], "a wrong one", *KEYS[4:]]


@pytest.mark.parametrize(
    ("version", "informs", "expected"),
    [
        (["-v", "1", "-c", "public"], False, ({"linkDown": 1}, {})),
        (["-v", "2c", "-c", "public"], False, ({"linkDown": 1}, {})),
        (["-v", "2c", "-c", "public"], True, ({"linkDown": 1}, {})),
        (["-v", "2c", "-c", "guess"], False, ({}, {"community": 1})),
        (["-v", "3", "-u", "monitor", "-l", "authPriv", *KEYS, *ENGINE], False, ({"linkDown": 1}, {})),
        (["-v", "3", "-u", "monitor", "-l", "authPriv", *KEYS], True, ({"linkDown": 1}, {})),
        (["-v", "3", "-u", "monitor", "-l", "authNoPriv", *KEYS, *ENGINE], False, ({}, {"security level": 1})),
        (["-v", "3", "-u", "monitor", "-l", "noAuthNoPriv", *ENGINE], False, ({}, {"security level": 1})),
        (["-v", "3", "-u", "monitor", "-l", "authPriv", *WRONG, *ENGINE], False, ({}, {"key": 1})),
        (["-v", "3", "-u", "nobody", "-l", "authPriv", *KEYS, *ENGINE], False, ({}, {"user": 1})),
    ],
)  # fmt: skip
def test_real_senders_are_heard_and_answered(
    program: Callable[[str], Path],
    version: list[str],
    informs: bool,
    expected: tuple[dict[str, int], dict[str, int]],
) -> None:
    trusted = Trusted(communities=frozenset({b"public"}), users=(USER,))
    status, ledger = sent(program("snmptrap"), version, informs=informs, trusted=trusted)
    counts = counts_of(ledger, "127.0.0.1")
    assert (status, (counts, dict(ledger.refused))) == (0, expected)
    rows: list[dict[str, Value]] = [dict(event.variables) for event in ledger.events]
    assert rows == [{"1.3.6.1.2.1.2.2.1.1.7": "7"}] * len(counts)
