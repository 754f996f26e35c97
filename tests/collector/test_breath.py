"""The loop breathes between turns that brought reports, and keeps nobody else waiting by it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.loop import BREATH_SECONDS, ENOUGH, Breath

if TYPE_CHECKING:
    from collections.abc import Collection


def breaths(turns: list[int], others: Collection[object] = ()) -> list[float]:
    """What the loop waited for the writer when so many reports came in each of these turns."""
    waited: list[float] = []

    async def run() -> None:
        breath = Breath(waited.append)
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
