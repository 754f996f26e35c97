"""Windows from recordings: WMI rows in both forms, registry exports, and the items of each source."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host.machine import Machine
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.gather import gathered
from keskidee_agent.inventory.registry import RecordedRegistry, registry_of, text, whole
from keskidee_agent.inventory.sources.windows_disk import serial_of
from keskidee_agent.inventory.wmi import CLASSES, by_class, rows, script
from keskidee_agent.inventory.wmi_rows import Row, from_json, from_list, text_of
from keskidee_report.items import Item
from keskidee_report.model import ABSENT, FAILED, Denied, Malformed, NotHere, TimedOut
from tests.agent.inventory.reading import found_in, items_in
from tests.agent.recordings import write_files

LIST = "\r\n\r\nName=a\r\nCapabilities={3,4}\r\nSize=12\r\nOn=TRUE\r\nPnp=X&amp;Y\r\n\r\n\r\nName=b\r\nSize=\r\n\r\n"
LIST_ROWS = [
    {"Name": "a", "Capabilities": "{3,4}", "Size": "12", "On": "TRUE", "Pnp": "X&Y"},
    {"Name": "b", "Size": ""},
]
REG = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall]
@=""

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\7-Zip]
"DisplayName"="7-Zip 24.08 (x64)"
"DisplayVersion"="24.08"
"InstallDate"="20240910"
"Publisher"="Igor \"I\" Pavlov"
"EstimatedSize"=dword:00001630
"NoRemove"=dword:00000000
"UninstallString"=hex(2):22,00,43,00,3a,00,5c,00,37,00,\
  7a,00,22,00,00,00

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\Mark]
"SystemComponent"=dword:00000001

[HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall\Old]
"DisplayName"="Old"
"""
PHYSICAL = "Capacity=8589934592\r\nDeviceLocator=DIMM 0\r\nFormFactor=12\r\nSMBIOSMemoryType=26\r\nSpeed=3200\r\n"
PHYSICAL += "Manufacturer=80CE\r\nSerialNumber=12345670\r\nPartNumber=M471A1K43DB1\r\n"


def utf16(content: str) -> bytes:
    return b"\xff\xfe" + content.encode("utf-16-le")


@pytest.mark.parametrize(
    "content",
    [
        utf16(LIST),
        LIST.encode("utf-16-le"),
        LIST.encode(),
        LIST.replace("\r\n", "\r\r\n").encode(),
        LIST.replace("\r\n", "\n\n").encode(),
    ],
)
def test_rows_of_a_list_in_every_encoding_and_line_end(content: bytes) -> None:
    assert from_list(content) == [Row(each) for each in LIST_ROWS]


def test_a_text_of_an_old_code_page_is_read() -> None:
    assert text_of("Contrôleur".encode("cp1252")) == "Contrôleur"


def test_a_row_answers_in_types_whichever_form_it_came_in() -> None:
    [row, _] = from_list(LIST.encode())
    [same] = from_json(b'[{"Name":"a","Capabilities":[3,4],"Size":12,"On":true,"Pnp":"X&Y"}]')
    for each in (row, same):
        assert (each.text("Name"), each.number("Size"), each.flag("On"), each.texts("Capabilities")) == (
            "a",
            12,
            True,
            ["3", "4"],
        )


def test_the_child_is_asked_for_every_class_once_and_its_lines_are_rows() -> None:
    asked = script(CLASSES)
    assert [name for name in CLASSES if f"{name}=root/" not in asked] == []
    output = utf16('Win32_BIOS\t[{"Version":"1"}]\r\nAn error\r\nWin32_Volume\t[{"cut\r\n')
    found = by_class(output)
    assert (found["Win32_BIOS"], type(found["Win32_Volume"])) == ([Row({"Version": "1"})], Malformed)


