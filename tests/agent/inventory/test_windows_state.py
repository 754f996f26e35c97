"""Windows from recordings: batteries with their wear, TPM, hypervisor, firewalls, Security Center, monitors, disks."""

import json
from pathlib import Path

import pytest

from keskidee_report.items import Item
from tests.agent.inventory.reading import items_in

STATIC: dict[str, object] = {"InstanceName": "ACPI\\PNP0C0A\\1_0", "ManufactureName": "SMP", "DeviceName": "5B10W13930"}
STATIC |= {"SerialNumber": " 3452", "DesignedCapacity": 57000, "Capabilities": 2147483648, "Chemistry": 1313818956}


def test_a_battery_of_windows_has_its_wear(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "wmi/BatteryStaticData.json": json.dumps(STATIC),
        "wmi/BatteryFullChargedCapacity.txt": "FullChargedCapacity=42750\r\nInstanceName=ACPI\\PNP0C0A\\1_0\r\n",
        "wmi/BatteryCycleCount.json": '[{"InstanceName": "ACPI\\\\PNP0C0A\\\\1_0", "CycleCount": 311}]',
        "wmi/Win32_Battery.json": '{"Name": "5B10W13930", "Chemistry": 6}',
    }
    fields: dict[str, str | int | float] = {"maker": "SMP", "model": "5B10W13930", "serial": "3452"}
    fields |= {"chemistry": "Lithium Ion", "cycles": 311, "design_milliwatt_hours": 57000}
    fields |= {"full_milliwatt_hours": 42750, "health_ratio": 0.75}
    assert items_in(tmp_path, "battery", files) == [Item("battery", "ACPI\\PNP0C0A\\1", fields)]


def test_capacities_in_no_unit_are_not_told(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "wmi/BatteryStaticData.json": json.dumps({**STATIC, "Capabilities": 0x40000000 | 0x80000000}),
        "wmi/BatteryFullChargedCapacity.json": '{"InstanceName": "ACPI\\\\PNP0C0A\\\\1_0", "FullChargedCapacity": 98}',
    }
    [battery] = items_in(tmp_path, "battery", files)
    assert {"design_milliwatt_hours", "full_milliwatt_hours", "health_ratio"} & set(battery.fields) == set()


def test_a_battery_that_only_the_general_class_tells(tmp_path: Path) -> None:
    told = "Chemistry=2\r\nDesignCapacity=\r\nDesignVoltage=11520\r\nName=DELL 7FHHV\r\n"
    assert items_in(tmp_path, "battery", {"wmi/Win32_Battery.txt": told}) == [
        Item("battery", "battery 1", {"model": "DELL 7FHHV", "design_millivolts": 11520})
    ]


def test_the_tpm_and_the_hypervisor_of_windows(tmp_path: Path) -> None:
    tpm = {"ManufacturerIdTxt": "INTC", "ManufacturerVersion": "402.1.0.0", "SpecVersion": "2.0, 0, 1.38"}
    files: dict[str, str | bytes] = {
        "wmi/Win32_Tpm.json": json.dumps({**tpm, "IsEnabled_InitialValue": True}),
        "wmi/Win32_ComputerSystem.json": '{"Manufacturer": "Microsoft Corporation", "Model": "Virtual Machine"}',
    }
    fields: dict[str, str | bool] = {"maker": "INTC", "version": "2.0", "firmware": "402.1.0.0", "enabled": True}
    assert items_in(tmp_path, "platform", files) == [
        Item("platform", "platform", {"virtual": True, "hypervisor": "hyper-v"}),
        Item("tpm", "tpm0", fields),
    ]


FIREWALL = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\DomainProfile]
"EnableFirewall"=dword:00000000

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile]
"EnableFirewall"=dword:00000001

