"""Who guards a machine and who uses it: antivirus, firewall, encryption, certificates, users."""

from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host.people import CLEAR
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.certificate import Certificate, of_pem, parse
from keskidee_agent.inventory.gather import read
from keskidee_report.items import Item
from keskidee_report.model import ABSENT, Malformed
from tests.agent.inventory.reading import SOURCES, found_in, items_in
from tests.agent.inventory.specimens import PASSWD, PEM
from tests.agent.recordings import write_files


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


def test_a_certificate_with_the_day_it_expires(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "etc/letsencrypt/live/site/cert.pem": PEM,
        "etc/letsencrypt/live/site/privkey.pem": PEM,
        "etc/nginx/ssl/odd.crt": "no certificate",
    }
    told = of_pem(PEM)
    assert told == Certificate("keskidee.test", "keskidee.test", told.serial, "2026-11-26", "2126-11-02")
    assert [each.key for each in items_in(tmp_path, "certificate", files)] == ["/etc/letsencrypt/live/site/cert.pem"]


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
