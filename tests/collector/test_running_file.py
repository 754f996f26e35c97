"""What this host's commands say where the collector that left its address is not there any more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keskidee.cli import main
from tests.agent.listening import answer, listening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def left_behind(directory: Path, url: str) -> None:
    """What a collector that was killed leaves in its data directory."""
    (directory / "collector.json").write_text(json.dumps({"url": url, "ca_file": None}))
    (directory / "admin-token").write_text("ka1_x")


def test_of_a_collector_that_was_killed_it_is_said_to_start_it(
    tmp_path: Path, free_port: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    left_behind(tmp_path, url := f"http://127.0.0.1:{free_port()}")
    assert main(["collector", "machines", "list", "--data", str(tmp_path)]) == 1
    said = f"keskidee: the collector at {url} does not answer: was it killed? Start it again\n"
    assert capsys.readouterr().err == said


def test_another_program_on_its_port_is_no_collector(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with listening(lambda _: answer(501, b"<p>no")) as listener:
        left_behind(tmp_path, listener.url)
        assert main(["collector", "machines", "list", "--data", str(tmp_path)]) == 1
        said = f"keskidee: what answers at {listener.url} is no collector (status 501)\n"
        assert capsys.readouterr().err == said