[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile]
"EnableFirewall"=dword:00000001
"""


@pytest.mark.parametrize(
    ("told", "states"),
    [
        ("[]", {"Domain": True, "Private": True}),
        ('[{"Name": "Private", "Enabled": 0}, {"Name": "Public", "Enabled": 2}]',
         {"Domain": True, "Private": False}),
    ],
)  # fmt: skip
def test_the_firewall_by_profile_and_what_a_policy_sets_goes_before(
    tmp_path: Path, told: str, states: dict[str, bool]
) -> None:
    files: dict[str, str | bytes] = {"registry/fw.reg": FIREWALL, "wmi/MSFT_NetFirewallProfile.json": told}
    found = items_in(tmp_path, "security", files)
    assert {each.key: each.fields.get("enabled") for each in found} == states


def test_another_makers_firewall_and_the_security_center_of_windows_xp(tmp_path: Path) -> None:
    antivirus = "companyName=Avira\r\ndisplayName=AntiVir\r\nonAccessScanningEnabled=TRUE\r\nproductUptoDate=FALSE\r\n"
    files: dict[str, str | bytes] = {
        "wmi/AntiVirusProduct.txt": f"{antivirus}versionNumber=8.0\r\n",
        "wmi/FirewallProduct.json": '{"displayName": "Norton", "productState": 266256}',
    }
    avira: dict[str, str | bool] = {"name": "AntiVir", "enabled": True, "up_to_date": False, "maker": "Avira"}
    assert items_in(tmp_path, "security", files) == [
        Item("antivirus", "AntiVir", {**avira, "version": "8.0"}),
        Item("firewall", "Norton", {"name": "Norton", "enabled": True}),
    ]


def numbers(text: str) -> list[int]:
    return [*map(ord, text), 0, 0]


def test_a_monitor_that_wmi_alone_knows(tmp_path: Path) -> None:
    row: dict[str, object] = {
        "InstanceName": "DISPLAY\\DELA0B1\\5&1a2b&0&UID4352_0",
        "ManufacturerName": numbers("DEL"),
    }
    row |= {"ProductCodeID": numbers("A0B1"), "SerialNumberID": numbers("CN0ABC123"), "WeekOfManufacture": 12}
    row |= {"UserFriendlyName": numbers("DELL P2419H"), "YearOfManufacture": 2019}
    [monitor] = items_in(tmp_path, "windows_devices", {"wmi/WmiMonitorID.json": json.dumps(row)})
    fields: dict[str, str | int] = {"maker": "Dell Inc.", "maker_code": "DEL", "model": "DELL P2419H"}
    fields |= {"product_code": 0xA0B1, "serial": "CN0ABC123", "serial_source": "descriptor", "week": 12, "year": 2019}
    place = r"DELA0B1\5&1a2b&0&UID4352"
    assert monitor == Item("monitor", place, {"connector": place, "serial_confidence": "high", **fields})


def test_a_panel_without_name_and_serial_number_as_wmic_lists_it(tmp_path: Path) -> None:
    told = "InstanceName=DISPLAY\\AUO38ED\\4&a&0&UID1_0\r\nManufacturerName={65,85,79,0,0}\r\n"
    told += "ProductCodeID={51,56,69,68,0}\r\nSerialNumberID={48,0,0}\r\nUserFriendlyName=\r\n"
    [monitor] = items_in(tmp_path, "windows_devices", {"wmi/WmiMonitorID.txt": told})
    assert {name: monitor.fields.get(name) for name in ("maker_code", "product_code", "serial", "model")} == {
        "maker_code": "AUO",
        "product_code": 0x38ED,
        "serial": None,
        "model": None,
    }


def test_the_members_of_a_pool_are_no_drives_and_are_told(tmp_path: Path) -> None:
    pool: list[dict[str, object]] = [
        {"DeviceId": "1", "FriendlyName": "ST4000NM", "SerialNumber": "ZC1", "MediaType": "HDD", "BusType": "SAS"},
        {"DeviceId": "2", "Model": "INTEL SSD", "Size": 480103981056, "MediaType": 4, "BusType": 11, "HealthStatus": 1},
    ]
    pool.append({**pool[0], "DeviceId": "2001"})  # another node's of a cluster
    files: dict[str, str | bytes] = {
        "wmi/Win32_DiskDrive.json": '{"DeviceID": "\\\\\\\\.\\\\PHYSICALDRIVE3", "Index": 3, "Model": "Space"}',
        "wmi/MSFT_PhysicalDisk.json": json.dumps(pool),
    }
    _, hdd, ssd = items_in(tmp_path, "windows_disk", files)
    fields: dict[str, str | int] = {"model": "INTEL SSD", "size_bytes": 480103981056, "medium": "ssd"}
    assert (hdd, ssd) == (
        Item("disk", "PHYSICALDRIVE1", {"model": "ST4000NM", "serial": "ZC1", "medium": "hdd", "transport": "SAS"}),
        Item("disk", "PHYSICALDRIVE2", {**fields, "health": "warning", "transport": "SATA"}),
    )


def test_an_adapter_tells_its_gateways(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "wmi/Win32_NetworkAdapter.txt": "Index=7\r\nName=Intel\r\nPNPDeviceID=PCI\\X\r\n",
        "wmi/Win32_NetworkAdapterConfiguration.txt": (
            'DefaultIPGateway={"192.0.2.1","fe80::1"}\r\nIndex=7\r\nIPAddress={"192.0.2.7"}\r\n'
            'IPEnabled=TRUE\r\nIPSubnet={"255.255.255.0"}\r\n'
        ),
    }
    [adapter] = items_in(tmp_path, "windows_network", files)
    assert (adapter.fields["addresses"], adapter.fields["gateways"]) == (("192.0.2.7/24",), ("192.0.2.1", "fe80::1"))


@pytest.mark.parametrize(
    ("instance", "virtual"),
    [
        (r"PCI\VEN_8086&DEV_2723", False),
        (r"{5D624F94-8850-40C3-A3FA-A4FD2080BAF3}\VWIFIMP_WFD\5&1", True),
        (r"ROOT\VMS_MP\0000", True),
    ],
)
def test_adapters_on_a_drivers_own_bus_are_virtual(tmp_path: Path, instance: str, virtual: bool) -> None:
    told = f"Name=X\r\nMACAddress=00:11:22:33:44:55\r\nPNPDeviceID={instance}\r\n"
    [adapter] = items_in(tmp_path, "windows_network", {"wmi/Win32_NetworkAdapter.txt": told})
    assert adapter.fields["virtual"] is virtual


CLOUD = r"""Windows Registry Editor Version 5.00

