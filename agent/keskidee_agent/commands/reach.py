"""Whether the collector can be reached from here, step by step, for `doctor`: by the way that `agent run` goes."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_agent.transport.answer import http_date
from keskidee_agent.transport.connection import ANSWER, CONNECT, NAME, STEPS, TLS, TUNNEL, Connection
from keskidee_agent.transport.proxy import Proxy
from keskidee_agent.transport.waiting import Waiter
from keskidee_report.model import Malformed
from keskidee_report.wire import SPEAKS, SPEAKS_FIELD

if TYPE_CHECKING:
    from keskidee_agent.transport.answer import Answer
    from keskidee_agent.transport.origin import Origin
    from keskidee_agent.transport.route import Route

SECONDS = 10.0
FAMILIES = {int(socket.AF_INET): "IPv4", int(socket.AF_INET6): "IPv6"}
OK, FAILED = "ok", "failed"
CLOCK, FORM = "clock", "form"
CLOCK_SECONDS = 10.0
"""Off by more than this, the alert on clocks fires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step to the collector: `name` is of connection.py's STEPS, `form` or `clock`; OK or FAILED; what was seen."""

    name: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far one got. `clock_offset_seconds`: this machine's clock less the collector's, where its answer told."""

    url: str
    route: str
    steps: list[Step]
    clock_offset_seconds: float | None

    @property
    def is_reached(self) -> bool:
        """Whether the collector answered."""
        return all(step.outcome == OK for step in self.steps if step.name not in (CLOCK, FORM))


def reach(origin: Origin, route: Route, ca_file: str, seconds: float = SECONDS) -> Reach:
    """Asks the collector whether it is there. Sends no credential, and raises nothing: a failure is a step."""
    waiter = Waiter()
    connection = Connection(origin, ca_file, waiter, Proxy(*route.proxy) if route.proxy else None)
    whole, fields = "", ""
    if route.proxy and not origin.tls:
        whole, fields = f"http://{origin.authority}", Proxy(*route.proxy).fields
    request = f"GET {whole}{origin.prefix}/healthz HTTP/1.1\r\nHost: {origin.authority}\r\n{fields}\r\n"
    begun, failure, answer = time.time(), "", None
    try:
        answer = connection.exchange(request.encode("ascii"), waiter.after(seconds))
    except (OSError, Malformed) as error:
        failure = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    middle = (begun + time.time()) / 2
    if answer is not None and (answer.status != 200 or answer.body != b"ok\n"):
        failure = f"status {answer.status}, and not a collector's: {answer.body[:80]!r}"
    found = {
        NAME: route.host or origin.host,
        CONNECT: _address(connection),
        TUNNEL: origin.host_and_port,
        TLS: f"trusting {ca_file}",
        ANSWER: "it is a collector",
    }
    connection.close()
    not_taken = {TUNNEL, TLS} if not origin.tls else set() if route.proxy else {TUNNEL}
    passed = [step for step in STEPS[: STEPS.index(connection.step)] if step not in not_taken]
    steps = [Step(name=step, outcome=OK, detail=found[step]) for step in passed]
    last = connection.step
    steps.append(Step(name=last, outcome=FAILED if failure else OK, detail=failure or found[last]))
    if answer is not None and not failure and (speaks := _spoken(answer)) < SPEAKS:
        detail = (
            f"older than this agent (it speaks {speaks}, this agent {SPEAKS}): what it cannot read is kept; upgrade it"
        )
        steps.append(Step(name=FORM, outcome=FAILED, detail=detail))
    offset = _clock_offset(answer, middle) if not failure else None
    if offset is not None:
        steps.append(_clock(offset))
    return Reach(url=origin.url, route=str(route), steps=steps, clock_offset_seconds=offset)


def _address(connection: Connection) -> str:
    """`IPv6 2001:db8::1 port 5375`."""
    if connection.address is None:
        return ""
    family, address = connection.address
    return f"{FAMILIES.get(family, str(family))} {address[0]} port {address[1]}"


def _spoken(answer: Answer) -> int:
    """Which forms of reports the collector reads; one that does not tell reads the first."""
    told = answer.fields.get(SPEAKS_FIELD.lower(), "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 6 else 1


def _clock_offset(answer: Answer | None, middle: float) -> float | None:
    """By the answer's Date, which is cut to whole seconds. None where it has none."""
    date = http_date(answer.fields.get("date", "")) if answer is not None else None
    return None if date is None else round(middle - date - 0.5, 1)


def _clock(offset: float) -> Step:
    if abs(offset) <= 1:
        return Step(name=CLOCK, outcome=OK, detail="right, within 1 s")
    detail = f"{abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} the collector's"
    return Step(name=CLOCK, outcome=OK if abs(offset) <= CLOCK_SECONDS else FAILED, detail=detail)
