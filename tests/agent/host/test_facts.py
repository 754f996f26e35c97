"""What a machine is: names, system, maker, serial; what is unknown is left out."""

import json
from pathlib import Path

import pytest

from keskidee_agent.host.facts import facts_of
from keskidee_agent.host.machine import Machine
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_report.model import NotHere
from tests.agent.recordings import FIXTURES, write_files
from tests.agent.tables import smbios_table

DMI = "sys/class/dmi/id/"


def facts(root: Path, files: dict[str, str | bytes]) -> dict[str, str]:
    return facts_of(RecordedMachine(str(write_files(root, files))))


def dmi(**texts: str) -> dict[str, str | bytes]:
    return {DMI + name: text + "\n" for name, text in texts.items()}


def test_an_empty_recording_has_a_system_and_nothing_else(tmp_path: Path) -> None:
    assert facts(tmp_path, {}) == {"os": "linux"}


def test_a_server_is_known_by_its_firmware_and_its_files(tmp_path: Path) -> None:
    uname = {"sysname": "Linux", "nodename": "db-01", "release": "6.1.0", "version": "#1", "machine": "x86_64"}
    found = facts(
        tmp_path,
        {
            **dmi(sys_vendor="Dell Inc.", product_name="PowerEdge R6515", product_serial="7N62AI2", chassis_type="23"),
            DMI + "product_uuid": "4C4C4544-004E-3610-8032-B7C04F414932\n",
            "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            "etc/machine-id": "b08dfa6083e7567a1921a715000001fb\n",
            "proc/sys/kernel/random/boot_id": "f0cd6d72-2f4c-4b1d-8f0c-3c3a5a8e9e11\n",
            "calls.json": json.dumps({"uname": uname}),
        },
    )
    assert found == {
        "os": "linux",
        "os_name": "Debian GNU/Linux 12 (bookworm)",
        "hostname": "db-01",
        "kernel": "6.1.0",
        "architecture": "x86_64",
        "maker": "Dell Inc.",
        "model": "PowerEdge R6515",
        "serial": "7N62AI2",
        "uuid": "4c4c4544-004e-3610-8032-b7c04f414932",
        "chassis": "server",
        "machine_id_hash": found["machine_id_hash"],
        "boot_id": "f0cd6d72-2f4c-4b1d-8f0c-3c3a5a8e9e11",
    }


def test_the_machine_id_itself_is_never_told(tmp_path: Path) -> None:
    found = facts(tmp_path, {"etc/machine-id": "b08dfa6083e7567a1921a715000001fb\n"})
    assert "b08dfa6083e7567a1921a715000001fb" not in found.values()


def test_placeholders_are_no_facts(tmp_path: Path) -> None:
    texts = dmi(
        sys_vendor="To be filled by O.E.M.",
        product_name="System Product Name",
        product_serial="Default string",
        product_uuid="00000000-0000-0000-0000-000000000000",
        chassis_serial="None",
    )
    assert facts(tmp_path, texts) == {"os": "linux"}


def test_a_board_stands_in_for_a_product_without_a_name(tmp_path: Path) -> None:
    texts = dmi(sys_vendor="System manufacturer", board_vendor="ASUSTeK COMPUTER INC.", board_name="PRIME B450M-A")
    found = facts(tmp_path, texts)
    assert (found["maker"], found["model"]) == ("ASUSTeK COMPUTER INC.", "PRIME B450M-A")


def test_a_lenovo_is_known_by_the_name_that_people_use(tmp_path: Path) -> None:
    texts = dmi(sys_vendor="LENOVO", product_name="20XW004AUS", product_version="ThinkPad X1 Carbon Gen 9")
    assert facts(tmp_path, texts)["model"] == "ThinkPad X1 Carbon Gen 9"


def test_a_board_computer_is_known_by_its_device_tree(tmp_path: Path) -> None:
    tree = "sys/firmware/devicetree/base/"
    found = facts(tmp_path, {tree + "model": "Raspberry Pi 4 Model B Rev 1.4\0", tree + "serial-number": "1000ab\0"})
    assert (found["model"], found["serial"]) == ("Raspberry Pi 4 Model B Rev 1.4", "1000ab")


@pytest.mark.parametrize(
    ("number", "chassis"),
    [("3", "desktop"), ("10", "laptop"), ("17", "server"), ("30", "tablet"), ("2", None), ("", None), ("x", None)],
)
def test_the_kind_of_chassis_is_told_by_its_number(tmp_path: Path, number: str, chassis: str | None) -> None:
    assert facts(tmp_path, dmi(chassis_type=number)).get("chassis") == chassis