[HKLM\SYSTEM\ControlSet001\Control\CloudDomainJoin\JoinInfo\AB12]
"TenantId"="0f8fad5b-d9cb-469f-a165-70867728950e"
"UserEmail"="someone@office.example"

[HKLM\SYSTEM\ControlSet001\Control\CloudDomainJoin\TenantInfo\0f8fad5b-d9cb-469f-a165-70867728950e]
"DisplayName"="Office"
"""


def test_a_machine_that_is_joined_to_a_cloud_and_who_joined_it_is_not_told(tmp_path: Path) -> None:
    tenant = "0f8fad5b-d9cb-469f-a165-70867728950e"
    assert items_in(tmp_path, "operating_system", {"registry/join.reg": CLOUD}) == [
        Item("domain", tenant, {"name": "Office", "id": tenant, "kind": "Microsoft Entra"})
    ]


def test_an_automatic_service_that_waits_for_its_trigger_is_no_failure(tmp_path: Path) -> None:
    services = [
        {"Name": name, "StartMode": "Auto", "State": "Stopped", "ExitCode": code}
        for name, code in (("WbioSrvc", 1077), ("Ended", 0), ("Broken", 1067))
    ]
    found = items_in(tmp_path, "service", {"wmi/Win32_Service.json": json.dumps(services)})
    assert [(each.key, each.fields["exit_code"]) for each in found] == [("Broken", 1067)]


@pytest.mark.parametrize(("told", "size"), [(2147483648, 2147483648), (4293918720, None), (4294967295, None)])
def test_graphics_memory_that_is_as_much_as_fits_is_not_known(tmp_path: Path, told: int, size: int | None) -> None:
    row = {"Name": "GeForce", "AdapterRAM": told}
    [card] = items_in(tmp_path, "windows_devices", {"wmi/Win32_VideoController.json": json.dumps(row)})
    assert card.fields.get("memory_bytes") == size


@pytest.mark.parametrize(("status", "health"), [("Pred Fail", "unhealthy"), ("OK", None)])
def test_a_disk_that_says_it_will_fail(tmp_path: Path, status: str, health: str | None) -> None:
    row = {"DeviceID": "X0", "Index": 0, "Model": "WDC", "Status": status}
    [disk] = items_in(tmp_path, "windows_disk", {"wmi/Win32_DiskDrive.json": json.dumps(row)})
    assert disk.fields.get("health") == health


def test_modules_whose_slots_have_one_name_are_told_apart_by_their_banks(tmp_path: Path) -> None:
    rows = [{"DeviceLocator": "DIMM1", "BankLabel": f"BANK {number}", "Capacity": 1 << 33} for number in range(2)]
    found = items_in(tmp_path, "windows_board", {"wmi/Win32_PhysicalMemory.json": json.dumps(rows)})
    assert [each.key for each in found] == ["DIMM1 BANK 0", "DIMM1 BANK 1"]