@pytest.mark.parametrize(
    ("told", "raised"),
    [
        ("HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand", type(None)),
        ("HRESULT 0x8004100e,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand", type(None)),
        ("HRESULT 0x80041003,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand", Denied),
        ("HRESULT 0x800706ba,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand", OSError),
        ("", OSError),
    ],
)
def test_why_a_class_has_no_rows_is_told_apart(told: str, raised: type) -> None:
    assert type(by_class(f"Win32_Volume\t!{told}\r\n".encode())["Win32_Volume"]) is raised


def test_programs_of_one_user_are_found_and_the_user_is_not_told(tmp_path: Path) -> None:
    below = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\Tool"
    users = ("S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1001_Classes", "S-1-5-18")
    keys = "".join(f'[HKEY_USERS\\{user}\\{below}]\n"DisplayName"="Tool"\n' for user in users)
    [tool] = items_in(tmp_path, "windows_software", {"registry/users.reg": f"REGEDIT4\n\n{keys}"})
    assert tool == Item("software", "Tool", {"name": "Tool", "format": "registry", "id": "Tool", "scope": "user"})


def test_programs_of_who_exported_the_own_hive_alone(tmp_path: Path) -> None:
    below = r"Microsoft\Windows\CurrentVersion\Uninstall"
    key = '[HKEY_CURRENT_USER\\Software\\{}\\{}]\n"DisplayName"="{}"\n'
    keys = key.format(below, "a", "Tool") + key.format(rf"Wow6432Node\{below}", "b", "Old")
    found = items_in(tmp_path, "windows_software", {"registry/user.reg": f"REGEDIT4\n\n{keys}"})
    assert [(each.key, each.fields.get("architecture"), each.fields["scope"]) for each in found] == [
        ("Tool", None, "user"),
        ("Old", "x86", "user"),
    ]


@pytest.mark.parametrize(
    ("environment", "processor", "architecture"),
    [
        ("ARM64", "{}", "aarch64"),
        ("AMD64", "{}", "x86_64"),
        ("", '{"Architecture": 12}', "aarch64"),
        ("", "{}", "x86_64"),
    ],
)
def test_a_windows_that_runs_programs_of_32_bits_need_not_be_x86(
    tmp_path: Path, environment: str, processor: str, architecture: str
) -> None:
    key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
    files: dict[str, str | bytes] = {
        "registry/all.reg": utf16(f'{REG}\n[{key}]\n"PROCESSOR_ARCHITECTURE"="{environment}"\n'),
        "wmi/Win32_Processor.json": processor,
    }
    program, old = items_in(tmp_path, "windows_software", files)
    assert (program.fields["architecture"], old.fields["architecture"]) == (architecture, "x86")


@pytest.mark.parametrize(
    ("values", "boot"),
    [
        ('"PEFirmwareType"=dword:2\n', {"firmware": "uefi"}),
        ('"PEFirmwareType"=dword:1\n', {"firmware": "bios"}),
        ('[{}\\SecureBoot\\State]\n"UEFISecureBootEnabled"=dword:0\n', {"secure_boot": False}),
        ('"PEFirmwareType"=dword:2\n[{}\\SecureBoot\\State]\n"UEFISecureBootEnabled"=dword:1\n',
         {"firmware": "uefi", "secure_boot": True}),
    ],
)  # fmt: skip
def test_how_windows_was_booted(tmp_path: Path, values: str, boot: dict[str, str | bool]) -> None:
    control = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control"
    told = f"REGEDIT4\n\n[{control}]\n{values.format(control)}"
    found = items_in(tmp_path, "platform", {"registry/boot.reg": told})
    assert [each for each in found if each.kind == "boot"] == [Item("boot", "boot", boot)]


