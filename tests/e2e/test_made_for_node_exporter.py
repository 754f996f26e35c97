"""Dashboards and rules made for node_exporter go on working: what it answers on this machine, our agent answers too."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.asking import ask
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

QUESTIONS = [
    line
    for line in Path(__file__).with_name("made_for_node_exporter.promql").read_text().splitlines()
    if line and not line.startswith("#")
]
SHARE = 0.95
CHOICES = "group by (job, nodename, instance) (node_uname_info)"
"""What the lists above such a dashboard are filled from: the job, then its machines."""
NOT_OURS = {
    # A page of ours is the collector's, and the collector is not the process that read the machine: the agent's own
    # processor time and memory are keskidee_agent_cpu_seconds_total and keskidee_agent_resident_memory_bytes.
    "process_open_fds{@}",
    "process_max_fds{@}",
    "process_virtual_memory_bytes{@}",
    "process_resident_memory_bytes{@}",
    "irate(process_cpu_seconds_total{@}[$m])",
    "node_exporter_build_info{@}",
    # Debian's node_exporter always has a folder of textfiles; our agent reads one where its settings name it.
    "node_textfile_scrape_error{@}",
    # Where no interface says its speed node_exporter 1.5 answers with that of -1 megabit; we leave it out.
    "node_network_speed_bytes{@}",
    "(rate(node_network_receive_bytes_total{@}[$m]) / ignoring (speed) node_network_speed_bytes{@}) * 100",
    "(rate(node_network_transmit_bytes_total{@}[$m]) / ignoring (speed) node_network_speed_bytes{@}) * 100",
}


def asked(question: str, selector: str) -> str:
    """A question of one machine. $m is two minutes."""
    return question.replace("@", selector).replace("$m", "2m")


def test_what_node_exporter_answers_our_agent_answers(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> None:
    collector, listen, node = (f"127.0.0.1:{free_port()}" for _ in range(3))
    data = tmp_path / "data"
    up = [sys.executable, "-m", "keskidee", "up", "--data", str(data), "--listen", collector]
    start(up, ready=rf"^ready http://{re.escape(collector)}/$", timeout_seconds=60)
    start([program("prometheus-node-exporter"), f"--web.listen-address={node}"], ready=f"http://{node}/metrics")
    config = data / "prometheus.yml"
    quick = re.sub(r"(_interval: )\d+s", r"\g<1>5s", config.read_text())
    job = f"\n  - job_name: node\n    static_configs: [{{ targets: ['{node}'] }}]\n"
    config.write_text(quick + job)
    options = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    start([program("prometheus"), *options, f"--web.listen-address={listen}"], ready=f"http://{listen}/-/ready")

    prometheus = f"http://{listen}"
    scraped = 'count_over_time(node_time_seconds{job="node"}[2m]) > 5'
    wait_until(lambda: ask(prometheus, scraped), "some scrapes of node_exporter", 120)
    theirs = [question for question in QUESTIONS if ask(prometheus, asked(question, 'job="node"'))]
    assert len(theirs) > len(QUESTIONS) / 2

    chosen = {(row["metric"]["job"], row["metric"]["nodename"]) for row in ask(prometheus, CHOICES)}
    assert {job for job, _ in chosen} == {"node", "keskidee"}
    assert len({nodename for _, nodename in chosen}) == 1

    def unanswered() -> set[str]:
        return {question for question in theirs if not ask(prometheus, asked(question, 'job="keskidee"'))}

    wait_until(lambda: unanswered() <= NOT_OURS, "an answer to all that node_exporter answers", 120)
    assert 1 - len(unanswered()) / len(theirs) >= SHARE, unanswered()
    print(f"{len(theirs) - len(unanswered())} of {len(theirs)} questions that node_exporter answers")
