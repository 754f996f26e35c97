"""A device over UDP that answers as it is told: honestly by default, and wrongly in every way a test can think of."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from keskidee_agent.devices.commands import open_engine
from keskidee_agent.devices.engine import Address, Credential, Engine
from keskidee_agent.devices.recorded_engine import numbers
from keskidee_agent.devices.traps.message import GET, GET_BULK, RESPONSE, Message, opened, read_message
from tests.agent.devices.encoding import END_OF_VIEW, NO_SUCH_INSTANCE, V1, message, pdu

Cell = tuple[str, bytes]
Answer = Callable[["Question"], Sequence[bytes]]
Result = TypeVar("Result")
NO_SUCH_NAME = 2
OTHER = 1 << 20  # engines count their requests, so one further may be the next one


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, how often something was asked before, and the cells that an honest device would answer with."""

    asked: Message
    before: int
    honest: list[Cell]

    def answered(self, cells: Sequence[Cell], *, status: int = 0, request: int = 0) -> bytes:
        """An answer with those cells; `request` is taken out of the id, or put in: another id."""
        id_ = self.asked.numbers[0] ^ request
        body = pdu(RESPONSE, id_, cells, status=status, index=int(bool(status)))
        return message(self.asked.version, self.asked.community, body)

    @property
    def truth(self) -> bytes:
        """What an honest device would answer."""
        missing = self.asked.version == V1 and any(value in (END_OF_VIEW, NO_SUCH_INSTANCE) for _, value in self.honest)
        return self.answered(self.honest, status=NO_SUCH_NAME if missing else 0)


class Liar(asyncio.DatagramProtocol):
    """One device with those cells, sorted by OID."""

    def __init__(self, cells: Sequence[Cell], answer: Answer, *, delay_seconds: float = 0) -> None:
        self._delay_seconds = delay_seconds
        self._cells = sorted(cells, key=lambda cell: numbers(cell[0]))
        self._answer = answer
        self.questions: list[Message] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is UDP
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._asker = addr
        asked = read_message(data, opened(data))
        question = Question(asked, len(self.questions), self._honest(asked))
        self.questions.append(asked)
        answers = self._answer(question)
        if self._delay_seconds:
            asyncio.get_running_loop().call_later(self._delay_seconds, self._send, answers, addr)
        else:
            self._send(answers, addr)

    def _send(self, answers: Sequence[bytes], addr: tuple[str, int]) -> None:
        for octets in answers:
            self._transport.sendto(octets, addr)

    def send_stray(self) -> None:
        """Sends who asked last an answer that is not to the question."""
        question = Question(self.questions[-1], 0, [])
        self._transport.sendto(question.answered([], request=OTHER), self._asker)

    def _honest(self, asked: Message) -> list[Cell]:
        names = [name for name, _ in asked.rows]
        if asked.kind == GET:
            known = dict(self._cells)
            return [(name, known.get(name, NO_SUCH_INSTANCE)) for name in names]
        count = asked.numbers[2] if asked.kind == GET_BULK else 1
        after = [cell for cell in self._cells if numbers(cell[0]) > numbers(names[0])][:count]
        return after if len(after) == count else [*after, ((after or [(names[0], b"")])[-1][0], END_OF_VIEW)]


def asked_of(
    liar: Liar,
    ask: Callable[[Engine], Awaitable[Result]],
    *,
    engine: str,
    timeout_seconds: float,
    version: str,
) -> Result:
    """What an engine makes of such a device, in one event loop."""

    async def run() -> Result:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: liar, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        address = Address(host="127.0.0.1", port=port, timeout_seconds=timeout_seconds)
        asking = open_engine(engine, address, Credential(version=version))
        try:
            return await ask(asking)
        finally:
            asking.close()
            transport.close()

    return asyncio.run(run())
