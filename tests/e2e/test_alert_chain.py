"""From a dead agent to the pager: real agents, collector, Prometheus and Alertmanager, with the files we ship."""

from __future__ import annotations

import signal
import time

import pytest

from tests.e2e.chain import GROUP_WAIT, INTERVAL, PAGER_TOKEN, Chain, impatient, wait_until
from tests.e2e.webhook import Notice, Receiver
from tests.panels import filled, panels_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(330)]

SILENT = 3 * INTERVAL
FOR, KEEP_FIRING = 120, 90  # of KeskideeMachineSilent
SCRAPE = EVALUATION = INTERVAL
SLACK = 10  # two cores, shared by all of it
PAGE_WITHIN = SILENT + SCRAPE + FOR + 2 * EVALUATION + GROUP_WAIT + SLACK
RESOLVED_WITHIN = INTERVAL + SCRAPE + KEEP_FIRING + 2 * EVALUATION + GROUP_WAIT + SLACK
REBOOT = 90


def pages(pager: Receiver) -> list[Notice]:
    """What came, but for heartbeats."""
    return [notice for notice in pager.notices if notice.path != "/heartbeat"]


def present(chain: Chain) -> int:
    return len(chain.ask("keskidee_machine_up == 1"))


def test_dead_agent_is_one_page_and_one_resolve_and_neither_a_restart_nor_a_reboot_is_any(
    chain: Chain, pager: Receiver
) -> None:
    chain.start_collector()
    chain.configure_prometheus()
    chain.start_alertmanager(pager.url)
    chain.start_prometheus()
    agents = {}
    for name in ("dies", "restarts", "reboots"):
        chain.enrol(name)
        agents[name] = chain.start_agent(name)
    wait_until("Prometheus sees three machines", lambda: present(chain) == 3, time.monotonic() + 60)
    dead = chain.instance("dies")

    began = time.monotonic()
    agents["dies"].stop(signal.SIGKILL)
    agents["reboots"].stop(signal.SIGKILL)  # harder than a reboot, which says goodbye
    agents["restarts"].stop()
    chain.start_agent("restarts")
    time.sleep(REBOOT)
    chain.start_agent("reboots")
    wait_until("the page", lambda: pages(pager), began + PAGE_WITHIN)
    shown = chain.ask(alerts_panel())

    back = time.monotonic()
    chain.start_agent("dies")
    wait_until("the resolve", lambda: len(pages(pager)) > 1, back + RESOLVED_WITHIN)
    time.sleep(3 * EVALUATION)  # for what must not come

    silent = ("KeskideeMachineSilent", dead)
    assert [(notice.path, *notice.says) for notice in pages(pager)] == [
        ("/on-call", "firing", [silent]),
        ("/on-call", "resolved", [silent]),
    ]
    assert pages(pager)[0].at - began > FOR
    assert pages(pager)[0].body["commonLabels"] | {"instance": ""} == {
        "alertname": "KeskideeMachineSilent",
        "instance": "",
        "role": "server",
        "severity": "critical",
        "site": "suva",
    }
    assert pages(pager)[0].authorization == f"Bearer {PAGER_TOKEN}"
    assert [(row["alertname"], row["instance"]) for row in shown] == [silent]
    assert present(chain) == 3


def alerts_panel() -> str:
    """The query behind the dashboard's list of alerts, with every site and role."""
    [panel] = [panel for panel in panels_of("keskidee-fleet.json") if panel["title"] == "Alerts that fire"]
    return filled(panel["targets"][0]["expr"])


def test_page_that_is_out_outlives_a_kill_of_the_collector_and_a_restart_of_prometheus(
    chain: Chain, pager: Receiver
) -> None:
    collector = chain.start_collector()
    rules = chain.configure_prometheus()
    rules.write_text(
        impatient(rules.read_text(), "KeskideeMachineSilent")
    )  # the rest of the rule is what is tried here
    chain.start_alertmanager(pager.url)
    prometheus = chain.start_prometheus()
    for name in ("dies", "lives"):
        chain.enrol(name)
    agent = chain.start_agent("dies")
    chain.start_agent("lives")
    wait_until("Prometheus sees two machines", lambda: present(chain) == 2, time.monotonic() + 60)
    dead = chain.instance("dies")
    agent.stop(signal.SIGKILL)
    wait_until("the page", lambda: pages(pager), time.monotonic() + PAGE_WITHIN)

    collector.stop(signal.SIGKILL)
    time.sleep(2 * SCRAPE)
    chain.start_collector()
    time.sleep(SILENT + 4 * SCRAPE)
    prometheus.stop()
    chain.start_prometheus()
    wait_until("the other is there", lambda: present(chain) == 1, time.monotonic() + 60)
    time.sleep(4 * EVALUATION)
    assert [(notice.path, *notice.says) for notice in pages(pager)] == [
        ("/on-call", "firing", [("KeskideeMachineSilent", dead)])
    ]