def test_rows_with_commas_between_and_times_in_an_envelope() -> None:
    told = "\r\r\nNode,Capabilities,Name,Size\r\r\nPC,{3;4},a &amp; b,12\r\r\nPC,{},odd, one,1\r\r\n"
    [row] = from_list(utf16(told))
    assert (row.texts("Capabilities"), row.text("Name"), row.number("Size")) == (["3", "4"], "a & b", 12)
    [row] = from_json(b'{"InstallDate": {"value": "/Date(1376401075000)/", "DateTime": "13 August 2013"}}')
    assert row.day("InstallDate") == "2013-08-13"


def test_properties_have_no_case_and_lists_may_be_wrapped() -> None:
    [row] = from_json(b'{"manufacturer": "Dell Inc.", "ChassisTypes": {"value": [10], "Count": 1}}')
    assert (row.text("Manufacturer"), row.texts("chassistypes")) == ("Dell Inc.", ["10"])


def test_a_class_that_is_not_recorded_is_not_here(tmp_path: Path) -> None:
    write_files(tmp_path, {"wmi/Win32_BIOS.json": '{"Version": "1"}'})
    machine = RecordedMachine(str(tmp_path))
    assert rows(machine, "Win32_BIOS") == [Row({"Version": "1"})]
    with pytest.raises(NotHere):
        rows(machine, "Win32_Volume")


class Hanging(Machine):
    """A Windows whose PowerShell does not answer; it counts how often it was asked."""

    asked = 0

    def run(self, *command: str, seconds: float = 10.0, status_counts: bool = True) -> bytes:
        self.asked += 1
        raise TimedOut(f"{command[0]} did not end within {seconds:g} s")


def test_a_child_that_hangs_is_waited_for_once() -> None:
    machine = Hanging(platform="windows")
    for name in CLASSES:
        with pytest.raises(TimedOut):
            rows(machine, name)
    assert machine.asked == 1


def test_values_of_a_registry_export() -> None:
    registry = RecordedRegistry()
    registry.add(utf16(REG))
    key = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
    values = registry.values(key + r"\7-zip")
    assert registry.below(key.upper()) == ["7-Zip", "Mark"]
    assert text(values, "Publisher") == 'Igor "I" Pavlov'
    assert text(values, "UninstallString") == '"C:\\7z"'
    assert whole(values, "EstimatedSize") == 0x1630
    assert (registry.below("HKEY_USERS"), registry.values("HKEY_USERS")) == ([], {})


def test_a_text_of_several_lines_is_one_value_and_hides_no_other() -> None:
    registry = RecordedRegistry()
    lines = '"Comments"="one\r\n[two]\r\n\\"three\\""\r\n"DisplayName"="Tool"\r\n"Cut"="never ends\r\n'
    registry.add(f'REGEDIT4\r\n\r\n[HKLM\\SOFTWARE\\A]\r\n{lines}\r\n[HKLM\\SOFTWARE\\B]\r\n"C"="d"\r\n'.encode())
    assert registry.values(r"HKEY_LOCAL_MACHINE\SOFTWARE\A") == {
        "comments": 'one\n[two]\n"three"',
        "displayname": "Tool",
    }
    assert registry.values(r"HKEY_LOCAL_MACHINE\SOFTWARE\B") == {"c": "d"}


def test_rows_that_were_written_each_on_its_own() -> None:
    told = b'\xef\xbb\xbf{"Version": "1"}\r\n{"Version": "2"}\r\n'
    assert from_json(told) == [Row({"Version": "1"}), Row({"Version": "2"})]
    assert from_json('[{"Version": "1"}]'.encode("utf-16-be")) == [Row({"Version": "1"})]


def test_a_file_that_is_no_export_hides_no_other(tmp_path: Path) -> None:
    write_files(tmp_path, {"registry/a.reg": b"\x89PNG", "registry/b.reg": utf16(REG)})
    assert registry_of(RecordedMachine(str(tmp_path))).below("HKEY_LOCAL_MACHINE") == ["SOFTWARE"]


