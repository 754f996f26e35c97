"""A file in the place of another, where somebody else has that open for a moment."""

import os
from pathlib import Path

import pytest

from keskidee_agent.spool import retention
from keskidee_agent.spool.retention import take_place


def test_what_is_held_for_a_moment_is_tried_again_and_told_when_it_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, held = os.replace, [True, True]

    def held_by_a_scanner(beside: str, path: str) -> None:
        if held and held.pop():
            raise PermissionError(13, "Permission denied")
        replace(beside, path)

    monkeypatch.setattr(os, "replace", held_by_a_scanner)
    monkeypatch.setattr(retention, "TRY_SECONDS", 0.0)
    beside, path = tmp_path / "new", tmp_path / "old"
    beside.write_text("new")
    with pytest.raises(PermissionError):
        take_place(str(beside), str(path), tries=2)
    held.append(True)
    take_place(str(beside), str(path), tries=2)
    assert (path.read_text(), beside.exists()) == ("new", False)
