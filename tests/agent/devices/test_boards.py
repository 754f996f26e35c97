"""Server boards by Redfish: whole boards of our own making, by their makers' shapes (`tests/fixtures/boards`)."""

import json
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.devices.document import as_board_document
from keskidee_agent.devices.redfish.metrics import samples
from keskidee_agent.devices.redfish.read import Reader
from keskidee_agent.once import as_prometheus
from tests.agent.devices.boards import InHand, collection, link, read, recorded, served
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


def who(system: dict[str, Any], manager: dict[str, Any], **root: Any) -> tuple[str | None, ...]:
    """Vendor, system, model, serial and version of a board that tells no more than this."""
    resources = {
        "/redfish/v1/": {"RedfishVersion": "1.6.0", "Systems": link("/s"), "Managers": link("/m"), **root},
        **collection("/s", "1"),
        **collection("/m", "1"),
        "/s/1": system,
        "/m/1": manager,
    }
    facts = Reader(InHand(resources)).read().identity
    return facts.vendor, facts.system, facts.model, facts.serial, facts.version


MAKERS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str | None, ...]]] = {
    "Lenovo": (
        {"Manufacturer": "Lenovo", "Model": "ThinkSystem SR650", "SKU": "7X06CTO1WW", "SerialNumber": "J1003ABC"},
        {"ManagerType": "BMC", "Model": "Lenovo XClarity Controller", "FirmwareVersion": "CDI3A4E 8.50"},
        ("Lenovo", "xcc", "ThinkSystem SR650", "J1003ABC", "CDI3A4E 8.50"),
    ),
    "Cisco": (
        {"Manufacturer": "Cisco Systems Inc", "Model": "UCSC-C220-M5SX", "SerialNumber": "WZP23451ABC", "SKU": None},
        {"ManagerType": "BMC", "Model": None, "FirmwareVersion": "4.1(2f)"},
        ("Cisco", "cimc", "UCSC-C220-M5SX", "WZP23451ABC", "4.1(2f)"),
    ),
    "Fujitsu": (
        {"Manufacturer": "FUJITSU", "Model": "PRIMERGY RX2540 M5", "SerialNumber": "YMTP012345", "SKU": "S26361-K1655"},
        {"ManagerType": "BMC", "Model": "iRMC S5", "FirmwareVersion": "3.38P"},
        ("Fujitsu", "irmc", "PRIMERGY RX2540 M5", "YMTP012345", "3.38P"),
    ),
    "Huawei": (
        {"Manufacturer": "Huawei", "Model": "2288H V5", "SerialNumber": "2102311XBSN0K6000012"},
        {"ManagerType": "BMC", "Model": "iBMC", "FirmwareVersion": "6.58"},
        ("Huawei", "ibmc", "2288H V5", "2102311XBSN0K6000012", "6.58"),
    ),
    "a maker that only its extensions name": (
        {"Manufacturer": None, "Model": "X", "SerialNumber": "S1", "Oem": {"Hpe": {}}},
        {"FirmwareVersion": "iLO 4 v2.70"},
        ("HPE", "hpe-ilo", "X", "S1", "iLO 4 v2.70"),
    ),
    "one that nobody knows": (
        {"Manufacturer": "Contoso", "Model": "3500", "SKU": "8675309", "SerialNumber": "437XR1138R2"},
        {"ManagerType": "BMC", "FirmwareVersion": "1.00"},
        ("Contoso", None, "3500", "437XR1138R2", "1.00"),
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_makers_write_the_same_in_different_places(maker: str) -> None:
    system, manager, known = MAKERS[maker]
    assert who(system, manager) == known
