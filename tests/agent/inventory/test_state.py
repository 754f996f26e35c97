"""What a machine is in: file systems and what they lie on, encryption, updates, services, certificates, users."""

import json
import plistlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory.certificate import Certificate, of_pem, parse
from keskidee_agent.inventory.gather import read
from keskidee_agent.inventory.routes import of_version_4, of_version_6
from keskidee_agent.inventory.sources import printer, service, update
from keskidee_agent.people import CLEAR
from keskidee_agent.recorded import RecordedMachine
from keskidee_report.items import Item
from keskidee_report.model import ABSENT, FAILED, Malformed
from tests.agent.inventory.reading import SOURCES, found_in, items_in
from tests.agent.recordings import write_files

MOUNTS = """\
23 1 254:0 / / rw,relatime - ext4 /dev/mapper/vg0-root rw
24 23 0:22 / /proc rw - proc proc rw
25 23 254:0 /srv /home/srv rw - ext4 /dev/mapper/vg0-root rw
26 23 8:1 / /boot ro - vfat /dev/sda1 ro
27 23 0:40 / /tmp/x rw - tmpfs tmpfs rw
"""
LAYERS = {
    "sys/block/dm-0/dm/name": "vg0-root\n",
    "sys/block/dm-0/dm/uuid": "LVM-abc\n",
    "sys/block/dm-0/size": "2048\n",
    "sys/block/dm-0/slaves/dm-1/dev": "254:1\n",
    "sys/block/dm-1/dm/name": "sda2_crypt\n",
    "sys/block/dm-1/dm/uuid": "CRYPT-LUKS2-0123-sda2_crypt\n",
    "sys/block/dm-1/slaves/sda2/dev": "8:2\n",
    "sys/block/sda/dev": "8:0\n",
}
ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth1\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth2\t00000000\todd
"""
REG_OF_STATE = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control]
"PEFirmwareType"=dword:00000002
"""
SESSION = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager"
NAMES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName"
STATVFS = {"/": {"f_frsize": 4096, "f_blocks": 100, "f_bfree": 50, "f_bavail": 40, "f_files": 9, "f_ffree": 5}}
MDSTAT = """\
Personalities : [raid1]
md0 : active raid1 sdb1[1](F) sda1[0]
      1953382464 blocks super 1.2 [2/1] [U_]

unused devices: <none>
"""
# a certificate made for this test: CN keskidee.test, self-signed, a key of 256 bits that nobody kept
PEM = b"""-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUF1+WaSWa1O8kupRHe8Rv7Fj06x8wCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNa2Vza2lkZWUudGVzdDAgFw0yNjExMjYxMzMyMTFaGA8yMTI2
MTEwMjEzMzIxMVowGDEWMBQGA1UEAwwNa2Vza2lkZWUudGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABPmhulahuTzt+jNAJkvmmCOE8DKWULBTbl9L/VNmoJXN
HyTk0eqxm5sCJstXIxNlJ+lO6/WbWAkHgySsZJrz1B2jUzBRMB0GA1UdDgQWBBTp
JAUpgjKErUXbEiYSC0qp32wYEzAfBgNVHSMEGDAWgBTpJAUpgjKErUXbEiYSC0qp
32wYEzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIC5jhtKhm5UC
inLoz30S4KakTjeXjYe7XLJTWMpVYZp3AiEAhYhrOFcVtXhPv3F/XGSUI9Q2oR5S
bUYDcuDfXMMTLDw=
-----END CERTIFICATE-----
"""
UNITS = b"""Id=a.service
Type=simple
ActiveState=inactive
UnitFileState=enabled
Result=success
ConditionResult=yes
Description=Alpha

Id=once.service
Type=oneshot
ActiveState=inactive
UnitFileState=enabled

Id=unmet.service
Type=simple
ActiveState=inactive
UnitFileState=enabled
ConditionResult=no

Id=broken.service
Type=oneshot
ActiveState=failed
UnitFileState=static
Result=exit-code
"""


