"""Processors whose chips and cores only sysfs tells: POWER, IBM Z, servers and boards of ARM.

The texts follow arch/powerpc/kernel/setup-common.c, arch/s390/kernel/processor.c and arch/arm64/kernel/cpuinfo.c, the
numbers Documentation/ABI/stable/sysfs-devices-system-cpu.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from keskidee_report.glpi import as_glpi
from tests.agent.inventory.reading import items_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = "sys/devices/system/cpu"


def topology(count: int, **told: Callable[[int], object]) -> dict[str, str | bytes]:
    """The files of so many processors: what each says, by its number."""
    return {f"{FOLDER}/cpu{cpu}/topology/{name}": f"{say(cpu)}\n" for cpu in range(count) for name, say in told.items()}


def listed(count: int, lines: str, after: str = "") -> str:
    return "".join(f"processor\t: {cpu}\n{lines}\n" for cpu in range(count)) + after


def threads_of(each: int) -> Callable[[int], str]:
    """The list of the threads of a processor's core, where cores have so many."""
    return lambda cpu: f"{cpu // each * each}-{cpu // each * each + each - 1}" if each > 1 else str(cpu)


def chips(root: Path, cpuinfo: str, machine: str, files: dict[str, str | bytes]) -> list[dict[str, Any]]:
    """What the source tells of each processor, without its maker."""
    calls = f'{{"uname": ["Linux", "host", "6.1.0", "#1", "{machine}"]}}'
    found = items_in(root, "processor", {"proc/cpuinfo": cpuinfo, "calls.json": calls, **files})
    names = ("model", "cores_enabled", "threads", "threads_per_core")
    return [{name: item.fields[name] for name in names if name in item.fields} for item in found]


POWER9 = "cpu\t\t: POWER9, altivec supported\nclock\t\t: 3800.000000MHz\nrevision\t: 2.2 (pvr 004e 1202)\n"
POWERNV = "timebase\t: 512000000\nplatform\t: PowerNV\nmodel\t\t: 8335-GTG\nmachine\t\t: PowerNV 8335-GTG\n"
PSERIES = POWERNV.replace("PowerNV", "pSeries")


def test_what_power_lists_are_threads_of_cores_of_chips(tmp_path: Path) -> None:
    files = topology(
        32,
        physical_package_id=lambda cpu: cpu // 16 * 8,
        core_id=lambda cpu: cpu // 4 * 4,
        thread_siblings_list=threads_of(4),
    )
    chip = {"model": "POWER9", "cores_enabled": 4, "threads": 16, "threads_per_core": 4}
    assert chips(tmp_path, listed(32, POWER9, POWERNV), "ppc64le", files) == [chip, chip]


def test_a_partition_of_power_that_numbers_no_chips_is_one_with_its_cores(tmp_path: Path) -> None:
    power = POWER9.replace("POWER9,", "POWER10 (architected),")
    files = topology(16, physical_package_id=lambda _: -1, core_cpus_list=threads_of(8))
    chip = {"model": "POWER10", "cores_enabled": 2, "threads": 16, "threads_per_core": 8}
    assert chips(tmp_path, listed(16, power, PSERIES), "ppc64le", files) == [chip]


@pytest.mark.parametrize("files", [{}, topology(2, physical_package_id=lambda cpu: cpu, thread_siblings_list=str)])
def test_without_a_topology_that_fits_powers_threads_are_no_chips(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    found = chips(tmp_path, listed(16, POWER9, POWERNV), "ppc64le", files)
    assert found == [{"model": "POWER9", "threads": 16}]


def test_the_two_processors_of_a_desktop_of_powerpc_are_two(tmp_path: Path) -> None:
    g5 = "cpu\t\t: PPC970MP, altivec supported\nclock\t\t: 2500.000000MHz\nrevision\t: 1.1 (pvr 0044 0101)\n"
    found = chips(tmp_path, listed(2, g5, "timebase\t: 33333333\n"), "ppc64", {})
    assert [chip["model"] for chip in found] == ["PPC970MP, altivec supported"] * 2


def test_chips_of_ibm_z_are_numbered_within_their_book_and_drawer(tmp_path: Path) -> None:
    heads = "".join(f"processor {cpu}: version = 00,  identification = 1FA000,  machine = 8561\n" for cpu in range(8))
    cpuinfo = f"vendor_id       : IBM/S390\n# processors    : 8\nmax thread id   : 1\n{heads}"
    files = topology(
        8,
        drawer_id=lambda cpu: cpu // 4,
        book_id=lambda _: 0,
        physical_package_id=lambda _: 1,
        thread_siblings_list=threads_of(2),
    )
    chip = {"model": "machine 8561", "cores_enabled": 2, "threads": 4, "threads_per_core": 2}
    assert chips(tmp_path, cpuinfo, "s390x", files) == [chip, chip]


ALTRA = "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n"


def test_the_sockets_of_an_arm_server_are_those_of_its_firmware(tmp_path: Path) -> None:
    files = topology(8, physical_package_id=lambda cpu: 36 if cpu < 4 else 4156, core_cpus_list=str)
    chip = {"model": "Neoverse-N1", "cores_enabled": 4, "threads": 4, "threads_per_core": 1}
    files["sys/firmware/acpi/pm_profile"] = "4\n"
    assert chips(tmp_path, listed(8, ALTRA), "aarch64", files) == [chip, chip]


def test_clusters_of_a_device_tree_are_no_chips(tmp_path: Path) -> None:
    files = topology(8, physical_package_id=lambda cpu: cpu // 4, core_cpus_list=str)
    [chip] = chips(tmp_path, listed(8, ALTRA), "aarch64", files)
    assert (chip["cores_enabled"], chip["threads"]) == (8, 8)


APPLE = "CPU implementer\t: 0x61\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: {}\nCPU revision\t: 1\n"


@pytest.mark.parametrize(
    ("slow", "fast", "counts", "model"),
    [
        ("0x022", "0x023", (4, 4), "Apple M1"),
        ("0x038", "0x039", (4, 8), "Apple M2 Max"),
        ("0x028", "0x029", (4, 16), "Apple M1 Ultra"),
    ],
)
def test_the_slow_and_the_fast_cores_of_apple_are_one_processor(
    tmp_path: Path, slow: str, fast: str, counts: tuple[int, int], model: str
) -> None:
    parts = [slow] * counts[0] + [fast] * counts[1]
    cpuinfo = "".join(f"processor\t: {cpu}\n{APPLE.format(part)}\n" for cpu, part in enumerate(parts))
    [chip] = chips(tmp_path, cpuinfo, "aarch64", {})
    assert (chip["model"], chip["cores_enabled"], chip["threads"]) == (model, sum(counts), sum(counts))


def test_apple_cores_of_one_sort_are_called_as_before(tmp_path: Path) -> None:
    [chip] = chips(tmp_path, listed(4, APPLE.format("0x023")), "aarch64", {})  # a virtual machine
    assert chip["model"] == "M1 Firestorm"


@pytest.mark.parametrize(("machine", "theirs"), [("ppc64", "powerpc64"), ("s390x", None), ("riscv64", None)])
def test_an_architecture_that_glpi_does_not_know_is_left_out(machine: str, theirs: str | None) -> None:
    processor = {"key": "processor 1", "model": "x", "architecture": machine}
    [row] = as_glpi({"machine": {}, "items": {"processor": [processor]}})["content"]["cpus"]
    assert row.get("arch") == theirs
