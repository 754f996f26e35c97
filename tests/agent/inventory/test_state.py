"""What a machine is in: stopped services, updates and a restart that wait, resolvers, memory, its number, printers."""

import plistlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory.routes import of_version_4, of_version_6
from keskidee_agent.inventory.sources import printer, service, update
from keskidee_report.items import Item
from keskidee_report.model import FAILED
from tests.agent.inventory.reading import found_in, items_in
from tests.agent.inventory.specimens import ROUTES, UNITS

SESSION = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager"
NAMES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName"


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


@pytest.mark.parametrize("parser", [service.parse, update.of_apt, update.of_dnf, printer.parse])
@given(st.binary(max_size=200))
def test_any_output_is_items(parser, content: bytes) -> None:  # type: ignore[no-untyped-def]
    assert all(isinstance(each, Item) for each in parser(content))
