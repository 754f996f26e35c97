"""A headquarters and an office of forty desktops under a clock that the test sets, and what the alerts make of them.

The collector is the real one. Its page after each round becomes a sample of each series of a promtool test, with the
rules that we ship.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from keskidee_collector.state import ALIVE_FILE
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from tests.collector.inside import Agent, Samples

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules" / "keskidee.yml"
ROUND_SECONDS = 15
READ = ("keskidee_machine_info", "keskidee_machine_state", "keskidee_machine_last", "keskidee_site_", "keskidee_coll")
DESKTOPS = [f"pc-{number:02d}" for number in range(40)]
FIRED = "count by (alertname, severity, site, instance) (max_over_time(ALERTS{alertstate='firing'}[1d]))"


class Institution:
    """Servers at suva and apia, forty desktops at apia. Everybody reports each round but who is `gone`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.collector = Inside(folder)
        self.agents: dict[str, Agent] = {}
        self.gone: set[str] = set()
        self.pages: list[Samples] = []

    async def open(self) -> None:
        """Everybody enrols, and reports for three minutes."""
        for site, role, names in (
            ("suva", "server", ["suva-files", "suva-mail"]),
            ("apia", "server", ["apia-files", "apia-dns"]),
            ("apia", "desktop", DESKTOPS),
        ):
            token = await self.collector.token(site=site, role=role)
            for name in names:
                self.agents[name] = await self.collector.enrol(name, token=token)
        await self.rounds(12)

    async def rounds(self, count: int) -> None:
        """So many rounds pass, and Prometheus reads the collector after each."""
        for _ in range(count):
            self.collector.clock.wait(ROUND_SECONDS)
            present = [agent for name, agent in self.agents.items() if name not in self.gone]
            answers = await asyncio.gather(*map(self.collector.report, present))
            assert {answer.status for answer in answers} <= {200}
            page = await self.collector.samples("/metrics/self")
            self.pages.append({key: value for key, value in page.items() if key[0].startswith(READ)})

    async def stand_still(self, count: int) -> None:
        """So many rounds pass without the collector; then it starts again on what it kept."""
        self.pages += [{}] * count
        alive = self._folder / ALIVE_FILE
        alive.touch()
        os.utime(alive, (self.collector.clock.at, self.collector.clock.at))
        self.collector.clock.wait(ROUND_SECONDS * count)
        self.collector = self.collector.again()

    async def leave(self, *names: str, goodbye: str = "") -> None:
        """Machines go, with a goodbye or without."""
        self.gone.update(names)
        for name in names if goodbye else ():
            assert (await self.collector.goodbye(self.agents[name], goodbye)).status == 200

    def states(self) -> dict[str, list[str]]:
        """The machines in each state, now."""
        found: dict[str, list[str]] = {}
        for instance, state in self.collector.states().items():
            found.setdefault(state, []).append(instance)
        return found

    def check_fired(self, promtool: Path, folder: Path, *expected: str) -> None:
        """Fails unless these alerts fired at some time, each as its labels in braces, and no other did."""
        minutes = len(self.pages) * ROUND_SECONDS // 60
        case = {
            "interval": f"{ROUND_SECONDS}s",
            "input_series": _series(self.pages),
            "promql_expr_test": [
                {
                    "expr": FIRED,
                    "eval_time": f"{minutes}m",
                    "exp_samples": [{"labels": labels, "value": 1} for labels in expected],
                }
            ],
        }
        tests = folder / "tests.yml"
        wanted = {"rule_files": [str(RULES)], "evaluation_interval": f"{ROUND_SECONDS}s", "tests": [case]}
        tests.write_text(yaml.safe_dump(wanted))
        tested = subprocess.run([promtool, "test", "rules", tests], capture_output=True, text=True)
        assert tested.returncode == 0, tested.stdout + tested.stderr


def _series(pages: list[Samples]) -> list[dict[str, str]]:
    """Promtool's input: a value a page; stale where a page lacks a series that others have."""
    rows = [{"series": 'up{job="keskidee-collector"}', "values": f"1x{len(pages)}"}]
    for name, labels in sorted({key for page in pages for key in page}):
        pairs = ",".join(f"{label}={json.dumps(value)}" for label, value in labels)
        values = [f"{page[name, labels]:.0f}" if (name, labels) in page else "stale" for page in pages]
        rows.append({"series": f"{name}{{{pairs}}}", "values": " ".join(values)})
    return rows
