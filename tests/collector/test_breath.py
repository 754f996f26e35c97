"""The loop breathes between turns that brought reports, and keeps nobody else waiting by it."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.serving.loop import BREATH_SECONDS, ENOUGH, Breath
from keskidee_collector.serving.tls import Handshakes, Secured

if TYPE_CHECKING:
    from collections.abc import Collection


def breaths(turns: list[int], others: Collection[object] = (), *, is_wanted: bool = False) -> list[float]:
    """What the loop waited for the writer when so many reports came in each of these turns."""
    waited: list[float] = []

    async def run() -> None:
        breath = Breath(waited.append, lambda: is_wanted)
        for reports in turns:
            for _ in range(reports):
                breath.report(others)
            await asyncio.sleep(0.01)

    asyncio.run(run())
    return waited


@pytest.mark.parametrize(
    ("turns", "expected"), [([1], []), ([1, 1], [BREATH_SECONDS]), ([1, 3, 2], [BREATH_SECONDS] * 2), ([1, ENOUGH], [])]
)
def test_it_breathes_after_reports_that_come_soon_after_others_and_are_few(
    turns: list[int], expected: list[float]
) -> None:
    assert breaths(turns) == expected


def test_it_does_not_breathe_while_a_page_is_answered() -> None:
    assert breaths([1, 1, 1], others=["GET /metrics"]) == []


def test_it_does_not_breathe_while_somebody_shakes_hands_or_names_are_read() -> None:
    assert breaths([1, 1, 1], is_wanted=True) == []


def test_handshakes_are_counted_while_they_go_on() -> None:
    async def run() -> list[int]:
        handshakes = Handshakes(10, 60, print)
        begun = Secured(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), asyncio.Protocol, handshakes)
        begun.connection_made(asyncio.Transport())
        during = len(handshakes)
        begun.connection_lost(None)
        return [during, len(handshakes)]

    assert asyncio.run(run()) == [1, 0]
