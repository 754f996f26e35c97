"""Agents of this minor version and the two before report to today's collector: what they sent then is played to it.

A recording is kept as bytes and never made again (wire_recording.py), so a change of the format cannot pass unnoticed.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_report import __version__
from tests.collector.inside import Inside
from tests.collector.wire_recording import FOLDER, joined, minor_version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RECORDINGS = sorted(folder.name for folder in FOLDER.iterdir())
MINORS_BEFORE = 2


async def played(recording: Path, data: Path, *, restarts: bool) -> tuple[list[Any], str, list[str]]:
    """Today's answers to a recording without what is new in them; the page before the goodbye; states at the end."""
    collector = Inside(data)
    agent = await joined(collector, (recording / "enrol.json").read_bytes())
    start = collector.clock.at
    answers, page = [], ""
    for row in json.loads((recording / "posts.json").read_text()):
        collector.clock.wait(start + row["at"] - collector.clock.at)
        body = (recording / f"{row['name']}.post").read_bytes()
        path = f"/v1/machines/{agent.id}/reports"
        answer = await collector.ask("POST", path, body, token=agent.credential)
        known = {key: value for key, value in answer.json.items() if key in row["answer"]}
        answers.append(row | {"status": answer.status, "answer": known})
        if restarts:
            collector = collector.again()
        if collector.states() == {agent.instance: "on"}:
            page = (await collector.ask("GET", f"/metrics/machines/{agent.id}")).body.decode()
    states = list(collector.states().values())
    collector.state.close()
    return answers, page, states


@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarts"])
@pytest.mark.parametrize("version", RECORDINGS)
def test_an_agent_of_this_version_is_answered_and_shown_as_it_was_then(
    tmp_path: Path, golden: Callable[[Path, str], None], version: str, *, restarts: bool
) -> None:
    answers, page, states = asyncio.run(played(FOLDER / version, tmp_path, restarts=restarts))
    assert (answers, states) == (json.loads((FOLDER / version / "posts.json").read_text()), ["off"])
    golden(FOLDER / version / "expected.prom", page)


@pytest.mark.parametrize("version", RECORDINGS)
def test_the_pages_tell_which_version_an_agent_has(version: str) -> None:
    page = (FOLDER / version / "expected.prom").read_text()
    assert f'keskidee_agent_info{{instance="srv-01",version="{version}.' in page


def test_this_version_and_the_two_before_are_recorded() -> None:
    major, minor = map(int, minor_version().split("."))
    wanted = {f"{major}.{each}" for each in range(max(minor - MINORS_BEFORE, 1 if major == 0 else 0), minor + 1)}
    assert wanted <= set(RECORDINGS), f"python -m tests.collector.wire_recording records {__version__}"
