"""Server boards by Redfish: whole boards of our own making, by their makers' shapes (`tests/fixtures/boards`)."""

import json
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.devices.commands import for_glpi
from keskidee_agent.devices.document import as_board_document
from keskidee_agent.devices.redfish.metrics import samples
from keskidee_agent.devices.redfish.read import Reader
from keskidee_agent.gather.output import as_prometheus
from tests.agent.devices.boards import InHand, collection, link, read, recorded, served
from tests.agent.devices.test_devices import one_row_a_line, told
from tests.agent.inventory.test_glpi import faults

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


def test_the_samples_of_another_project_are_read(shared_data: Path) -> None:
    found = [json.loads(file.read_text()) for file in sorted((shared_data / "redfish_samples").glob("*.json"))]
    resources: dict[str, Any] = {}
    for resource in found:
        resources.setdefault(resource["@odata.id"], resource)
    chassis = resources["/redfish/v1/Chassis/Blade1"]
    resources["/redfish/v1/Chassis/Blade1"] = chassis | {"Power": link("/redfish/v1/Chassis/MultiBladeEncl/Power")}
    reading = Reader(InHand(resources)).read()
    items = {(each.kind, each.key): each.fields for each in reading.found.items}
    serials = {key: fields["serial"] for key, fields in items.items() if "serial" in fields}
    assert serials == {
        ("system", "system"): "437XR1138R2",
        ("chassis", "Blade"): "529QB9450R6",
        ("power_supply", "Power Supply 0"): "1S0000523",
        ("power_supply", "Power Supply 1"): "1S0000524",
        ("component", "12Gbs Integrated RAID"): "2M220100SL",
        ("disk", "Drive Sample 35D38F11ACEF7BD3"): "1234567",
        ("disk", "Drive Sample 32ADF365C6C1B7BD"): "1234570",
        ("disk", "Drive Sample 3D58ECBC375FD9F2"): "1234568",
    }
    assert {(each.class_, each.description, each.value) for each in reading.parts.sensors} == {
        ("temperature", "CPU Temp", 62),
        ("fanspeed", "CPU Fan", 6000),
        ("voltage", "Power Supply 0 input", 220),
        ("power", "Power Supply 0 output", 650),
        ("voltage", "Power Supply 1 input", 222),
        ("power", "Power Supply 1 output", 635),
    }
    assert (reading.found.redundant, reading.troubles) == ({"Power Supply Redundancy": True}, [])


def test_each_sample_of_a_part_is_understood(shared_data: Path) -> None:
    """Alone, in place of one of our own: of what it says nothing is lost."""
    folder = shared_data / "redfish_samples"
    sample = {
        name: json.loads((folder / f"{name}.json").read_text()) for name in ("network_adapter", "storage_controller")
    }
    own = recorded(FOLDER / "hpe_ilo5")
    adapter, controller = (
        "/redfish/v1/Chassis/1/NetworkAdapters/DC07A000/",
        "/redfish/v1/Systems/1/Storage/DE00A000/Controllers/0/",
    )
    resources = own | {adapter: sample["network_adapter"], controller: sample["storage_controller"]}
    found = {each.key: each.fields for each in Reader(InHand(resources)).read().found.items}
    assert found["NIC.Integrated.1"] == {
        "type": "ethernet",
        "name": "Network Adapter View",
        "maker": "Mellanox Technologies",
        "model": "MLNX 25GbE 2P ConnectX4LX RNDC",
        "serial": "IL7403101N00ZJ",
        "part": "0R887V",
        "firmware": "14.25.80.0",
    }
    assert found["Contoso Integrated RAID"] == {
        "class": "storageController",
        "maker": "Contoso",
        "model": "12Gbs Integrated RAID",
        "firmware": "1.0.0.7",
    }


@pytest.mark.parametrize("case", CASES)
def test_a_board_fits_glpis_schema_as_a_computer(case: str, shared_data: Path) -> None:
    schema = json.loads((shared_data / "glpi_inventory_format" / "inventory.schema.json").read_text())
    made = for_glpi(Reader(InHand(recorded(FOLDER / case))).read())
    assert (made["itemtype"], made["action"]) == ("Computer", "inventory")
    assert faults(made, schema, schema["definitions"]) == []
