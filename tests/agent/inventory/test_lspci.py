"""lspci's names: where a maker ends, what a card is sold as, and records without names."""

from pathlib import Path

import pytest

from keskidee_agent.inventory import lspci
from tests.agent.inventory.reading import items_in


@pytest.mark.parametrize(
    ("name", "maker"),
    [
        ("Intel Corporation 82598EB 10-Gigabit AF", "Intel Corporation"),
        ("Ricoh Co Ltd PCIe SDXC/MMC Host Controller", "Ricoh Co Ltd"),
        ("Habana Labs Ltd. Gaudi2 AI Training Accelerator", "Habana Labs Ltd."),
        ("LSI Logic / Symbios Logic SAS1064ET", "LSI Logic / Symbios Logic"),
        ("Advanced Micro Devices, Inc. [AMD/ATI] Navi 21", "Advanced Micro Devices, Inc. [AMD/ATI]"),
        ("Red Hat, Inc. Virtio GPU", "Red Hat, Inc."),
        ("QEMU Virtual Machine", "QEMU"),
    ],
)
def test_the_maker_in_a_name_ends_where_a_company_does(name: str, maker: str) -> None:
    assert lspci.split_maker(name) == (maker, name.removeprefix(maker).strip())


@pytest.mark.parametrize(
    ("named", "chip", "model"),
    [
        ("GP107 [GeForce GTX 1050 Ti]", "GP107", "GeForce GTX 1050 Ti"),
        ("RV370 [Radeon X300] (Secondary)", "RV370", "Radeon X300"),
        ("MGA G200e [Pilot] ServerEngines (SEP1)", None, "MGA G200e [Pilot] ServerEngines (SEP1)"),
    ],
)
def test_what_a_card_is_sold_as_ends_its_name(tmp_path: Path, named: str, chip: str | None, model: str) -> None:
    line = f"09:00.0 VGA compatible controller: Matrox Electronics Systems Ltd. {named} (rev 02)\n"
    graphics = items_in(tmp_path, "pci", {"commands/lspci": line})[-1].fields
    assert (graphics.get("chip"), graphics["model"]) == (chip, model)


def test_records_of_numbers_alone(tmp_path: Path) -> None:
    record = "Slot:\t00:08.0\nClass:\t0300\nVendor:\t1414\nDevice:\t5353\nDriver:\thyperv_fb\n"
    graphics = items_in(tmp_path, "pci", {"commands/lspci": record})[-1].fields
    assert graphics == {"address": "0000:00:08.0", "vendor_id": "1414", "device_id": "5353", "driver": "hyperv_fb"}
