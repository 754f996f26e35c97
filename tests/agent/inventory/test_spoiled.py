"""A machine of each system of which one file after the other is emptied, cut or filled: its own sources may fail."""

from __future__ import annotations

import json
import plistlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from keskidee_agent.host.people import CLEAR
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.gather import found_sources, gathered, read
from keskidee_report.model import OUTCOMES
from tests.agent.inventory.specimens import (
    BASH,
    CPUINFO,
    IP,
    LAYERS,
    LOG,
    LSPCI,
    MDSTAT,
    MOUNTS,
    PASSWD,
    PEM,
    REG_OF_STATE,
    ROUTES,
    STATUS,
    STATVFS,
    UNITS,
    UPOWER,
    block,
)
from tests.agent.inventory.test_disk import SDA
from tests.agent.inventory.test_mac import JSON, MACOS
from tests.agent.inventory.test_windows import LIST, PHYSICAL, REG
from tests.agent.recordings import write_files

Files = dict[str, str | bytes]
LINUX: Files = {
    **SDA,
    **LAYERS,
    STATUS: BASH,
    "calls.json": json.dumps({"statvfs": STATVFS, "uname": ["Linux", "a", "6", "#1", "x86_64"]}),
    "commands/apt-get": "Inst bash [5.2.15-2] (5.2.15-3 Debian-Security:12/stable-security [amd64])\n",
    "commands/dmidecode": "Handle 0x0011, DMI type 17, 34 bytes\nMemory Device\n\tSize: 8 GB\n\tLocator: A1\n",
    "commands/flatpak": "Firefox\torg.mozilla.firefox\t130\tstable\tx86_64\tflathub\tsystem\t1\n",
    "commands/ip": IP,
    "commands/lpstat -v": "device for office: usb://HP/LaserJet?serial=X1\n",
    "commands/lspci": LSPCI,
    "commands/lsusb": "Bus 001 Device 002: ID 046d:c077 Logitech, Inc. Mouse\n",
    "commands/realm": "example.test\n",
    "commands/rpm": "bash\tx86_64\t5.1.8-9.el9\t1700000000\t7738634\tRocky\tshell\tUnspecified\n",
    "commands/smartctl": json.dumps({"device": {"name": "/dev/sda"}, "smart_status": {"passed": True}}),
    "commands/snap": "Name  Version  Rev  Tracking  Publisher  Notes\ncore  16-2.61  1  latest/stable  canonical\n",
    "commands/systemctl": UNITS,
    "commands/upower": f"Device: /org/freedesktop/UPower/devices/battery_BAT0\n{UPOWER}",
    "etc/letsencrypt/live/a/cert.pem": PEM,
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "etc/passwd": PASSWD,
    "etc/resolv.conf": "nameserver ::1\n",
    "lib/apk/db/installed": "P:musl\nV:1.2.4-r2\nA:x86_64\nS:383304\n\n",
    "proc/cpuinfo": CPUINFO,
    "proc/mdstat": MDSTAT,
    "proc/net/route": ROUTES,
    "proc/self/mountinfo": MOUNTS,
    "sys/class/drm/card0-DP-1/edid": block(),
    "var/lib/pacman/local/bash-5-1/desc": "%NAME%\nbash\n\n%VERSION%\n5-1\n\n%ARCH%\nx86_64\n",
    "var/log/dpkg.log": LOG,
}
WINDOWS: Files = {
    "registry/software.reg": REG,
    "registry/state.reg": REG_OF_STATE,
    "wmi/Win32_BIOS.txt": LIST,
    "wmi/Win32_DiskDrive.json": '[{"Index": 0, "Model": "X", "Size": 512, "SerialNumber": "S"}]',
    "wmi/Win32_EncryptableVolume.json": '{"DriveLetter": "C:", "ProtectionStatus": 1}',
    "wmi/Win32_NetworkAdapter.json": '[{"Index": 1, "Name": "Net", "MACAddress": "00:11:22:33:44:55"}]',
    "wmi/Win32_OperatingSystem.txt": "Caption=Windows\r\nBuildNumber=19045\r\n",
    "wmi/Win32_PhysicalMemory.txt": PHYSICAL,
}
MAC: Files = {
    "Library/Preferences/com.apple.SoftwareUpdate.plist": plistlib.dumps(
        {"RecommendedUpdates": [{"Display Name": "X"}]}
    ),
    "commands/dscl": "mary  501\n",
    "commands/fdesetup": "FileVault is On.\n",
    "commands/ifconfig": MACOS,
    "commands/system_profiler": JSON,
}


def spoiled(whole: bytes) -> Iterator[bytes]:
    """The content emptied, cut at four places, and filled with what is no text, with text, and with another's form."""
    yield b""
    for part in (1, 3, 5, 7):
        yield whole[: len(whole) * part // 8]
    yield from (
        b"\xff\xfe\x00\x80" * 40,
        b"\0" * 200,
        b"Acc\xe8s refus\xe9\n" * 20,
        b'[{"a": [[[{}]]]}, null]',
        b"\t|:=,\n" * 50,
    )


class Watched(RecordedMachine):
    """Knows which paths were looked at."""

    def __init__(self, root: Path) -> None:
        self.seen: set[str] = set()
        super().__init__(str(root))
        self.told_of_users = CLEAR

    def _real(self, path: str) -> str:
        self.seen |= {path, path.removeprefix("run/")}  # where recordings may have udev's files
        return super()._real(path)


def results(root: Path) -> Mapping[str, object]:
    found = {each.source.name: (each.outcome, each.items) for each in gathered(Watched(root))}
    assert {outcome for outcome, _ in found.values()} <= set(OUTCOMES)
    return found


@pytest.mark.parametrize("files", [LINUX, WINDOWS, MAC], ids=["linux", "windows", "mac"])
@pytest.mark.slow
def test_a_file_in_whatever_state_costs_its_own_sources_alone(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path, files)
    whole, looked_at = results(tmp_path), {}
    for source in found_sources(RecordedMachine(str(tmp_path)).platform):
        machine = Watched(tmp_path)
        read(source, machine)
        looked_at[source.name] = machine.seen
    for name in files:
        path = tmp_path / name
        content = path.read_bytes()
        readers = {source for source, seen in looked_at.items() if name in seen}
        for other in spoiled(content):
            path.write_bytes(other)
            changed = {source for source, found in results(tmp_path).items() if found != whole.get(source)}
            assert (name, other[:40], changed - readers) == (name, other[:40], set())
        path.write_bytes(content)
    assert capsys.readouterr().err == ""
