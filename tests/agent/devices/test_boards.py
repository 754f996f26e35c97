"""Server boards by Redfish: whole boards of our own making, by their makers' shapes (`tests/fixtures/boards`)."""

import json
from pathlib import Path

import pytest

from keskidee_agent.devices.document import as_board_document
from keskidee_agent.devices.redfish.metrics import samples
from keskidee_agent.once import as_prometheus
from tests.agent.devices.boards import read, recorded, served
from tests.agent.devices.test_devices import one_row_a_line, told

FOLDER = Path(__file__).parents[2] / "fixtures" / "boards"
CASES = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


@pytest.mark.parametrize("case", CASES)
def test_a_board_is_read_as_its_resources_say(case: str, pytestconfig: pytest.Config) -> None:
    with served(recorded(FOLDER / case)) as board:
        reading = read(board)
    document = told(as_board_document(reading))
    rows = [{"kind": kind, **each} for kind, of_kind in document.pop("items").items() for each in of_kind]
    page, golden = as_prometheus(samples(reading)), FOLDER / case
    redundancy = [{"group": group, "redundant": is_so} for group, is_so in document.pop("redundancy", {}).items()]
    text = one_row_a_line(document | {"redundancy": redundancy, "items": rows})
    if pytestconfig.getoption("update"):
        (golden / "expected.json").write_text(text, encoding="utf-8")
        (golden / "expected.prom").write_text(page, encoding="utf-8")
    assert json.loads((golden / "expected.json").read_text(encoding="utf-8")) == json.loads(text)
    assert (golden / "expected.prom").read_text(encoding="utf-8") == page
    assert (reading.troubles, reading.found.spoilt) == ([], set())
