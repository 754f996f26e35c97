"""Devices of our own making (`tests/fixtures/devices`), read whole: what is found, as JSON and as a page."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.devices.document import as_document
from keskidee_agent.devices.metrics import samples
from keskidee_agent.devices.read import DeviceReading, read_device
from keskidee_agent.devices.recorded_engine import RecordedEngine
from keskidee_agent.gather.output import as_prometheus

FOLDER = Path(__file__).parents[2] / "fixtures" / "devices"
CASES = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


def reading_of(case: str) -> DeviceReading:
    return asyncio.run(read_device(RecordedEngine.of(FOLDER / case / "device.snmprec")))


def told(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what the device does not say."""
    device = {name: value for name, value in document["device"].items() if value is not None}
    return {"device": device} | {name: rows for name, rows in document.items() if rows and name != "device"}


def one_row_a_line(document: dict[str, Any]) -> str:
    lists = {name: "\n  " + ",\n  ".join(map(json.dumps, rows)) for name, rows in document.items() if name != "device"}
    parts = [f'"device": {json.dumps(document["device"])}', *(f'"{name}": [{rows}]' for name, rows in lists.items())]
    return "{" + ",\n ".join(parts) + "}\n"


@pytest.mark.parametrize("case", CASES)
def test_a_device_is_read_as_its_recording_says(case: str, pytestconfig: pytest.Config) -> None:
    document, golden = told(as_document(reading_of(case))), FOLDER / case / "expected.json"
    if pytestconfig.getoption("update"):
        golden.write_text(one_row_a_line(document), encoding="utf-8")
    assert json.loads(golden.read_text(encoding="utf-8")) == document


@pytest.mark.parametrize("case", CASES)
def test_a_device_makes_the_page_it_should(case: str, pytestconfig: pytest.Config) -> None:
    page, golden = as_prometheus(samples(reading_of(case))), FOLDER / case / "expected.prom"
    if pytestconfig.getoption("update"):
        golden.write_text(page, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == page