def test_file_systems_say_what_they_lie_on(tmp_path: Path) -> None:
    calls = json.dumps({"statvfs": STATVFS})
    udev = {"udev/data/b8:1": "E:ID_FS_LABEL=EFI\nE:ID_FS_UUID=1234-ABCD\n"}
    files: dict[str, str | bytes] = {"proc/self/mountinfo": MOUNTS, "calls.json": calls, **LAYERS, **udev}
    assert items_in(tmp_path, "filesystem", files) == [
        Item(
            "filesystem",
            "/",
            {
                "mount": "/",
                "device": "/dev/mapper/vg0-root",
                "type": "ext4",
                "size_bytes": 409600,
                "free_bytes": 163840,
                "encrypted": True,
            },
        ),
        Item(
            "filesystem",
            "/boot",
            {
                "mount": "/boot",
                "device": "/dev/sda1",
                "type": "vfat",
                "label": "EFI",
                "uuid": "1234-ABCD",
                "read_only": True,
                "encrypted": False,
            },
        ),
        Item("logical_volume", "vg0/root", {"device": "dm-0", "on": ("dm-1",), "size_bytes": 1 << 20, "uuid": "abc"}),
        Item("encryption", "sda2_crypt", {"device": "dm-1", "on": ("sda2",), "format": "LUKS2", "enabled": True}),
        Item("volume_group", "vg0", {"volumes": ("root",), "on": ("dm-1",)}),
    ]


def test_a_volume_group_is_told_by_its_volumes(tmp_path: Path) -> None:
    of_group, of_volume = "eFNPYrUFbmeCzvOOPKcnIXUqJh0lWkTQ", "g9mJD1K0kTJMbF0BXmmyEUr0DWNvCzMv"
    files: dict[str, str | bytes] = {
        "sys/block/dm-0/dm/name": "my--group-a--b_tdata\n",
        "sys/block/dm-0/dm/uuid": f"LVM-{of_group}{of_volume}-tdata\n",
        "sys/block/dm-0/slaves/sdb1/dev": "8:17\n",
        "sys/block/dm-1/dm/name": "my--group-pool\n",
        "sys/block/dm-1/dm/uuid": f"LVM-{of_group}{of_volume[::-1]}\n",
        "sys/block/dm-1/slaves/dm-0/dev": "254:0\n",
    }
    *volumes, group = items_in(tmp_path, "filesystem", files)
    assert [(each.key, each.fields["uuid"]) for each in volumes] == [
        ("my-group/a-b_tdata", "g9mJD1-K0kT-JMbF-0BXm-myEU-r0DW-NvCzMv-tdata"),
        ("my-group/pool", "vMzCvN-WD0r-UEym-mXB0-FbMJ-Tk0K-1DJm9g"),
    ]
    uuid = "eFNPYr-UFbm-eCzv-OOPK-cnIX-UqJh-0lWkTQ"
    assert group == Item("volume_group", "my-group", {"uuid": uuid, "volumes": ("a-b_tdata", "pool"), "on": ("sdb1",)})


def test_an_array_that_lost_a_disk(tmp_path: Path) -> None:
    assert items_in(tmp_path, "filesystem", {"proc/mdstat": MDSTAT}) == [
        Item(
            "raid",
            "md0",
            {"level": "raid1", "state": "active", "members": ("sdb1", "sda1"), "failed": ("sdb1",), "degraded": True},
        )
    ]


def test_services_that_should_run_and_do_not() -> None:
    assert list(service.parse(UNITS)) == [
        Item(
            "stopped_service",
            "a.service",
            {"description": "Alpha", "state": "inactive", "result": "success", "start": "enabled"},
        ),
        Item("stopped_service", "broken.service", {"state": "failed", "result": "exit-code", "start": "static"}),
    ]


