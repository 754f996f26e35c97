"""What a running collector does beside: it counts days, trims its log, forgets unused names, renews its certificate.

An asyncio task and a monotonic clock, because "about daily" is all it needs: jobs that people know the hour of
(digests, reconciliation) belong to APScheduler.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.days.days import ROWS_AT_ONCE
from keskidee_collector.ingest.journal import QUIET_SECONDS
from keskidee_collector.routes.renewal import ask_for_renewal

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_collector.state import State

LOOK_SECONDS = 15.0
DAY_SECONDS = 86_400.0
SETTLE_SECONDS = 60.0
WRITE_SECONDS = 3_600.0
NAMES_BYTES_AT_MOST = 64 * 1024 * 1024
"""New names since the last time: where somebody invents them without end, the file must not grow with it."""

logger = logging.getLogger(__name__)


async def keep_house(state: State, renew: Callable[[], None] | None) -> None:
    """Runs until it is cancelled; the first time at once. `renew` is called daily, where the collector speaks TLS."""
    due_at = state.ticks()
    while True:
        if state.ticks() >= due_at or state.reports.names_bytes > NAMES_BYTES_AT_MOST:
            if renew is not None:
                await asyncio.to_thread(renew)
            await forget_unused(state)
            due_at = state.ticks() + DAY_SECONDS
        await state.journal.store(QUIET_SECONDS)
        await state.journal.trim()
        await trim_queue(state)
        state.links.plan(state.fleet)
        ask_for_renewal(state.fleet, state.now())
        await rotate_authority(state)
        await follow_machines(state)
        await asyncio.sleep(LOOK_SECONDS)


async def rotate_authority(state: State) -> None:
    """Asks who lacks an authority to fetch it, and takes the next step where everybody is ready."""
    if state.rotation is None:
        return
    try:
        await state.rotation.advance()
    except OSError as error:
        logger.warning("authority is not replaced error=%s", error)
    state.rotation.ask()


async def follow_machines(state: State) -> None:
    """Every machine's asset as the machine says, and how the register stands then."""
    try:
        await state.assets.following.follow(state.fleet, state.now())
        await asyncio.to_thread(state.assets.look, state.now())
    except SQLAlchemyError as error:
        logger.warning("assets are not up to date error=%s", error)


async def keep_days(state: State) -> None:
    """Runs until it is cancelled: counts everybody's time each minute, writes each hour and at the end of a day."""
    due_at = state.ticks() + WRITE_SECONDS
    while True:
        await asyncio.sleep(SETTLE_SECONDS)
        await state.days.settle(state.now())
        if state.ticks() >= due_at or state.days.has_finished():
            await state.days.write(state.now())
            await fill_days(state)
            due_at = state.ticks() + WRITE_SECONDS


async def fill_days(state: State) -> None:
    """What inventories say of machines, into their day."""
    day = time.strftime("%Y-%m-%d", time.gmtime(state.now()))
    rows = await asyncio.to_thread(state.assets.postures, day)
    try:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            await state.register.writer.save(rows[start : start + ROWS_AT_ONCE])
    except SQLAlchemyError as error:
        logger.warning("days are not filled in error=%s", error)


async def forget_unused(state: State) -> None:
    """Drops definitions that no schema in use has, and stored names that no machine's last schemas need."""
    await state.journal.store()  # what the log holds may need names that go
    unused = state.definitions.keep_only(state.schemas.families())
    try:
        await state.reports.forget_unused(unused)
    except SQLAlchemyError as error:
        logger.warning("unused names are still stored error=%s", error)


async def trim_queue(state: State) -> None:
    """Drops what was passed on, or cannot wait any longer."""
    try:
        await state.feed.trim(state.now())
    except SQLAlchemyError as error:
        logger.warning("queue is not trimmed error=%s", error)
