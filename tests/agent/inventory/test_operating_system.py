"""The operating system: its release, its edition, its domain, and the day on which its support ends."""

import json
from datetime import date
from pathlib import Path

import pytest

from keskidee_agent.inventory.distributions import ENDS, support_ends
from keskidee_agent.inventory.support import WINDOWS, WINDOWS_ENTERPRISE, windows_support_ends
from keskidee_report.items import Item
from keskidee_report.model import OK
from tests.agent.inventory.reading import found_in, items_in

CENTOS = 'NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n'


def test_the_system_with_its_point_release_and_end_of_support(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "etc/os-release": CENTOS,
        "etc/centos-release": "CentOS Linux release 7.9.2009 (Core)\n",
        "calls.json": '{"uname": ["Linux", "h", "3.10.0", "#1", "x86_64"]}',
    }
    found = found_in(tmp_path, "operating_system", files)
    assert (found.outcome, [each.fields for each in found.items]) == (
        OK,
        [
            {
                "name": "CentOS Linux",
                "full_name": "CentOS Linux 7 (Core)",
                "id": "centos",
                "version": "7.9.2009 (Core)",
                "version_id": "7",
                "support_ends_on": "2024-06-30",
                "kernel": "Linux",
                "kernel_version": "3.10.0",
                "architecture": "x86_64",
            }
        ],
    )


def test_windows_with_its_edition_and_domain(tmp_path: Path) -> None:
    key = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    values = {"CurrentBuild": "22631", "ProductName": "Windows 10 Enterprise", "EditionID": "Enterprise"}
    values |= {"DisplayVersion": "23H2", "CurrentVersion": "6.3", "InstallDate": "1700000000"}
    lines = [f'"{name}"="{value}"' for name, value in values.items()]
    files: dict[str, str | bytes] = {
        "registry/nt.reg": "\r\n".join(["Windows Registry Editor Version 5.00", f"[{key}]", *lines, ""]),
        "wmi/Win32_ComputerSystem.txt": "Domain=office.example\r\nPartOfDomain=TRUE\r\n",
    }
    system, domain = items_in(tmp_path, "operating_system", files)
    assert (system.fields["name"], system.fields["support_ends_on"]) == ("Windows 11 Enterprise", "2026-11-10")
    assert (system.fields["installed_on"], system.fields["version"]) == ("2023-11-14", "23H2")
    assert domain == Item("domain", "office.example", {"name": "office.example"})


def test_an_edition_in_another_language_is_known_by_its_number(tmp_path: Path) -> None:
    told: dict[str, object] = {
        "Caption": "Microsoft Windows 11 Entreprise",
        "BuildNumber": "22631",
        "Version": "10.0.22631",
    }
    told |= {"ProductType": 1, "OperatingSystemSKU": 4}
    [system] = items_in(tmp_path, "operating_system", {"wmi/Win32_OperatingSystem.json": json.dumps(told)})
    assert (system.fields["edition"], system.fields["support_ends_on"]) == ("Enterprise", "2026-11-10")


def test_the_build_of_windows_xp_is_where_it_moved_to(tmp_path: Path) -> None:
    values = r"""REGEDIT4

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion]
"CurrentBuild"="1.511.1 () (Obsolete data - do not use)"
"CurrentBuildNumber"="2600"
"CurrentVersion"="5.1"
"ProductName"="Microsoft Windows XP"
"""
    [system] = items_in(tmp_path, "operating_system", {"registry/nt.reg": values})
    assert (system.fields["build"], system.fields["version_id"], system.fields["support_ends_on"]) == (
        "2600",
        "5.1.2600",
        "2014-04-08",
    )


def test_the_end_of_support_depends_on_edition_and_build() -> None:
    assert windows_support_ends(19044, "EnterpriseS", server=False) == "2027-01-12"
    assert windows_support_ends(19045, "Professional", server=False) == "2025-10-14"
    assert windows_support_ends(17763, "ServerStandard", server=True) == "2029-01-09"
    assert windows_support_ends(7601, "Professional", server=False) == "2020-01-14"
    assert windows_support_ends(99999, "Core", server=False) == ""
    assert windows_support_ends(19044, "IoTEnterpriseS", server=False) == "2032-01-13"
    assert windows_support_ends(17763, "IoTEnterpriseS", server=False) == "2029-01-09"
    assert windows_support_ends(26300, "Core", server=False) == "2028-10-10"
    assert windows_support_ends(22631, "ProfessionalEducation", server=False) == "2025-11-11"
    assert windows_support_ends(22631, "ServerRdsh", server=True) == "2026-11-10"
    assert WINDOWS.keys() == WINDOWS_ENTERPRISE.keys()


@pytest.mark.parametrize(
    ("system", "version", "day"),
    [
        ("rocky", "9.4", "2032-05-31"),
        ("debian", "12", "2028-06-30"),
        ("ubuntu", "25.10", "2026-07-09"),
        ("alpine", "3.20.3", "2026-04-01"),
        ("alpine", "3.99.1", ""),
        ("sles", "15.5", "2024-12-31"),
        ("sles", "15", "2019-12-31"),
        ("sles", "15.9", ""),
        ("fedora", "42", "2026-05-13"),
        ("macos", "10.15.7", "2022-09-12"),
        ("macos", "13.6.1", "2025-09-15"),
        ("macos", "26.1", ""),
        ("gentoo", "2", ""),
        ("debian", "", ""),
    ],
)
def test_the_end_of_support_is_that_of_the_version_or_of_its_point_releases(
    system: str, version: str, day: str
) -> None:
    assert support_ends(system, version) == day


def test_every_end_of_support_is_a_day() -> None:
    days = [day for versions in ENDS.values() for day in versions.values()]
    assert [date.fromisoformat(day).isoformat() for day in days] == days


@pytest.mark.parametrize(("name", "day"), [("CentOS Stream", "2024-05-31"), ("CentOS Linux", "2021-12-31")])
def test_centos_8_ended_twice(tmp_path: Path, name: str, day: str) -> None:
    [system] = items_in(
        tmp_path, "operating_system", {"etc/os-release": f'NAME="{name}"\nID="centos"\nVERSION_ID="8"\n'}
    )
    assert system.fields["support_ends_on"] == day


@pytest.mark.parametrize(
    ("place", "content", "told"),
    [
        (
            "etc/SuSE-release",
            "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
            ("sles", "SUSE Linux Enterprise Server 11 SP4", "11.4", "2019-03-31"),
        ),
        (
            "etc/SuSE-release",
            "openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n",
            ("opensuse", "openSUSE 13.2", "13.2", "2017-01-17"),
        ),
        (
            "etc/redhat-release",
            "Red Hat Linux release 9 (Shrike)\n",
            ("redhat", "Red Hat Linux release 9 (Shrike)", "9", None),
        ),
        ("etc/debian_version", "6.0.10\n", ("debian", "Debian GNU/Linux 6.0.10", "6.0.10", None)),
        ("etc/slackware-version", "Slackware 13.37.0\n", ("slackware", "Slackware 13.37.0", "13.37.0", None)),
        ("etc/os-release", 'ID=x\nPRETTY_NAME="X 1"  # for people\nVERSION_ID=1\n', ("x", "X 1", "1", None)),
    ],
)
def test_systems_from_before_os_release_and_a_comment_in_it(
    tmp_path: Path, place: str, content: str, told: tuple[str | None, ...]
) -> None:
    [system] = items_in(tmp_path, "operating_system", {place: content})
    names = ("id", "full_name", "version_id", "support_ends_on")
    assert tuple(system.fields.get(name) for name in names) == told
