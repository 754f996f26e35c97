"""Windows, macOS, disks and programs beside what other projects expect of the same recordings."""

import json
from collections import Counter
from pathlib import Path

import pytest

from keskidee_report.glpi import as_glpi
from tests.agent.inventory.expected import MISSING, REASONED, Verdict, inventory
from tests.agent.inventory.expected_systems import equal, of_smart, of_systems
from tests.agent.inventory.reasons_systems import REASONS
from tests.agent.inventory.test_glpi import faults
from tests.agent.recordings import write_files

pytestmark = pytest.mark.slow  # all recordings are read first

SHARE = 0.96


@pytest.fixture(scope="module")
def found(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return [*of_systems(shared_data, tmp_path_factory.mktemp("systems")), *of_smart(shared_data)]


def test_every_value_is_ours_or_differs_for_a_reason(found: list[Verdict]) -> None:
    assert [each for each in found if each.outcome == MISSING] == []


def test_no_reason_is_kept_that_is_not_needed(found: list[Verdict]) -> None:
    needed = {
        (each.file, case, field)
        for each in found
        if each.outcome == REASONED
        for case in (each.case, "*")
        for field in (each.field, "*")
    }
    assert [key for key in REASONS if key not in needed] == []


def test_the_share_that_is_equal_by_meaning(found: list[Verdict]) -> None:
    for file in sorted({each.file for each in found}):
        count = Counter(each.outcome for each in found if each.file == file)
        print(f"{file:28}", ", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items())))
    print(f"{equal(found):.1%} of {len(found)} equal by meaning")
    assert equal(found) >= SHARE


def test_what_we_make_of_windows_and_macos_fits_glpis_schema(shared_data: Path, tmp_path: Path) -> None:
    schema = json.loads((shared_data / "glpi_inventory_format" / "inventory.schema.json").read_text())
    resources = shared_data / "glpi" / "resources"
    windows = {
        "wmi/Win32_DiskDrive.txt": "win32/wmi/2008-Enterprise-Win32_DiskDrive.wmi",
        "wmi/Win32_LogicalDisk.txt": "win32/wmi/2008-Enterprise-Win32_LogicalDisk.wmi",
        "wmi/Win32_NetworkAdapter.txt": "win32/wmi/xp-Win32_NetworkAdapter.wmi",
        "wmi/Win32_OperatingSystem.txt": "win32/wmi/win7-sp1-x64-Win32_OperatingSystem.wmi",
        "wmi/Win32_QuickFixEngineering.txt": "win32/wmi/xp-Win32_QuickFixEngineering.wmi",
        "wmi/CIM_LogicalDevice.txt": "win32/wmi/xppro2-CIM_LogicalDevice.wmi",
        "registry/software.reg": "win32/registry/xp-Uninstall.reg",
    }
    macos = {"commands/system_profiler": "macos/system_profiler/10.6-intel"}
    for name, files in (("windows", windows), ("macos", macos)):
        root = write_files(tmp_path / name, {place: (resources / file).read_bytes() for place, file in files.items()})
        made = as_glpi(inventory(root))
        assert (name, faults(made, schema, schema["definitions"])) == (name, [])