def test_programs_of_both_views_and_no_marks(tmp_path: Path) -> None:
    assert items_in(tmp_path, "windows_software", {"registry/all.reg": utf16(REG)}) == [
        Item(
            "software",
            "7-Zip 24.08 (x64)",
            {
                "name": "7-Zip 24.08 (x64)",
                "version": "24.08",
                "maker": 'Igor "I" Pavlov',
                "installed_on": "2024-09-10",
                "architecture": "x86_64",
                "format": "registry",
                "id": "7-Zip",
                "removable": True,
                "uninstall_command": '"C:\\7z"',
                "size_bytes": 0x1630 * 1024,
            },
        ),
        Item("software", "Old", {"name": "Old", "architecture": "x86", "format": "registry", "id": "Old"}),
    ]


def test_memory_where_windows_hands_out_no_table(tmp_path: Path) -> None:
    assert items_in(tmp_path, "windows_board", {"wmi/Win32_PhysicalMemory.txt": utf16(PHYSICAL)}) == [
        Item(
            "memory",
            "DIMM 0",
            {
                "slot": "DIMM 0",
                "size_bytes": 8 << 30,
                "type": "DDR4",
                "form_factor": "SODIMM",
                "speed_transfers_per_second": 3_200_000_000,
                "maker": "Samsung",
                "maker_code": "80CE",
                "part": "M471A1K43DB1",
                "serial": "12345670",
            },
        )
    ]


def test_firmwares_own_table_goes_before_wmi(tmp_path: Path) -> None:
    dmidecode = "Handle 0x0011, DMI type 17, 40 bytes\nMemory Device\n\tSize: 8 GB\n"
    files: dict[str, str | bytes] = {"wmi/Win32_PhysicalMemory.txt": PHYSICAL, "commands/dmidecode": dmidecode}
    found = found_in(tmp_path, "windows_board", files)
    assert (found.outcome, found.reason) == (ABSENT, "SMBIOS tells it")


def test_a_disk_is_told_by_both_classes(tmp_path: Path) -> None:
    drive = {"DeviceID": "\\\\.\\PHYSICALDRIVE0", "Index": 0, "Model": "VBOX", "Manufacturer": "(Standard disk drives)"}
    drive |= {"Size": "107372805120", "SerialNumber": "42566332666666303539622d6632643731622031"}
    files: dict[str, str | bytes] = {
        "wmi/Win32_DiskDrive.json": json.dumps(drive),
        "wmi/MSFT_PhysicalDisk.json": '[{"DeviceId":"0","MediaType":4,"BusType":17,"HealthStatus":0,"SpindleSpeed":0}]',
    }
    assert items_in(tmp_path, "windows_disk", files) == [
        Item(
            "disk",
            "PHYSICALDRIVE0",
            {
                "model": "VBOX",
                "serial": "VB2cff0f95-b2f7db11",
                "size_bytes": 107372805120,
                "transport": "NVMe",
                "medium": "ssd",
                "rotation_rpm": 0,
                "health": "healthy",
            },
        )
    ]


@pytest.mark.parametrize(
    ("adapter", "serial"),
    [("FJ68N0001000000   _0000", "FJ68N0001000000"), ("S4EVNF0M1", "S4EVNF0M1"), ("", "ACE4_2E61_9000_7804")],
)
def test_the_serial_number_of_nvme_is_that_of_its_label(tmp_path: Path, adapter: str, serial: str) -> None:
    physical = {"DeviceId": "0", "AdapterSerialNumber": adapter}
    files: dict[str, str | bytes] = {
        "wmi/Win32_DiskDrive.json": '{"DeviceID": "X0", "Index": 0, "SerialNumber": "ACE4_2E61_9000_7804."}',
        "wmi/MSFT_PhysicalDisk.json": json.dumps([physical]),
    }
    assert items_in(tmp_path, "windows_disk", files) == [Item("disk", "X0", {"serial": serial})]


