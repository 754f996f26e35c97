"""Walks that end: whatever a device answers, a walk is bounded in rows, rounds and seconds, and keeps what it has read.

A question that stays unanswered is asked again with fewer rows a message, because devices choke on large ones before
they choke on small ones; three questions in all, so a silent device costs three times the timeout and no more. A
device that goes round in circles (an OID that does not grow) is left where it turned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.recorded_engine import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keskidee_agent.devices.engine import Engine, Row

SIZES = (25, 10, 1)
MOST_ROWS = 50_000
GET_AT_ONCE = 12  # a version 1 or small device answers few names a message


async def walked(engine: Engine, oid: str, *, most_rows: int = MOST_ROWS) -> tuple[list[Row], str | None]:
    """The rows below one OID in order, and why there are no more of them (None: that was all)."""
    best: list[Row] = []
    reason: str | None = None
    for size in SIZES:
        rows: list[Row] = []
        try:
            reason = await _collect(engine, oid, size, rows, most_rows)
        except NoAnswer as error:
            reason = str(error)
        except (Garbled, Refused) as error:
            reason = str(error)
        if len(rows) > len(best):
            best = rows
        if reason is None or len(rows) >= most_rows or reason.startswith("goes round"):
            break
    if reason is not None:
        reason = f"{reason} after {len(best)} rows" if best else reason
    return best, reason


async def _collect(engine: Engine, oid: str, size: int, rows: list[Row], most_rows: int) -> str | None:
    """Fills `rows`; gives what was wrong with them."""
    last = numbers(oid)
    async for name, value in engine.below(oid, size):
        here = numbers(name)
        if here <= last:
            return f"goes round in circles at {name}"
        last = here
        rows.append((name, value))
        if len(rows) >= most_rows:
            return f"more than {most_rows} rows"
    return None


async def got(engine: Engine, oids: Sequence[str], *, tries: int = 3) -> list[Row]:
    """The scalars that a device has. Raises NoAnswer after so many questions, Refused, Garbled."""
    rows: list[Row] = []
    for at in range(0, len(oids), GET_AT_ONCE):
        rows += await _tried(engine, oids[at : at + GET_AT_ONCE], tries)
    return rows


async def _tried(engine: Engine, oids: Sequence[str], tries: int) -> list[Row]:
    for _ in range(tries - 1):
        try:
            return await engine.get(oids)
        except NoAnswer:
            continue
    return await engine.get(oids)