def test_updates_that_wait_and_the_restart_they_ask_for(tmp_path: Path) -> None:
    inst = "Inst bash [5.2.15-2] (5.2.15-3 Debian-Security:12/stable-security [amd64])\nInst new (1 Debian:12 [all])\n"
    files: dict[str, str | bytes] = {
        "run/reboot-required": "*** System restart required ***\n",
        "run/reboot-required.pkgs": "linux-image\nlibc6\nlibc6\n",
        "commands/apt-get": inst,
    }
    assert items_in(tmp_path, "update", files) == [
        Item("restart", "restart", {"due": True, "asked_by": ("linux-image", "libc6")}),
        Item(
            "pending_update",
            "bash",
            {
                "installed": "5.2.15-2",
                "available": "5.2.15-3",
                "origin": "Debian-Security:12/stable-security",
                "security": True,
            },
        ),
    ]


def test_updates_of_dnf_without_what_is_obsolete() -> None:
    output = b"\nbash.x86_64    5.1.8-9.el9    baseos\nObsoleting Packages\nold.noarch  1-1  baseos\n"
    assert list(update.of_dnf(output)) == [
        Item("pending_update", "bash", {"architecture": "x86_64", "available": "5.1.8-9.el9", "origin": "baseos"})
    ]


def test_updates_of_dnf_whose_names_are_longer_than_a_line() -> None:
    output = (
        b"Upgrades\njava-1.8.0-openjdk.x86_64\n            1:1.8.0-2.el9 baseos\na.noarch  v1-1.git\n      extras\n"
    )
    output += b"Obsoleting packages\nnew.noarch 2-1 baseos\n    old.noarch 1-1 baseos\n"
    assert [(each.key, each.fields["available"], each.fields["origin"]) for each in update.of_dnf(output)] == [
        ("java-1.8.0-openjdk", "1:1.8.0-2.el9", "baseos"),
        ("a", "v1-1.git", "extras"),
    ]


def test_windows_says_who_asks_for_a_restart(tmp_path: Path) -> None:
    key = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
    export = f"Windows Registry Editor Version 5.00\r\n\r\n[{key}\\RebootPending]\r\n"
    assert items_in(tmp_path, "update", {"registry/a.reg": export}) == [
        Item("restart", "restart", {"due": True, "asked_by": ("component servicing",)})
    ]