def test_serial_numbers_whose_letters_windows_exchanged() -> None:
    assert serial_of("42566332666666303539622d6632643731622031") == "VB2cff0f95-b2f7db11"
    assert serial_of("6177c38f910a83560899e28ee97c6204") == "6177c38f910a83560899e28ee97c6204"
    assert serial_of("  WD-WCC4M1234567") == "WD-WCC4M1234567"


def test_a_recording_of_windows_gives_outcomes_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path, {"wmi/Win32_DiskDrive.txt": b"\xff\xfe", "wmi/Win32_BIOS.txt": "Acceso denegado."})
    found = gathered(RecordedMachine(str(tmp_path)))
    assert {each.outcome for each in found} <= {ABSENT, FAILED}
    assert capsys.readouterr().err == ""


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_content_is_rows_or_malformed(content: bytes) -> None:
    with suppress(Malformed):
        assert all(isinstance(row, Row) for row in from_list(content))
    with suppress(Malformed):
        assert all(isinstance(row, Row) for row in from_json(content))


@given(st.integers(0, len(REG)), st.text(max_size=20))
def test_a_registry_export_cut_anywhere_is_read_as_far_as_it_goes(cut: int, rest: str) -> None:
    registry = RecordedRegistry()
    with suppress(Malformed):
        registry.add((REG[:cut] + rest).encode("utf-16", "replace"))
    program = registry.values(r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\7-Zip")
    assert {type(value) for value in program.values()} <= {str, int, bytes, list}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Intel(R) Wi-Fi 6 AX201 160MHz", "wifi"),
        ("Realtek 8822CE Wireless LAN 802.11ac", "wifi"),
        ("Bluetooth Device (Personal Area Network)", "bluetooth"),
        ("Intel(R) Ethernet Connection I219-LM", "ethernet"),
    ],
)
def test_an_adapter_that_calls_itself_ethernet_is_known_by_its_name(tmp_path: Path, name: str, kind: str) -> None:
    row = {"Name": name, "PNPDeviceID": "PCI\\X", "AdapterTypeId": 0, "MACAddress": "00:11:22:33:44:55"}
    [item] = items_in(tmp_path, "windows_network", {"wmi/Win32_NetworkAdapter.json": json.dumps(row)})
    assert item.fields["type"] == kind


STORE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"
PACKAGES = r"""Windows Registry Editor Version 5.00

[STORE\Package_for_KB5037591~31bf3856ad364e35~amd64~~10.0.9225.1]
"CurrentState"=dword:00000070
"InstallTimeHigh"=dword:01daa7c2
"InstallTimeLow"=dword:00000000

[STORE\Package_for_KB5000001~31bf3856ad364e35~amd64~~1.0]
"CurrentState"=dword:00000020

[STORE\Package_for_KB5011048~31bf3856ad364e35~amd64~~1.0]
"CurrentState"=dword:00000070
"""


def test_updates_are_those_that_windows_lists_and_those_in_its_store(tmp_path: Path) -> None:
    listed = [
        {"HotFixID": "KB5011048", "Description": "Update", "InstalledOn": "5/2/2024"},
        {"HotFixID": "kb958655-v2", "Description": "Hotfix", "Caption": "http://support.microsoft.com/?kbid=958655"},
        {"HotFixID": "File 1"},
    ]
    files: dict[str, str | bytes] = {
        "wmi/Win32_QuickFixEngineering.json": json.dumps(listed),
        "registry/cbs.reg": PACKAGES.replace("STORE", STORE).replace("\n", "\r\n"),
    }
    assert items_in(tmp_path, "windows_software", files) == [
        Item(
            "software_update",
            "KB5011048",
            {"kind": "Update", "description": "Update", "installed_on": "2024-05-02"},
        ),
        Item(
            "software_update",
            "KB958655",
            {"kind": "Hotfix", "description": "Hotfix", "url": "http://support.microsoft.com/?kbid=958655"},
        ),
        Item("software_update", "KB5037591", {"version": "10.0.9225.1", "installed_on": "2024-05-16"}),
    ]
