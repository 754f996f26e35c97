"""Walks that end: whatever a device answers, a walk is bounded in rows, rounds and seconds, and keeps what it has read.

A question that stays unanswered is asked again with fewer rows a message, because devices choke on large ones before
they choke on small ones; three questions in all, so a silent device costs three times the timeout and no more. What
a device bore is where its next walk begins. A device that goes round in circles (an OID that does not grow) is left
where it turned, and one that is never done after two minutes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused, TooBig
from keskidee_agent.devices.recorded_engine import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keskidee_agent.devices.engine import Engine, Row

SIZES = (25, 10, 1)
MOST_ROWS = 50_000
MOST_SECONDS = 120  # a device that gives one row in each two seconds would take a day for the rows above
GET_AT_ONCE = 12  # a version 1 or small device answers few names a message


async def walked(
    engine: Engine,
    oid: str,
    *,
    most_rows: int = MOST_ROWS,
    most_seconds: float = MOST_SECONDS,
    sizes: list[int] | None = None,
) -> tuple[list[Row], str | None]:
    """The rows below one OID in order, and why there are no more of them (None: that was all).

    `sizes` are the rows a message to ask for, largest first; those that the device did not bear are taken out.
    """
    best: list[Row] = []
    reason: str | None = None
    left = list(SIZES) if sizes is None else sizes
    for size in list(left):
        rows: list[Row] = []
        try:
            async with asyncio.timeout(most_seconds):
                reason = await _collect(engine, oid, size, rows, most_rows)
        except TimeoutError:
            reason = f"not done in {most_seconds:g} seconds"
        except (NoAnswer, Garbled, Refused) as error:
            reason = str(error)
        if len(rows) > len(best):
            best = rows
        if reason is None and rows:
            left[:] = [smaller for smaller in left if smaller <= size]
        if reason is None or len(rows) >= most_rows or reason.startswith(("goes round", "not done")):
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
        asked = oids[at : at + GET_AT_ONCE]
        try:
            rows += await _tried(engine, asked, tries)
        except TooBig:
            if len(asked) == 1:
                raise
            rows += [row for oid in asked for row in await _tried(engine, [oid], tries)]
    return rows


async def _tried(engine: Engine, oids: Sequence[str], tries: int) -> list[Row]:
    """The answer to one of so many questions; what is garbled once may be whole the next time."""
    for _ in range(tries - 1):
        try:
            return await engine.get(oids)
        except (NoAnswer, Garbled):
            continue
    return await engine.get(oids)
