"""Recorded machines and the inventory expected of them: tests/fixtures/inventory/<case>/."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.gather import gathered
from keskidee_report.model import OUTCOMES
from tests.agent.inventory.expected import inventory
from tests.agent.recordings import FIXTURES

pytestmark = pytest.mark.slow

CASES = sorted(path for path in (FIXTURES / "inventory").iterdir() if path.is_dir())
EXPECTED = "expected.json"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_recorded_machine_has_its_inventory(case: Path, golden: Callable[[Path, str], None]) -> None:
    document = inventory(case)
    for outcome in document["outcomes"]:
        outcome["seconds"] = 0
    golden(case / EXPECTED, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("spoil", [b"", None, b"\xff\xfe\x00\x80" * 40], ids=["emptied", "cut in half", "no text"])
def test_a_spoiled_file_costs_no_traceback(
    case: Path, spoil: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "machine"
    shutil.copytree(case, root, symlinks=True)
    for file in sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink()):
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2] if spoil is None else spoil)
        results = gathered(RecordedMachine(str(root)))
        assert [found.outcome for found in results if found.outcome not in OUTCOMES] == []
        file.write_bytes(whole)
    assert capsys.readouterr().err == ""
