"""The alerts we ship: promtool's tests of them, that those tests notice a change, and what every alert must say."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
PROMETHEUS = CHECKOUT / "deploy" / "prometheus"
RULES = PROMETHEUS / "rules" / "keskidee.yml"
PROMTOOL_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))

ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "alert" in rule
]

CHANGES = {  # "file of tests: what somebody broke": (text of the rules, what it became)
    "silent: pages sooner": ("for: 2m\n        keep_firing_for: 90s", "for: 1m30s\n        keep_firing_for: 90s"),
    "silent: ends during a restart": ("keep_firing_for: 90s", "keep_firing_for: 45s"),
    "silent: pages for desktops": ('keskidee_machine_info{role!~"desktop|laptop"}', "keskidee_machine_info"),
    "silent: twice where two jobs read": ("(max by (instance) (keskidee_machine_state", "((keskidee_machine_state"),
    "silent: pages for who said goodbye": ('{state="silent"}', '{state=~"silent|off"}'),
    "silent: never ends": ("unless on () keskidee_collector_build_info", ""),
    "site: pages sooner": ("for: 2m\n        keep_firing_for: 90s", "for: 1m30s\n        keep_firing_for: 90s"),
    "site: ends during a restart": ("keep_firing_for: 90s", "keep_firing_for: 45s"),
    "site: each machine pages too": ('{state="silent"}', '{state=~"silent|link_down"}'),
    "site: pages for an office of desktops": (
        'group by (instance, site) (keskidee_machine_info{role!~"desktop|laptop|tablet"})',
        "group by (instance, site) (keskidee_machine_info)",
    ),
    "site: twice where two jobs read": ("(max by (site) (keskidee_site_state", "((keskidee_site_state"),
    "site: a page goes out while the collector is away": ('severity="critical"})', 'severity="none"})'),
    "site: a ticket goes out while the collector is away": ('severity="warning"})', 'severity="none"})'),
    "site: who went home is a site that fell": ('{state="link_down"}', '{state=~"link_down|unknown"}'),
    "devices: pages at once": ("for: 10m\n        keep_firing_for: 5m", "for: 1m\n        keep_firing_for: 5m"),
    "devices: with the whole site": (
        'unless on (site)\n          (max by (site) (keskidee_site_state{state="link_down"}) == 1)',
        "",
    ),
    "devices: servers count": ('(keskidee_machine_info{role="device"})', "(keskidee_machine_info)"),
    "disk: level too high": ("< 0.03", "< 0.06"),
    "disk: large disks": ("10 * 2^30", "1000 * 2^30"),
    "disk: read-only": ("unless node_filesystem_readonly == 1", ""),
    "disk: tiny": (" >= 256 * 2^20", ""),
    "disk: network": ("nfs4?|", ""),
    "disk: looks too far ahead": ("[6h], 24 * 3600", "[6h], 36 * 3600"),
    "disk: one backup is a slope": ("[6h]", "[1h]"),
    "disk: first minutes are a slope": ("and keskidee:filesystem_free:ratio offset 3h", ""),
    "disk: pages for desktops": ('ratio{role!~"desktop|laptop"}', "ratio"),
    "machine: memory, large machines": ("and on (instance) node_memory_MemAvailable_bytes < 2 * 2^30", ""),
    "machine: memory, a free moment does not count": ("MemTotal_bytes) < 0.05", "MemTotal_bytes) < 0.06"),
    "machine: clock, behind is not seen": (
        "abs(keskidee_machine_clock_offset_seconds)",
        "keskidee_machine_clock_offset_seconds",
    ),
    "machine: clock, a slow line": ("> 10)", "> 1)"),
    "machine: source, ends with a reboot": ("for: 15m\n        keep_firing_for: 5m", "for: 15m"),
    "itself: collector, forgotten job": ('or absent(up{job="keskidee-collector"})', ""),
    "itself: refused, every day": ("schema_unknown|", ""),
    "itself: clones, for ever": ("increase(keskidee_collector_clones_total[6h])", "keskidee_collector_clones_total"),
    "authority: too late": ("200 * 86400", "100 * 86400"),
    "authority: in use too": ('stage="handing_out"', 'stage=~"handing_out|in_use"'),
    "authority: at once": ("for: 4d", "for: 1d"),
}


def run_promtool(promtool: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool, *words], capture_output=True, text=True)


def test_promtool_accepts_the_rules(program: Callable[[str], Path]) -> None:
    checked = run_promtool(program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", PROMTOOL_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(path: Path, program: Callable[[str], Path]) -> None:
    tested = run_promtool(program("promtool"), "test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_promtool_tests_notice_a_change(change: str, tmp_path: Path, program: Callable[[str], Path]) -> None:
    before, after = CHANGES[change]
    text = RULES.read_text(encoding="utf-8")
    assert before in text
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "rules" / RULES.name).write_text(text.replace(before, after), encoding="utf-8")
    assert run_promtool(program("promtool"), "check", "rules", tmp_path / "rules" / RULES.name).returncode == 0
    subject = change.partition(":")[0]
    tested = run_promtool(program("promtool"), "test", "rules", tmp_path / "tests" / f"{subject}.yml")
    assert tested.returncode != 0


def test_every_alert_has_a_promtool_test() -> None:
    tested = {case["alertname"] for path in PROMTOOL_TESTS for case in cases_of(path)}
    fired = {case["alertname"] for path in PROMTOOL_TESTS for case in cases_of(path) if case["exp_alerts"]}
    assert tested == fired == {alert["alert"] for alert in ALERTS}


def cases_of(path: Path) -> list[dict[str, Any]]:
    tests = yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    return [case for test in tests for case in test["alert_rule_test"]]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}")
def test_alert_says_what_on_call_needs(alert: dict[str, Any]) -> None:
    assert alert["alert"].startswith("Keskidee")
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert "{{" not in alert["annotations"]["summary"], "alerts that are grouped share it"
    assert alert["keep_firing_for"], "a restart ends no alert"
    runbook = CHECKOUT / alert["annotations"]["runbook_url"]
    assert runbook.read_text(encoding="utf-8").startswith(f"# {alert['alert']} (")