@pytest.mark.parametrize(
    ("key", "values", "asked_by"),
    [
        (r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Updates", '"UpdateExeVolatile"=dword:3', "an update's own program"),
        (SESSION, '"PendingFileRenameOperations"=hex(7):5c,00,3f,00,00,00,00,00', "files to be replaced"),
        (
            rf"{NAMES}\ActiveComputerName",
            f'"ComputerName"="OLD"\n[{NAMES}\\ComputerName]\n"ComputerName"="NEW"',
            "a new computer name",
        ),
    ],
)
def test_windows_says_what_else_waits_for_a_restart(tmp_path: Path, key: str, values: str, asked_by: str) -> None:
    told = f"Windows Registry Editor Version 5.00\n\n[{key}]\n{values}\n"
    restart = Item("restart", "restart", {"due": True, "asked_by": (asked_by,)})
    assert items_in(tmp_path, "update", {"registry/a.reg": told}) == [restart]


def test_macos_says_what_software_update_found(tmp_path: Path) -> None:
    waiting = {"Display Name": "macOS Sonoma 14.6", "Display Version": "14.6", "Identifier": "MSU_UPDATE_23G80"}
    told = plistlib.dumps({"RecommendedUpdates": [waiting, {}, "odd"]}, fmt=plistlib.FMT_BINARY)
    files: dict[str, str | bytes] = {"commands/system_profiler": "", update.MACOS: told}
    assert items_in(tmp_path, "update", files) == [
        Item("pending_update", "macOS Sonoma 14.6", {"available": "14.6", "id": "MSU_UPDATE_23G80"})
    ]
    assert found_in(tmp_path, "update", {update.MACOS: told[:-9]}).outcome == FAILED


def test_name_servers_and_gateways(tmp_path: Path) -> None:
    told = "# by hand\nnameserver 192.0.2.53\nnameserver ::1 # here\ndomain a.test\nsearch b.test c.test\n"
    resolver = {"name_servers": ("192.0.2.53", "::1"), "search": ("b.test", "c.test")}
    assert items_in(tmp_path, "resolver", {"etc/resolv.conf": told}) == [Item("resolver", "resolver", resolver)]
    assert list(of_version_4(ROUTES, "little")) == [("eth0", "192.0.2.1")]
    assert list(of_version_4(ROUTES, "big")) == [("eth0", "1.2.0.192")]
    nowhere, way = "0" * 32, f"fd00{'0' * 27}1"
    rest = f"{nowhere} 00 {way} 00000400 00000001 00000000"
    lines = f"{nowhere} 00 {rest} 00000003 eth0\n{nowhere} 40 {rest} 00000003 eth1\n{nowhere} 00 {rest} 00200200 lo\n"
    assert list(of_version_6(lines)) == [("eth0", "fd00::1")]


def test_memory_of_a_machine_without_firmware_is_that_of_the_kernels_blocks(tmp_path: Path) -> None:
    blocks: dict[str, str | bytes] = {f"sys/devices/system/memory/memory{n}/state": "online\n" for n in (0, 1, 32)}
    size = "sys/devices/system/memory/block_size_bytes"
    assert items_in(tmp_path, "memory", {**blocks, size: "8000000\n"}) == [
        Item("memory", "system memory", {"size_bytes": 3 << 27})
    ]
    assert found_in(tmp_path, "memory", {size: "many\n"}).outcome == FAILED


@pytest.mark.parametrize(
    ("entry", "uuid"),
    [
        (b"_SM_\x00\x1f\x02\x05", "4c4c4544-0036-3110-8032-b7c04f414932"),
        (b"_SM_\x00\x1f\x02\x06", "44454c4c-3600-1031-8032-b7c04f414932"),
        (b"_SM3_\x00\x18\x03\x02", "44454c4c-3600-1031-8032-b7c04f414932"),
        (b"_SM_", "44454c4c-3600-1031-8032-b7c04f414932"),
        (None, "44454c4c-3600-1031-8032-b7c04f414932"),
    ],
)
def test_the_order_of_a_uuids_bytes_is_that_of_the_version(tmp_path: Path, entry: bytes | None, uuid: str) -> None:
    area = b"\x01\x19\x01\x00\x01\x00\x00\x00" + bytes.fromhex("4c4c4544003631108032b7c04f414932") + b"\x06"
    files: dict[str, str | bytes] = {"sys/firmware/dmi/tables/DMI": area + b"Dell Inc.\0\0" + b"\x7f\x04\0\0\0\0"}
    if entry is not None:
        files["sys/firmware/dmi/tables/smbios_entry_point"] = entry.ljust(31, b"\0")
    assert items_in(tmp_path, "system", files) == [Item("system", "system", {"maker": "Dell Inc.", "uuid": uuid})]


def test_antivirus_firewall_and_bitlocker(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "wmi/AntiVirusProduct.json": '[{"displayName": "Windows Defender", "productState": 397584}]',
        "wmi/MSFT_MpComputerStatus.json": '{"AMProductVersion": "4.18.1", "AntivirusSignatureVersion": "1.1"}',
        "wmi/MSFT_NetFirewallProfile.json": '[{"Name": "Public", "Enabled": 0}]',
        "wmi/Win32_EncryptableVolume.txt": "DriveLetter=C:\r\nEncryptionMethod=7\r\nProtectionStatus=1\r\n",
    }
    defender: dict[str, str | bool] = {"name": "Windows Defender", "enabled": True, "up_to_date": False}
    assert items_in(tmp_path, "security", files) == [
        Item("antivirus", "Windows Defender", {**defender, "version": "4.18.1", "signatures_version": "1.1"}),
        Item("firewall", "Public", {"name": "Windows Firewall", "profile": "Public", "enabled": False}),
    ]
    volume: dict[str, str | bool] = {"format": "BitLocker", "enabled": True, "method": "XTS-AES-256", "volume": "C:"}
    assert items_in(tmp_path, "windows_encryption", {}) == [Item("encryption", "C:", volume)]


def test_a_server_without_a_security_center_has_its_antivirus_from_defender(tmp_path: Path) -> None:
    told = '"AntivirusEnabled": true, "RealTimeProtectionEnabled": false, "AntivirusSignatureAge": 9'
    files: dict[str, str | bytes] = {"wmi/MSFT_MpComputerStatus.json": f'{{{told}, "AMProductVersion": "4.18"}}'}
    name = "Microsoft Defender Antivirus"
    fields: dict[str, str | bool] = {"name": name, "enabled": False, "up_to_date": False, "version": "4.18"}
    assert items_in(tmp_path, "security", files) == [Item("antivirus", name, fields)]


def test_filevault_of_a_mac(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"commands/fdesetup": "FileVault is On.\n", "commands/system_profiler": ""}
    assert items_in(tmp_path, "security", files) == [
        Item("encryption", "FileVault", {"format": "FileVault", "enabled": True})
    ]


def test_printers_without_who_logs_on(tmp_path: Path) -> None:
    output = "device for office: usb://HP/LaserJet?serial=X1\ndevice for far: smb://me:secret@server/queue\n"
    assert list(printer.parse(output.encode(), "office")) == [
        Item(
            "printer",
            "office",
            {
                "name": "office",
                "port": "usb://HP/LaserJet?serial=X1",
                "serial": "X1",
                "network": False,
                "default": True,
            },
        ),
        Item("printer", "far", {"name": "far", "port": "smb://server/queue", "network": True}),
    ]


def test_a_certificate_with_the_day_it_expires(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "etc/letsencrypt/live/site/cert.pem": PEM,
        "etc/letsencrypt/live/site/privkey.pem": PEM,
        "etc/nginx/ssl/odd.crt": "no certificate",
    }
    told = of_pem(PEM)
    assert told == Certificate("keskidee.test", "keskidee.test", told.serial, "2026-11-26", "2126-11-02")
    assert [each.key for each in items_in(tmp_path, "certificate", files)] == ["/etc/letsencrypt/live/site/cert.pem"]


PASSWD = "root:x:0:0::/root:/bin/sh\nmary:x:1000:1000::/home/mary:/bin/bash\nbot:x:1001:1::/:/usr/sbin/nologin\n"


def test_users_are_told_only_where_the_setting_says_so(tmp_path: Path) -> None:
    assert found_in(tmp_path, "user", {"etc/passwd": PASSWD}).outcome == ABSENT
    machine = RecordedMachine(str(tmp_path))
    machine.told_of_users = CLEAR
    assert read(SOURCES["user"], machine).items == (Item("local_user", "mary", {"name": "mary"}),)


def test_users_of_a_mac_under_the_same_rule(tmp_path: Path) -> None:
    told = "_spotlight     89\nmary doe      501\nroot            0\n_new         600\nodd\n"
    write_files(tmp_path, {"commands/dscl": told, "commands/defaults": "mary\n", "commands/system_profiler": ""})
    machine = RecordedMachine(str(tmp_path))
    assert read(SOURCES["user"], machine).outcome == ABSENT
    machine.told_of_users = CLEAR
    assert read(SOURCES["user"], machine).items == (
        Item("local_user", "mary doe", {"name": "mary doe"}),
        Item("last_user", "last user", {"name": "mary"}),
    )


def test_the_last_user_of_windows_under_the_same_rule(tmp_path: Path) -> None:
    write_files(tmp_path, {"wmi/Win32_ComputerSystem.txt": "UserName=OFFICE\\mary\r\n"})
    machine = RecordedMachine(str(tmp_path))
    machine.told_of_users = CLEAR
    assert read(SOURCES["user"], machine).items == (Item("last_user", "last user", {"name": "OFFICE\\mary"}),)


@given(st.binary(max_size=200) | st.integers(0, len(PEM)).map(lambda cut: PEM[:cut]))
def test_any_bytes_are_a_certificate_or_malformed(content: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(of_pem(content), Certificate)
    with suppress(Malformed):
        assert isinstance(parse(content), Certificate)


@pytest.mark.parametrize("parser", [service.parse, update.of_apt, update.of_dnf, printer.parse])
@given(st.binary(max_size=200))
def test_any_output_is_items(parser, content: bytes) -> None:  # type: ignore[no-untyped-def]
    assert all(isinstance(each, Item) for each in parser(content))
