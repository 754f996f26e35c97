"""Server boards by Redfish: whole boards of our own making, by their makers' shapes (`tests/fixtures/boards`)."""

import json
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.devices.document import as_board_document
from keskidee_agent.devices.redfish.found import Drive, Found
from keskidee_agent.devices.redfish.metrics import samples
from keskidee_agent.devices.redfish.read import Reader
from keskidee_agent.devices.written import for_glpi
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


def read_of(**resources: Any) -> Found:
    """What is found on a board of one system, with these resources (`_` for `/`) beside."""
    whole: dict[str, Any] = {
        "/redfish/v1/": {"RedfishVersion": "1.6.0", "Systems": link("/s"), "Chassis": link("/c")},
        **collection("/s", "1"),
        **collection("/c", "1"),
        **{name.replace("_", "/"): each for name, each in resources.items()},
    }
    return Reader(InHand(whole)).read().found


def test_what_storage_has_told_of_a_smart_array_is_not_told_again() -> None:
    """An iLO 5 has both; the array's controller and one of its drives are in both, and another drive is not."""
    smart = {"Oem": {"Hpe": {"Links": {"SmartStorage": link("/smart")}}}}
    chip = {"Name": "P408i-a", "SerialNumber": "PEYHC0"}
    found = read_of(
        _s_1={"Model": "M", "Storage": link("/s/1/t"), **smart},
        _s_1_t={"Members": [{"@odata.id": "/s/1/t/1", "StorageControllers": [chip], "Drives": [link("/d")]}]},
        _d={"Name": "Drive", "SerialNumber": "D1"},
        _smart={"Links": {"ArrayControllers": link("/arrays")}},
        _arrays={"Members": [{"@odata.id": "/arrays/0", **chip, "Links": {"PhysicalDrives": link("/disks")}}]},
        **collection("/disks", "0", "1"),
        _disks_0={"Location": "1I:1:1", "SerialNumber": "D1"},
        _disks_1={"Location": "1I:1:2", "SerialNumber": "D2", "CapacityMiB": 1024},
    )
    told = [(each.kind, each.key, each.fields.get("size_bytes")) for each in found.items if each.kind != "system"]
    assert told == [("component", "P408i-a", None), ("disk", "Drive", None), ("disk", "1I:1:2", 1 << 30)]


def test_the_system_with_a_bios_is_the_server_and_memory_of_accelerators_is_none_of_its() -> None:
    found = read_of(
        **collection("/s", "HGX", "1"),
        _s_HGX={"Model": "Baseboard", "SerialNumber": "B1", "Memory": link("/g")},
        _s_1={"Model": "Server", "SerialNumber": "S1", "BiosVersion": "1", "Memory": link("/m")},
        **collection("/g", "1"),
        _g_1={"Name": "GPU_0_DRAM_0", "CapacityMiB": 81920, "MemoryDeviceType": "HBM3"},
        **collection("/m", "1"),
        _m_1={"DeviceLocator": "A1", "CapacityMiB": 65536, "MemoryDeviceType": "DDR5"},
    )
    assert (found.identity.model, found.identity.serial) == ("Server", "S1")
    assert [(each.description, each.size_bytes >> 30) for each in found.parts.memory] == [("A1", 64)]


def test_what_a_chassis_tells_twice_counts_once() -> None:
    """Voltages in Power and among Sensors; a fan's revolutions in its resource and in the sensor that it quotes."""
    fan = {"Name": "Fan 1", "SpeedPercent": {"DataSourceUri": "/n/2", "Reading": 30, "SpeedRPM": 5160}}
    found = read_of(
        _s_1={"Model": "Server"},
        _c_1={"Power": link("/p"), "ThermalSubsystem": link("/t"), "Sensors": link("/n")},
        _p={"Voltages": [{"Name": "P12V", "ReadingVolts": 12.1}]},
        _t={"Fans": link("/f")},
        _f={"Members": [{"@odata.id": "/f/1", **fan}]},
        **collection("/n", "1", "2", "3"),
        _n_1={"Name": "P12V", "Reading": 12.1, "ReadingUnits": "V"},
        _n_2={"Name": "Fan1A", "Reading": 5160, "ReadingUnits": "RPM"},
        _n_3={"Name": "P5V", "Reading": 5, "ReadingUnits": "V"},
    )
    assert [(each.class_, each.description, each.value) for each in found.parts.sensors] == [
        ("voltage", "P12V", 12.1),
        ("fanspeed", "Fan1A", 5160),
        ("percent", "Fan 1", 30),
        ("voltage", "P5V", 5),
    ]


def test_a_disk_that_spins_has_no_life_in_percent_and_a_board_its_own_number() -> None:
    found = read_of(
        _s_1={"Model": "Server", "SimpleStorage": link("/x"), "Oem": {"Hpe": {"PCASerialNumber": "PCA1"}}},
        _c_1={"Links": {"Drives": [link("/d")]}, "Oem": {"Supermicro": {"BoardSerialNumber": "BOARD1"}}},
        _d={
            "Name": "Disk 0",
            "Model": "ST4",
            "MediaType": "HDD",
            "PredictedMediaLifeLeftPercent": 0,
            "FailurePredicted": False,
        },
    )
    assert found.drives == [Drive(name="Disk 0", failure_predicted=False, life_left_ratio=None)]
    assert [each.fields["serial"] for each in found.items if each.kind == "board"] == ["PCA1"]


def test_bays_that_say_nothing_are_no_drives_and_those_that_only_complain_are() -> None:
    found = read_of(
        _s_1={"Model": "Server", "SimpleStorage": link("/s/1/x")},
        _c_1={"Links": {"Drives": [link("/d/1"), link("/d/2"), link("/d/3")]}},
        _d_1={"Name": "SLOT-1", "CapacityBytes": 0, "Model": "NA", "MediaType": None},
        _d_2={"Name": "Virtual", "Protocol": "USB"},
        _d_3={"Name": "Bay 3", "Status": {"State": "Enabled", "Health": "Critical"}},
    )
    assert [each.name for each in found.drives] == ["Bay 3"]


def test_modules_that_share_a_name_go_by_their_ids_and_no_interface_has_the_address_of_none() -> None:
    """As older OpenBMC and HPE's iLO tell them."""
    dimm = {"Name": "DIMM Slot", "CapacityMiB": 8192, "MemoryDeviceType": "xyz.openbmc.Item.Dimm.DeviceType.DDR4"}
    port = {"IPv4Addresses": [{"Address": "0.0.0.0"}], "IPv6Addresses": [{"Address": "::"}, {"Address": "fe80::1"}]}
    found = read_of(
        **{"/redfish/v1/": {"RedfishVersion": "1.6.0", "Systems": link("/s"), "Managers": link("/m")}},
        _s_1={"Model": "Server", "Memory": link("/s/1/m")},
        _s_1_m={"Members": [{"@odata.id": f"/s/1/m/{name}", "Id": name, **dimm} for name in ("dimm0", "dimm1")]},
        **collection("/m", "1"),
        _m_1={"Name": "BMC", "EthernetInterfaces": link("/m/1/e")},
        _m_1_e={"Members": [{"@odata.id": "/m/1/e/1", "Id": "eth0", **port}]},
    )
    memory = [(each.key, each.fields["type"]) for each in found.items if each.kind == "memory"]
    assert memory == [("dimm0", "DDR4"), ("dimm1", "DDR4")]
    assert [each.address for each in found.parts.addresses] == ["fe80::1"]