@pytest.mark.parametrize(
    ("vendor", "product", "hypervisor"),
    [
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "qemu"),
        ("VMware, Inc.", "VMware7,1", "vmware"),
        ("innotek GmbH", "VirtualBox", "virtualbox"),
        ("Microsoft Corporation", "Virtual Machine", "hyper-v"),
        ("Amazon EC2", "m5.large", "amazon"),
        ("Alibaba Cloud", "Alibaba Cloud ECS", "kvm"),
        ("DigitalOcean", "Droplet", "kvm"),
        ("Nutanix", "AHV", "ahv"),
    ],
)
def test_a_virtual_machine_is_told_by_its_maker(tmp_path: Path, vendor: str, product: str, hypervisor: str) -> None:
    found = facts(tmp_path, dmi(sys_vendor=vendor, product_name=product, chassis_type="3"))
    assert (found["chassis"], found["virtualisation"]) == ("virtual", hypervisor)


@pytest.mark.parametrize(
    ("vendor", "product"), [("Microsoft Corporation", "Surface Pro 7"), ("Amazon EC2", "m5.metal")]
)
def test_a_real_machine_of_such_a_maker_is_not_virtual(tmp_path: Path, vendor: str, product: str) -> None:
    files = {**dmi(sys_vendor=vendor, product_name=product), "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vme\n"}
    assert "virtualisation" not in facts(tmp_path, files)


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"run/systemd/container": "lxc\n"}, "lxc"),
        ({"proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2\n"}, "wsl"),
        ({"sys/hypervisor/type": "xen\n"}, "xen"),
        ({"proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu hypervisor lahf_lm\nbugs\t\t:\n"}, "unknown hypervisor"),
    ],
)
def test_a_virtual_machine_is_told_by_its_kernel(tmp_path: Path, files: dict[str, str | bytes], name: str) -> None:
    assert facts(tmp_path, files)["virtualisation"] == name


def test_facts_that_may_not_be_read_are_left_out(tmp_path: Path) -> None:
    (tmp_path / DMI / "product_serial").mkdir(parents=True)
    assert facts(tmp_path, dmi(sys_vendor="Dell Inc.")) == {"os": "linux", "maker": "Dell Inc."}


def test_this_machine_has_a_name_a_kernel_and_an_architecture() -> None:
    assert set(facts_of(Machine())) >= {"os", "hostname", "kernel", "architecture", "machine_id_hash", "boot_id"}


HARDWARE = """Hardware:

    Hardware Overview:

      Model Name: MacBook Pro
      Model Identifier: MacBookPro18,3
      Chip: Apple M1 Pro
      Serial Number (system): C02EXAMPLE01
      Hardware UUID: 4C4C4544-004E-3610-8032-B7C04F414932
"""
VERSION = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>ProductBuildVersion</key><string>23F79</string>
<key>ProductName</key><string>macOS</string><key>ProductVersion</key><string>14.5</string></dict></plist>
"""


def test_a_mac_is_known_by_system_profiler(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        {
            "commands/system_profiler SPHardwareDataType": HARDWARE,
            "System/Library/CoreServices/SystemVersion.plist": VERSION,
        },
    )
    assert found == {
        "os": "darwin",
        "os_name": "macOS 14.5",
        "maker": "Apple",
        "model": "MacBook Pro (MacBookPro18,3)",
        "serial": "C02EXAMPLE01",
        "uuid": "4c4c4544-004e-3610-8032-b7c04f414932",
        "chassis": "laptop",
        "machine_id_hash": found["machine_id_hash"],
    }


class WindowsMachine(Machine):
    """A Windows desktop: its registry and its SMBIOS table."""

    def __init__(self, values: dict[str, str], table: bytes) -> None:
        super().__init__(platform="windows")
        self.values = values
        self.table = table

    def registry(self, key: str, name: str) -> str:
        if name not in self.values:
            raise NotHere(name)
        return self.values[name]

    def smbios(self) -> bytes:
        return self.table

    def uname(self) -> tuple[str, str, str, str, str]:
        return ("Windows", "PC-01", "10", "10.0.22631", "AMD64")


def test_a_windows_desktop_is_known_by_registry_and_smbios() -> None:
    values = {
        "ProductName": "Windows 10 Pro",
        "CurrentBuild": "22631",
        "DisplayVersion": "23H2",
        "CurrentMajorVersionNumber": "10",
        "CurrentMinorVersionNumber": "0",
        "MachineGuid": "b08dfa60-83e7-567a-1921-a715000001fb",
    }
    found = facts_of(WindowsMachine(values, smbios_table()))
    assert found == {
        "os": "windows",
        "os_name": "Windows 11 Pro 23H2",
        "hostname": "PC-01",
        "kernel": "10.0.22631",
        "architecture": "AMD64",
        "maker": "Example Computers",
        "model": "Desk 400",
        "serial": "SER-0002",
        "uuid": "00112233-4455-6677-8899-aabbccddeeff",
        "board_serial": "BOARD-1",
        "chassis": "desktop",
        "machine_id_hash": found["machine_id_hash"],
    }


@pytest.mark.parametrize("case", sorted(FIXTURES.glob("*/*")), ids=lambda case: f"{case.parent.name}/{case.name}")
def test_facts_never_raise(case: Path) -> None:
    assert facts_of(RecordedMachine(str(case)))["os"]
