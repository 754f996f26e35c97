"""Devices that lie, over real UDP, to both engines: each walk ends, says in one line why, and keeps what was read."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from keskidee_agent.devices.commands import ENGINES
from keskidee_agent.devices.engine import V2C, Engine, Garbled, NoAnswer, Refused, Row
from keskidee_agent.devices.mibs import system
from keskidee_agent.devices.read import read_device
from keskidee_agent.devices.traps.ber import COUNTER, GAUGE, OID, WIDE_COUNTER
from keskidee_agent.devices.traps.message import GET, RESPONSE
from keskidee_agent.devices.walk import got, walked
from tests.agent.devices.encoding import (
    END_OF_VIEW,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    V1,
    message,
    number,
    pdu,
    text,
    tlv,
)
from tests.agent.devices.liar import OTHER, Answer, Cell, Liar, Question, asked_of

ROOT = "1.3.6.1.2.1.2.2.1"
CELLS: list[Cell] = [(f"{ROOT}.2.{row}", text(b"eth%d" % row)) for row in range(1, 61)]
ROWS: list[Row] = [(f"{ROOT}.2.{row}", b"eth%d" % row) for row in range(1, 61)]
ENOUGH_SECONDS = 20  # where an answer comes
SHORT_SECONDS = 0.1  # where none of use does
TOO_BIG, GENERAL_ERROR = 1, 5

Walked = tuple[list[Row], str | None]

pytestmark = [pytest.mark.parametrize("engine", sorted(ENGINES)), pytest.mark.slow]


def table_of(liar: Liar, engine: str, *, seconds: float = ENOUGH_SECONDS, most_rows: int = 500) -> Walked:
    def walk(asking: Engine) -> "asyncio.Future[Walked]":
        return asyncio.ensure_future(walked(asking, ROOT, most_rows=most_rows))

    return asked_of(liar, walk, engine=engine, timeout_seconds=seconds, version=V2C)


def answered_with(question: Question, value: bytes) -> bytes:
    """The honest answer with that value everywhere but at the end of all."""
    return question.answered([(name, own if own == END_OF_VIEW else value) for name, own in question.honest])


NOTHING_OF_USE: dict[str, Callable[[Question], bytes]] = {
    "empty": lambda _: b"",
    "no BER": lambda _: b"\xff" * 100,
    "cut short": lambda question: question.truth[:-7],
    "a length of two gigabytes": lambda question: b"\x30\x84\x7f\xff\xff\xff" + question.truth[2:],
    "a length without end": lambda question: b"\x30\x80" + question.truth[2:],
    "sequences without end": lambda _: b"\x30\x82\xff\xff" * 10_000,
    "another request's": lambda question: question.answered(question.honest, request=OTHER),
    "version 1": lambda question: message(V1, b"public", pdu(RESPONSE, question.asked.numbers[0], question.honest)),
    "version 9": lambda question: message(9, b"public", pdu(RESPONSE, question.asked.numbers[0], question.honest)),
    "a stranger's": lambda question: message(1, b"other", pdu(RESPONSE, question.asked.numbers[0], question.honest)),
    "a question": lambda question: message(1, b"public", pdu(GET, question.asked.numbers[0], question.honest)),
    "no name": lambda question: question.answered([]).removesuffix(b"\x30\0") + b"\x30\2\x30\0",
    "a value of no known type": lambda question: answered_with(question, b"\x77\x03abc"),
    "half an address": lambda question: answered_with(question, b"\x40\x01\x0a"),
    "an error": lambda question: question.answered([], status=GENERAL_ERROR),
    "an error nobody knows": lambda question: question.answered([], status=99),
    "no rows": lambda question: question.answered([]),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(NOTHING_OF_USE))
def test_what_is_no_answer_ends_in_one_line_after_three_questions(engine: str, what: str) -> None:
    liar = Liar(CELLS, lambda question: [NOTHING_OF_USE[what](question)])
    rows, reason = table_of(liar, engine, seconds=SHORT_SECONDS)
    assert (rows, reason and reason.count("\n")) == ([], 0)
    assert len({asked.numbers[2] for asked in liar.questions if asked.kind != GET}) == 3  # for 25, 10 and 1 row


def values(value: bytes) -> Answer:
    return lambda question: [answered_with(question, value)]


def rows_with(value: int | bytes) -> list[Row]:
    return [(name, value) for name, _ in ROWS]


def chokes(question: Question) -> Sequence[bytes]:
    return [question.answered([], status=TOO_BIG) if question.asked.numbers[2] > 1 else question.truth]


def chokes_later(question: Question) -> Sequence[bytes]:
    return chokes(question) if question.before == 1 else [question.truth]


def mixes(question: Question) -> Sequence[bytes]:
    gone = [NO_SUCH_OBJECT, NO_SUCH_INSTANCE, None]
    cells = [(name, gone[at % 3] or own) for at, (name, own) in enumerate(question.honest[:24])]
    return [question.answered(cells if END_OF_VIEW not in dict(question.honest).values() else question.honest[-1:])]


def garbles_once(question: Question) -> Sequence[bytes]:
    return [question.truth[:-3]] if question.before == 0 else [question.truth]


ANSWERED: dict[str, tuple[Answer, Walked]] = {
    "a stray answer before": (
        lambda question: [question.answered(CELLS[:1], request=OTHER), question.truth],
        (ROWS, None),
    ),
    "the answer three times": (lambda question: [question.truth] * 3, (ROWS, None)),
    "too big": (chokes, (ROWS, None)),
    "too big in the middle": (chokes_later, (ROWS, None)),
    "what is not there in between": (mixes, ([row for at, row in enumerate(ROWS[:48]) if at % 24 % 3 == 2], None)),
    "counters below zero": (values(tlv(COUNTER, b"\xff\xff\xff\xfe")), (rows_with(2**32 - 2), None)),
    "gauges below zero": (values(tlv(GAUGE, b"\xff\xff\xff\xff")), (rows_with(2**32 - 1), None)),
    "wide counters without their zero": (values(tlv(WIDE_COUNTER, b"\xff" * 8)), (rows_with(2**64 - 1), None)),
    "integers below zero": (values(number(-5)), (rows_with(-5), None)),
    "integers of no octets": (values(b"\2\0"), (rows_with(0), None)),
    "64 bits in a string": (values(text(b"18446744073709551615")), (rows_with(b"18446744073709551615"), None)),
    "names that are not UTF-8": (values(text(b"\xe9\xff\0")), (rows_with(b"\xe9\xff\0"), None)),
    "backwards": (
        lambda question: [question.answered(CELLS[24::-1])],
        ([ROWS[24]], f"goes round in circles at {ROOT}.2.24 after 1 rows"),
    ),
    "the same three for ever": (
        lambda question: [question.answered(CELLS[:3])],
        (ROWS[:3], f"goes round in circles at {ROOT}.2.1 after 3 rows"),
    ),
}


@pytest.mark.parametrize("what", sorted(ANSWERED))
def test_what_can_be_read_of_a_lying_device_is_read(engine: str, what: str) -> None:
    answer, expected = ANSWERED[what]
    assert table_of(Liar(CELLS, answer), engine) == expected


def test_a_message_that_is_garbled_once_costs_nothing(engine: str) -> None:
    liar = Liar(CELLS, garbles_once)
    assert table_of(liar, engine, seconds=1) == (ROWS, None)


def test_a_giant_message_is_read_or_asked_for_again(engine: str) -> None:
    giant = [(f"{ROOT}.2.1", text(b"x" * 60_000)), *CELLS[1:25]]
    liar = Liar(CELLS, lambda question: [question.truth if question.before else question.answered(giant)])
    rows, reason = table_of(liar, engine)
    assert ([name for name, _ in rows], reason) == ([name for name, _ in ROWS], None)


def test_a_walk_without_end_ends_at_its_bound(engine: str) -> None:
    def goes_on(question: Question) -> Sequence[bytes]:
        last = int(question.asked.rows[0][0].rpartition(".")[2]) if question.before else 0
        return [question.answered([(f"{ROOT}.2.{last + at}", text(b"x")) for at in range(1, 26)])]

    rows, reason = table_of(Liar([], goes_on), engine, most_rows=100)
    assert (len(rows), reason) == (100, "more than 100 rows after 100 rows")


def test_a_device_that_dies_in_the_middle_of_a_table_leaves_what_it_said(engine: str) -> None:
    liar = Liar(CELLS, lambda question: [question.truth] if question.before < 2 else [])
    assert table_of(liar, engine, seconds=1) == (ROWS[:50], "no answer after 50 rows")


def test_stray_answers_without_end_prolong_no_question(engine: str) -> None:
    liar = Liar(CELLS, lambda question: [])

    async def drip() -> None:
        while True:
            await asyncio.sleep(SHORT_SECONDS / 4)
            if liar.questions:
                liar.send_stray()

    async def walk(asking: Engine) -> Walked:
        dripping = asyncio.ensure_future(drip())
        try:
            return await walked(asking, ROOT)
        finally:
            dripping.cancel()

    found = asked_of(liar, walk, engine=engine, timeout_seconds=SHORT_SECONDS, version=V2C)
    assert (found, len(liar.questions)) == (([], "no answer"), 3)


def test_a_device_that_is_never_done_is_left(engine: str) -> None:
    def slow(question: Question) -> Sequence[bytes]:
        last = int(question.asked.rows[0][0].rpartition(".")[2]) if question.before else 0
        return [question.answered([(f"{ROOT}.2.{last + 1}", text(b"x"))])]

    async def walk(asking: Engine) -> Walked:
        return await walked(asking, ROOT, most_seconds=2)

    rows, reason = asked_of(
        Liar([], slow, delay_seconds=0.1), walk, engine=engine, timeout_seconds=ENOUGH_SECONDS, version=V2C
    )
    assert reason == f"not done in 2 seconds after {len(rows)} rows"


def test_names_that_are_too_many_at_once_are_asked_for_one_by_one(engine: str) -> None:
    cells = [(oid, text(b"x")) for oid in sorted(system.ALL)]

    def chokes_on_two(question: Question) -> Sequence[bytes]:
        return [question.answered([], status=TOO_BIG) if len(question.asked.rows) > 1 else question.truth]

    async def ask(asking: Engine) -> list[Row]:
        return await got(asking, system.ALL)

    liar = Liar(cells, chokes_on_two)
    rows = asked_of(liar, ask, engine=engine, timeout_seconds=ENOUGH_SECONDS, version=V2C)
    assert rows == [(oid, b"x") for oid in system.ALL]


@pytest.mark.parametrize("what", ["no BER", "an error", "no rows", "another request's"])
def test_a_device_that_tells_nothing_of_itself_is_one_line(engine: str, what: str) -> None:
    liar = Liar(CELLS, lambda question: [NOTHING_OF_USE[what](question)])
    with pytest.raises((NoAnswer, Refused, Garbled), match=r"^[^\n]{4,100}$"):
        asked_of(liar, read_device, engine=engine, timeout_seconds=SHORT_SECONDS, version=V2C)


def test_what_stands_in_a_lying_device_is_read_to_the_end(engine: str) -> None:
    """All at once: an odd name, a table that turns round, and a device that dies when the next one is asked."""
    names = [(system.NAME, text(b"caf\xe9\0")), (system.OBJECT_ID, tlv(OID, b"\x2b\6\1\4\1\x09\1\1"))]

    def answer(question: Question) -> Sequence[bytes]:
        asked = question.asked.rows[0][0]
        if question.asked.kind == GET and asked == system.DESCRIPTION:
            return [question.truth]
        return [question.answered(CELLS[:2])] if asked.startswith(ROOT) and question.before < 4 else []

    liar = Liar([*names, *CELLS], answer)
    reading = asked_of(liar, read_device, engine=engine, timeout_seconds=1, version=V2C)
    assert (reading.identity.name, reading.identity.vendor) == ("café", "Cisco")
    assert [port.description for port in reading.parts.ports] == ["eth1", "eth2"]
    assert [
        trouble.partition(";")[0].partition(": ")[2] or trouble.partition(";")[0] for trouble in reading.troubles
    ] == [
        f"goes round in circles at {ROOT}.2.1 after 2 rows",
        "no answer",
        "the device answers no more",
    ]
