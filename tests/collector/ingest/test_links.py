"""What agents are asked for: a site's budget becomes batches first, then longer intervals, and a bound for each."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.transport.transport import wishes_of
from keskidee_collector.fleet.machine import Machine
from keskidee_collector.ingest.links import POST_BYTES, SPARE, Links, Wishes, budget_of, bytes_an_hour
from keskidee_config import CollectorSettings, SiteSettings
from tests.collector.inside import Inside

THIN = SiteSettings(name="castries", interval_seconds=30, batch=2)


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, sites=(THIN, SiteSettings(name="roseau", bytes_per_hour=400_000)))
    yield inside
    inside.state.close()


def machines(count: int, site: str = "roseau") -> list[Machine]:
    return [
        Machine(id=str(n), instance=str(n), site=site, role="", credential_hash=b"", facts={}, enrolled_at=0.0)
        for n in range(count)
    ]


def planned(site: SiteSettings, count: int) -> Wishes:
    links = Links(CollectorSettings(sites=(site,)))
    links.plan(machines(count, site.name))
    found = links.wishes(site.name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("wishes", "body"),
    [
        (Wishes(interval_seconds=15), b'{"interval_seconds":15}'),
        (Wishes(interval_seconds=60, batch=4), b'{"interval_seconds":60,"batch":4}'),
        (Wishes(interval_seconds=60, bytes_per_hour=900), b'{"interval_seconds":60,"bytes_per_hour":900}'),
    ],
)  # fmt: skip
def test_agents_read_what_they_are_asked_for(wishes: Wishes, body: bytes) -> None:
    assert wishes.answer() == body
    read = wishes_of(body)
    assert (read.interval_seconds, read.batch, read.bytes_per_hour) == (
        wishes.interval_seconds, wishes.batch, wishes.bytes_per_hour,
    )  # fmt: skip


def test_a_site_is_asked_for_what_its_settings_say_and_others_for_the_collectors_interval(collector: Inside) -> None:
    async def run() -> list[bytes]:
        answers = []
        for site in ("castries", "elsewhere"):
            agent = await collector.enrol("pc", token=await collector.token(site=site))
            answers.append((await collector.report(agent)).body)
        return answers

    assert asyncio.run(run()) == [b'{"interval_seconds":30,"batch":2}', b'{"interval_seconds":15}']


def test_a_budget_that_is_ample_changes_nothing_but_the_bound() -> None:
    assert planned(SiteSettings(name="roseau", bytes_per_hour=10_000_000), 10) == Wishes(
        interval_seconds=15, batch=1, bytes_per_hour=1_000_000
    )


def test_the_tighter_the_budget_the_larger_the_batch_and_then_the_interval() -> None:
    found = [planned(SiteSettings(name="roseau", bytes_per_hour=hour), 10) for hour in (4_000_000, 1_500_000, 300_000)]
    assert [(each.interval_seconds, each.batch) for each in found] == [(15, 1), (15, 4), (60, 8)]


@given(st.integers(10_000, 10_000_000), st.integers(1, 400), st.sampled_from([15, 60, 300]))
def test_what_is_planned_fits_the_budget_where_anything_can(budget: int, count: int, interval: int) -> None:
    site = SiteSettings(name="roseau", bytes_per_hour=budget, interval_seconds=interval)
    wishes = planned(site, count)
    an_hour = count * bytes_an_hour(wishes.interval_seconds, wishes.batch, 250)
    rarest = count * bytes_an_hour(3600, 8, 250)
    assert an_hour <= max(budget * SPARE, rarest)
    assert wishes.bytes_per_hour * count <= max(budget, count)
    assert wishes.interval_seconds >= interval


def test_the_smaller_of_both_budgets_holds() -> None:
    assert budget_of(SiteSettings(name="x", bytes_per_hour=100_000, bytes_per_day=240_000)) == 10_000
    assert budget_of(SiteSettings(name="x", bytes_per_day=2_400_000)) == 100_000
    assert budget_of(SiteSettings(name="x")) == 0


def test_reports_that_weigh_more_than_expected_make_the_plan_sparser(collector: Inside) -> None:
    links, [machine] = collector.state.links, machines(1)
    links.plan([machine] * 10)
    before = links.wishes("roseau")
    for _ in range(500):
        links.answer(machine, 2_000, 1)
    links.plan([machine] * 10)
    after = links.wishes("roseau")
    assert before is not None
    assert after is not None
    assert bytes_an_hour(after.interval_seconds, after.batch, 0) < bytes_an_hour(
        before.interval_seconds, before.batch, 0
    )
    assert after.bytes_per_hour == before.bytes_per_hour == 40_000


def test_a_machine_whose_reports_wait_for_each_other_is_not_silent_between_them(collector: Inside) -> None:
    async def run() -> list[str]:
        agent = await collector.enrol("pc", token=await collector.token(site="castries"))
        await collector.report(agent, interval_seconds="30")
        states: list[str] = []
        for _ in range(4):
            collector.clock.wait(59)
            states.append(collector.states()["pc"])
        return states

    assert asyncio.run(run()) == ["on", "on", "on", "silent"]


def test_what_a_site_is_asked_for_is_told(collector: Inside) -> None:
    async def run() -> dict[str, float]:
        for site in ("castries", "roseau", "elsewhere"):
            agent = await collector.enrol("pc", token=await collector.token(site=site))
            await collector.report(agent)
        told = await collector.samples("/metrics/self")
        names = ("interval_seconds", "batch_reports", "budget_bytes_per_hour")
        wanted = {f"keskidee_site_{name}" for name in names}
        return {f"{name} {dict(labels)['site']}": value for (name, labels), value in told.items() if name in wanted}

    assert asyncio.run(run()) == {
        "keskidee_site_interval_seconds castries": 30,
        "keskidee_site_batch_reports castries": 2,
        "keskidee_site_interval_seconds roseau": 15,
        "keskidee_site_batch_reports roseau": 1,
        "keskidee_site_budget_bytes_per_hour roseau": 400_000,
    }


def test_what_a_post_weighs_beside_its_reports_is_no_guess() -> None:
    assert bytes_an_hour(3600, 1, 0) == POST_BYTES


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"interval_seconds": "15"}, 20),
        ({"interval_seconds": "60"}, 20),
        ({"interval_seconds": "60", "interval_own": "true"}, 60),
        ({"interval_seconds": "5", "interval_own": "true"}, 5),
    ],
)
def test_agents_are_told_the_collectors_interval_but_for_those_that_have_their_own(
    tmp_path: Path, facts: dict[str, str], told: int
) -> None:
    inside = Inside(tmp_path, interval_seconds=20)

    async def run() -> bytes:
        return (await inside.report(await inside.enrol("pc"), **facts)).body  # type: ignore[arg-type]  # none of them is `value`

    assert asyncio.run(run()) == b'{"interval_seconds":%d}' % told
    inside.state.close()


def test_a_machine_that_was_told_a_longer_interval_is_not_silent_before_it_is_over(tmp_path: Path) -> None:
    inside = Inside(tmp_path, interval_seconds=600)

    async def run() -> list[str]:
        await inside.report(await inside.enrol("srv"), interval_seconds="15")
        states: list[str] = []
        for seconds in (599, 1100, 200):
            inside.clock.wait(seconds)
            states += inside.states().values()
        return states

    assert asyncio.run(run()) == ["on", "on", "silent"]
    inside.state.close()
