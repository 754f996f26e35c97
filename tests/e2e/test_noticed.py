"""One page for a site that falls, none for forty desktops that go home; and who watches is watched from outside.

`make soak` runs all with the rules as they are shipped, at 15 s, and prints how long each took. `make test` is
impatient: it waits seconds where the rules wait minutes, and leaves to shorter tests what they show as well.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.fleet.presence import RETURN_SECONDS
from tests.e2e.chain import Chain, impatient, wait_until
from tests.e2e.office import Office
from tests.e2e.webhook import Receiver
from tests.scale import FULL, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(scaled(600, 5400))]

DESKTOPS = [f"pc-{number:02d}" for number in range(40)]
SERVERS = ["apia-files", "apia-dns"]
PATIENCE = scaled(10, 180)
"""How long a heartbeat may stay away before somebody outside says so."""
COMES_WITHIN = scaled(180, 1800)
ALERTS = ("KeskideeMachineSilent", "KeskideeSiteDown", "KeskideeCollectorCutOff", "KeskideeCollectorDown")


@pytest.fixture
def chain(start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path) -> Chain:
    return Chain(start, program, free_port, tmp_path, as_shipped=FULL)


@pytest.fixture
def office(chain: Chain) -> Iterator[Office]:
    chain.start_collector()
    office = Office(chain.collector, chain.interval_seconds)
    office.enrol(["suva-files", "suva-mail"], chain.token(site="suva", role="server"))
    office.start()
    yield office
    office.close()


def configure(chain: Chain) -> None:
    rules = chain.configure_prometheus()
    if not FULL:
        rules.write_text(impatient(rules.read_text(), *ALERTS))


def told(pager: Receiver) -> list[tuple[str, str, str]]:
    """What the pager rang for: status, alert and site."""
    return [
        (notice.body["status"], alert["labels"]["alertname"], alert["labels"].get("site", ""))
        for notice in pager.at_path("/on-call")
        for alert in notice.body["alerts"]
    ]


def when(what: str, holds: Callable[[], object]) -> None:
    """Waits for it, and prints how long that took."""
    began = time.monotonic()
    wait_until(what, holds, began + COMES_WITHIN)
    print(f"{what}: {time.monotonic() - began:.0f} s")


@pytest.mark.skipif(not FULL, reason="tests/deploy/test_presence_alerts.py does it under a clock that is set")
def test_forty_desktops_that_go_home_page_nobody_and_a_site_that_falls_pages_once(
    chain: Chain, pager: Receiver, office: Office
) -> None:
    may_judge_sites_at = time.monotonic() + RETURN_SECONDS  # a new collector says of no site that it fell
    office.enrol(SERVERS, chain.token(site="apia", role="server"))
    office.enrol(DESKTOPS, chain.token(site="apia", role="desktop"))
    configure(chain)
    chain.start_alertmanager(pager.url)
    chain.start_prometheus()

    def count(state: str) -> int:
        return len(chain.ask(f'keskidee_machine_state{{state="{state}"}} == 1'))

    when("all are on", lambda: count("on") == 44)
    office.leave(DESKTOPS[:20], goodbye="shutdown")
    office.leave(DESKTOPS[20:])
    when("forty are off", lambda: count("off") == 40)
    when("sites are judged", lambda: time.monotonic() > may_judge_sites_at)
    assert told(pager) == []

    office.come_back()
    when("all are on again", lambda: count("on") == 44)
    office.leave([*SERVERS, *DESKTOPS])
    when("the page for a site", lambda: told(pager))
    office.come_back()
    when("its resolve", lambda: len(told(pager)) > 1)
    time.sleep(chain.patience_seconds)  # for what must not come
    assert told(pager) == [("firing", "KeskideeSiteDown", "apia"), ("resolved", "KeskideeSiteDown", "apia")]


@pytest.mark.skipif(not FULL, reason="test_alert_chain.py kills a real agent, at 5 s")
def test_a_server_that_dies_is_one_page_and_one_resolve(chain: Chain, pager: Receiver, office: Office) -> None:
    configure(chain)
    chain.start_alertmanager(pager.url)
    chain.start_prometheus()
    when("all are on", lambda: len(chain.ask('keskidee_machine_state{state="on"} == 1')) == 2)
    office.leave(["suva-files"])
    when("the page for a server", lambda: told(pager))
    office.come_back()
    when("its resolve", lambda: len(told(pager)) > 1)
    time.sleep(chain.patience_seconds)
    assert told(pager) == [("firing", "KeskideeMachineSilent", "suva"), ("resolved", "KeskideeMachineSilent", "suva")]


def test_collector_prometheus_and_alertmanager_are_missed_from_outside(
    chain: Chain, pager: Receiver, office: Office
) -> None:
    configure(chain)
    options = [] if FULL else ["--rules.alert.resend-delay=2s"]  # how long Alertmanager believes it is four of these
    alertmanager = chain.start_alertmanager(pager.url)
    prometheus = chain.start_prometheus(*options)

    def beats() -> int:
        return len(pager.at_path("/heartbeat"))

    def is_missed() -> bool:
        return time.monotonic() - pager.at_path("/heartbeat")[-1].at > PATIENCE

    def comes_again() -> None:
        before = beats()
        when("the heartbeat", lambda: beats() > before)

    comes_again()
    collector = chain.processes["collector"]
    collector.stop()
    when("the page for the collector", lambda: told(pager))
    chain.start_collector()
    when("its resolve", lambda: len(told(pager)) > 1)
    assert told(pager) == [("firing", "KeskideeCollectorDown", ""), ("resolved", "KeskideeCollectorDown", "")]

    prometheus.stop()
    when("Prometheus is missed", is_missed)
    chain.start_prometheus(*options)
    comes_again()
    alertmanager.stop()
    when("Alertmanager is missed", is_missed)
    chain.start_alertmanager(pager.url)
    comes_again()
    assert len(told(pager)) == 2
