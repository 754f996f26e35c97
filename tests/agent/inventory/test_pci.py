"""PCI devices and their names: of the kernel with pci.ids, and as lspci tells them."""

import zlib
from pathlib import Path

from hypothesis import given

from keskidee_agent.inventory import ids, lspci
from tests.agent.anything import contents
from tests.agent.inventory.reading import items
from tests.agent.inventory.specimens import LSPCI, RECORDS
from tests.agent.recordings import write_files

PCI_IDS = b"""\
# comment
1af4  Red Hat, Inc.
\t1041  Virtio 1.0 network device
\t\t1af4 1100  QEMU
8086  Intel Corporation
\t1916  Skylake GT2 [HD Graphics 520]
C 03  Display controller
\t00  VGA compatible controller
"""


def test_names_of_ids_are_those_of_the_vendors_asked_for() -> None:
    names = ids.parse(PCI_IDS, {"1af4": ()})
    assert (names.device("1af4", "1041", "1af4", "1100"), names.device("8086"), names.kind("03", "00")) == (
        *("QEMU", ""),
        "VGA compatible controller",
    )


def test_pci_devices_of_the_kernel_have_the_names_of_pci_ids(tmp_path: Path) -> None:
    folder = "sys/bus/pci/devices/0000:00:02.0/"
    files = {"vendor": "0x8086\n", "device": "0x1916\n", "class": "0x030000\n", "revision": "0x07\n"}
    resource = "0x90000000 0x9fffffff 0x000000000014220c\n0xf000 0xf03f 0x40101\n"
    compressor = zlib.compressobj(wbits=31)
    packed = compressor.compress(PCI_IDS) + compressor.flush()
    write_files(tmp_path, {folder + name: text for name, text in files.items()})
    write_files(tmp_path, {folder + "resource": resource, "usr/share/misc/pci.ids.gz": packed})
    _, graphics = items(tmp_path, "pci")
    assert (graphics["maker"], graphics["model"], graphics["chip"], graphics["memory_bytes"]) == (
        *("Intel Corporation", "HD Graphics 520", "Skylake GT2"),
        256 << 20,
    )


def test_lspci_says_the_same() -> None:
    [device] = lspci.parse(LSPCI)
    assert (device.maker, device.model, device.board_maker, device.memory_bytes, device.driver) == (
        *("Intel Corporation", "Skylake GT2 [HD Graphics 520]", "Dell"),
        *(256 << 20, "i915"),
    )


def test_lspci_says_the_same_in_its_form_for_programs() -> None:
    graphics, disk = lspci.parse(RECORDS)
    assert graphics == lspci.Device(
        address="0000:00:02.0",
        class_code="0300",
        class_name="VGA compatible controller",
        vendor="8086",
        device="1916",
        maker="Intel Corporation",
        board_maker="Dell",
        model="Skylake GT2 [HD Graphics 520]",
        subsystem_vendor="1028",
        subsystem_device="0704",
        revision="07",
        driver="i915",
    )
    assert (disk.address, disk.class_name, disk.model) == (
        "0001:01:00.0",
        "Non-Volatile memory controller",
        "Device a80c",
    )


def test_graphics_are_found_in_a_list_without_numbers_too(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"commands/lspci": "01:00.0 VGA compatible controller: NVIDIA Corporation NV43GL [Quadro FX 550]\n"}
    )
    _, graphics = items(tmp_path, "pci")
    assert (graphics["maker"], graphics["model"], graphics["chip"]) == ("NVIDIA Corporation", "Quadro FX 550", "NV43GL")


@given(contents("0123456789abcdef \t\nC#", [PCI_IDS]))
def test_names_of_ids_are_texts(content: bytes) -> None:
    names = ids.parse(content, {"8086": (), "1af4": ("1000",)})
    assert {type(name) for name in (*names.devices.values(), *names.classes.values())} <= {str}
