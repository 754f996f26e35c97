"""Forty desktops that go home are no alert, a site whose link is cut is one, one silent server is one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.store import writer
from tests.deploy.institution import DESKTOPS, Institution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

APIA = ["apia-files", "apia-dns", *DESKTOPS]
SITE_DOWN = '{alertname="KeskideeSiteDown", severity="critical", site="apia"}'
SERVER_SILENT = '{alertname="KeskideeMachineSilent", instance="apia-files", severity="critical", site="apia"}'


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Institution]:
    monkeypatch.setattr(writer, "LINGER_SECONDS", 0.0)
    institution = Institution(tmp_path)
    asyncio.run(institution.open())
    yield institution
    institution.collector.state.close()


@pytest.fixture
def promtool(program: Callable[[str], Path]) -> Path:
    return program("promtool")


def test_forty_desktops_off_at_six_half_of_them_by_the_plug_are_no_alert(
    office: Institution, promtool: Path, tmp_path: Path
) -> None:
    async def six_o_clock() -> None:
        await office.leave(*DESKTOPS[:20], goodbye="shutdown")
        await office.leave(*DESKTOPS[20:])
        await office.rounds(40)

    asyncio.run(six_o_clock())
    assert office.states() == {"on": ["suva-files", "suva-mail", "apia-files", "apia-dns"], "off": DESKTOPS}
    office.check_fired(promtool, tmp_path)


def test_the_last_desktop_and_then_the_last_server_make_one_alert_of_the_server(
    office: Institution, promtool: Path, tmp_path: Path
) -> None:
    async def evening() -> None:
        for pair in zip(DESKTOPS[::2], DESKTOPS[1::2], strict=True):
            await office.leave(pair[0], goodbye="shutdown")
            await office.leave(pair[1])
            await office.rounds(1)
        await office.leave("apia-dns", goodbye="shutdown")
        await office.rounds(8)
        await office.leave("apia-files")
        await office.rounds(20)

    asyncio.run(evening())
    office.check_fired(promtool, tmp_path, SERVER_SILENT)


def test_the_link_of_a_site_cut_is_one_alert_and_all_its_machines_are_cut_off(
    office: Institution, promtool: Path, tmp_path: Path
) -> None:
    async def cut() -> None:
        await office.leave(*APIA)
        await office.rounds(20)

    asyncio.run(cut())
    assert office.states() == {"on": ["suva-files", "suva-mail"], "link_down": APIA}
    office.check_fired(promtool, tmp_path, SITE_DOWN)


def test_the_alert_of_a_site_ends_with_its_link_and_what_did_not_come_back_is_another(
    office: Institution, promtool: Path, tmp_path: Path
) -> None:
    async def cut_and_mended() -> None:
        await office.leave(*APIA)
        await office.rounds(20)
        office.gone = {"apia-files", "pc-07"}
        await office.rounds(24)

    asyncio.run(cut_and_mended())
    assert office.states()["silent"] == ["apia-files"]
    office.check_fired(promtool, tmp_path, SERVER_SILENT, SITE_DOWN)


def test_one_silent_server_is_one_alert(office: Institution, promtool: Path, tmp_path: Path) -> None:
    async def dies() -> None:
        await office.leave("apia-files")
        await office.rounds(20)

    asyncio.run(dies())
    office.check_fired(promtool, tmp_path, SERVER_SILENT)


def test_a_collector_that_was_away_makes_no_alert(office: Institution, promtool: Path, tmp_path: Path) -> None:
    async def away() -> None:
        await office.stand_still(20)
        office.gone = set(APIA)  # they try again after a minute only
        await office.rounds(5)
        office.gone = set()
        await office.rounds(20)

    asyncio.run(away())
    office.check_fired(promtool, tmp_path)


def test_a_site_whose_link_is_cut_while_the_collector_is_away_is_one_alert(
    office: Institution, promtool: Path, tmp_path: Path
) -> None:
    async def away_and_cut() -> None:
        await office.stand_still(20)
        await office.leave(*APIA)
        await office.rounds(30)

    asyncio.run(away_and_cut())
    office.check_fired(promtool, tmp_path, SITE_DOWN)


def test_a_site_that_fell_before_the_collector_was_away_is_still_the_same_alert(
    office: Institution, promtool: Path, tmp_path: Path
) -> None:
    async def cut_then_away() -> None:
        await office.leave(*APIA)
        await office.rounds(20)
        await office.stand_still(20)
        await office.rounds(20)

    asyncio.run(cut_then_away())
    office.check_fired(promtool, tmp_path, SITE_DOWN)
