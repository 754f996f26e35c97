"""The SMBIOS table as DMTF DSP0134 lays it out."""

import pytest

from keskidee_agent.host.smbios import structures, system_texts
from keskidee_report.model import Malformed
from tests.agent.tables import smbios_table, structure


def test_a_table_says_what_linux_shows() -> None:
    assert system_texts(smbios_table()) == {
        "bios_vendor": "Example BIOS",
        "bios_version": "F13",
        "bios_date": "05/21/2021",
        "bios_release": "5.17",
        "sys_vendor": "Example Computers",
        "product_name": "Desk 400",
        "product_version": "v1",
        "product_serial": "SER-0002",
        "product_sku": "SKU-1",
        "product_family": "Desks",
        "product_uuid": "00112233-4455-6677-8899-aabbccddeeff",
        "board_vendor": "Example Boards",
        "board_name": "B-1",
        "board_serial": "BOARD-1",
        "chassis_vendor": "Example Cases",
        "chassis_serial": "CASE-1",
        "chassis_type": "3",
    }


def test_the_first_structure_of_a_kind_counts() -> None:
    blade = structure(2, bytes((1,)), ["first"]) + structure(2, bytes((1,)), ["second"])
    assert system_texts(blade) == {"board_vendor": "first"}


def test_an_old_structure_lacks_what_came_later() -> None:
    assert system_texts(structure(1, bytes((1, 2)), ["Maker", "Model"])) == {
        "sys_vendor": "Maker",
        "product_name": "Model",
    }


def test_a_string_number_beyond_the_strings_is_absent() -> None:
    assert system_texts(structure(1, bytes((9, 0)), ["Maker"])) == {}


def test_nothing_is_read_behind_the_end_of_the_table() -> None:
    kinds = [found.kind for found in structures(structure(127, b"", []) + b"rubbish")]
    assert kinds == [127]


@pytest.mark.parametrize("length", range(1, len(smbios_table()) - 1, 7))
def test_a_table_cut_short_is_refused_or_ends_between_structures(length: int) -> None:
    table = smbios_table()[:length]
    try:
        whole = system_texts(table)
    except Malformed:
        return
    assert whole.items() <= system_texts(smbios_table()).items()
