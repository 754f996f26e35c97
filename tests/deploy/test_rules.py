"""The alerts we ship: promtool's tests of them, that those tests notice a change, and what every alert must say."""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.prometheus.build import MIXIN, PARTS, PLACE, rules, thresholds

CHECKOUT = Path(__file__).parents[2]
PROMETHEUS = CHECKOUT / "deploy" / "prometheus"
RULES = PROMETHEUS / "rules" / "keskidee.yml"
PROMTOOL_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))

CLIENTS, DEVICES, NEVER_PAGE = (thresholds()[roles] for roles in ("clients", "devices", "never_page"))

ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "alert" in rule
]

CHANGES = {  # "file of tests: what somebody broke": (text of the rules, what it became)
    "silent: pages sooner": ("for: 2m\n        keep_firing_for: 90s", "for: 1m30s\n        keep_firing_for: 90s"),
    "silent: ends during a restart": ("keep_firing_for: 90s", "keep_firing_for: 45s"),
    "silent: pages for desktops": (f'keskidee_machine_info{{role!~"{CLIENTS}|{DEVICES}"}}', "keskidee_machine_info"),
    "silent: twice where two jobs read": ("(max by (instance) (keskidee_machine_state", "((keskidee_machine_state"),
    "silent: pages for who said goodbye": ('{state="silent"}', '{state=~"silent|off"}'),
    "silent: never ends": ("unless on () keskidee_collector_build_info", ""),
    "site: pages sooner": ("for: 2m\n        keep_firing_for: 90s", "for: 1m30s\n        keep_firing_for: 90s"),
    "site: ends during a restart": ("keep_firing_for: 90s", "keep_firing_for: 45s"),
    "site: each machine pages too": ('{state="silent"}', '{state=~"silent|link_down"}'),
    "site: pages for an office of desktops": (
        f'group by (instance, site) (keskidee_machine_info{{role!~"{NEVER_PAGE}"}})',
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
    "disk: pages for desktops": (f'ratio{{role!~"{NEVER_PAGE}"}}', "ratio"),
    "machine: memory, large machines": ("and on (instance) node_memory_MemAvailable_bytes < 2 * 2^30", ""),
    "machine: memory, a free moment does not count": ("MemTotal_bytes) < 0.05", "MemTotal_bytes) < 0.06"),
    "machine: a move of one ends all alerts": (
        "topk by (instance) (1, group by (instance, site, role) (keskidee_machine_info))",
        "group by (instance, site, role) (keskidee_machine_info)",
    ),
    "machine: clock, behind is not seen": (
        "abs(keskidee_machine_clock_offset_seconds)",
        "keskidee_machine_clock_offset_seconds",
    ),
    "machine: clock, a slow line": ("> 10)", "> 1)"),
    "machine: source, ends with a reboot": ("for: 15m\n        keep_firing_for: 5m", "for: 15m"),
    "hosts: load, by core": (
        "/ count by (instance) (node_cpu_seconds_total",
        "/ group by (instance) (node_cpu_seconds_total",
    ),
    "hosts: time servers of laptops": (f'role!~"{CLIENTS}"}}))\n        for: 1h', 'role!=""}))\n        for: 1h'),
    "hosts: heat without a limit": (
        "(node_hwmon_temp_crit_celsius > 0) - 0",
        "(node_hwmon_temp_crit_celsius > 0) - 20",
    ),
    "hosts: one cosmic ray": (
        "node_edac_correctable_errors_total[1d])) > 10",
        "node_edac_correctable_errors_total[1d])) > 0",
    ),
    "hosts: a bad packet now and then": (
        "rate(node_network_transmit_errs_total[5m])\n            ) > 1",
        "rate(node_network_transmit_errs_total[5m])\n            ) > 0",
    ),
    "storage: no inodes to count": ("(node_filesystem_files > 0)", "node_filesystem_files"),
    "storage: read-only by design": (
        "min_over_time(node_filesystem_readonly[1d]) == 0",
        "node_filesystem_readonly == 1",
    ),
    "storage: healthy disks": ("(smartctl_device_smart_status) == bool 0 > 0", "(smartctl_device_smart_status) >= 0"),
    "clients: systems with years left": ("< 90 * 86400", "< 900 * 86400"),
    "clients: joules": ("node_power_supply_energy_full / (", "node_power_supply_power_watt / ("),
    "polled: a silent camera pages": ("network|power|storage", "network|power|storage|camera"),
    "polled: what a device was is forgotten": (
        'kind=~"network|power|storage"}[7d]',
        'kind=~"network|power|storage"}[1m]',
    ),
    "polled: a socket at a desk": ('ifOperStatus{ifAlias!=""}', "ifOperStatus"),
    "polled: a port that was never up": ("(ifOperStatus offset 1h) == 1", "(ifOperStatus offset 1h) >= 1"),
    "polled: a flicker of the mains": ("for: 1m\n        keep_firing_for: 3m", "for: 0m\n        keep_firing_for: 3m"),
    "polled: a battery that is in use": (
        'unless on (instance) (keskidee_sensor_state{sensor="Output source"} == 5)',
        "",
    ),
    "polled: only what goes out": ('"direction", "out"', '"direction", "in"'),
    "polled: paper": ("input|waste.*", "waste.*"),
    "polled: a morning's ports": ("for: 20m\n        keep_firing_for: 15m", "for: 2m\n        keep_firing_for: 15m"),
    "services: one site's line pages": (
        "expr: max by (service) (probe_success)",
        "expr: min by (service) (probe_success)",
    ),
    "services: slow over one line": (
        "min by (service) (avg_over_time(probe_duration",
        "max by (service) (avg_over_time(probe_duration",
    ),
    "services: two words for one certificate": (">= 3 * 86400", ">= 0"),
    "register: keyboards": ("memory|disk|processor|graphics|battery", ".*"),
    "watching: who is off": ("(keskidee_machine_up) == 1", "(keskidee_machine_up) >= 0"),
    "watching: thinned on purpose": ('{reason!="thinned"}', ""),
    "watching: a backlog that goes": ("min_over_time(keskidee_agent_spool", "max_over_time(keskidee_agent_spool"),
    "itself: collector, forgotten job": ('or absent(up{job="keskidee-collector"})', ""),
    "itself: refused, every day": ("schema_unknown|", ""),
    "itself: clones, for ever": ("increase(keskidee_collector_clones_total[6h])", "keskidee_collector_clones_total"),
    "authority: too late": ("200 * 86400", "100 * 86400"),
    "authority: in use too": ('stage="handing_out"', 'stage=~"handing_out|in_use"'),
    "authority: at once": ("for: 4d", "for: 1d"),
}


def run_promtool(promtool: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool, *words], capture_output=True, text=True)


def test_rules_are_the_ones_that_the_mixin_makes(golden: Callable[[Path, str], None]) -> None:
    golden(RULES, rules(thresholds()))


def test_every_threshold_is_used_and_every_one_that_is_used_is_there() -> None:
    used = {name for part in PARTS for name in PLACE.findall((MIXIN / f"{part}.yml").read_text(encoding="utf-8"))}
    assert used == thresholds().keys()
    assert {f"{part}.yml" for part in PARTS} == {path.name for path in MIXIN.iterdir()}


def test_thresholds_of_ones_own_change_those_alone(tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.yml", tmp_path / "rules.yml"
    mine.write_text("silent_for: 10m\n")
    build("--thresholds", mine, "--out", out)
    assert out.read_text() == rules(thresholds() | {"silent_for": "10m"}) != rules(thresholds())


def test_a_threshold_that_nobody_knows_is_named(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yml"
    mine.write_text("silence_for: 10m\n")
    refused = build("--thresholds", mine, "--out", tmp_path / "rules.yml")
    assert (refused.returncode, "no threshold of ours is named silence_for" in refused.stderr) == (2, True)


def test_an_alert_may_link_to_where_its_runbook_is_read(tmp_path: Path) -> None:
    build("--runbooks", "https://git.example.org/runbooks/", "--out", tmp_path / "rules.yml")
    text = (tmp_path / "rules.yml").read_text(encoding="utf-8")
    assert "runbook_url: https://git.example.org/runbooks/KeskideeMachineSilent.md\n" in text
    assert text.replace("https://git.example.org/runbooks/", "deploy/runbooks/") == RULES.read_text(encoding="utf-8")


def build(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.prometheus.build", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)


def test_promtool_accepts_the_rules(program: Callable[[str], Path]) -> None:
    checked = run_promtool(program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", PROMTOOL_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(path: Path, tmp_path: Path, program: Callable[[str], Path]) -> None:
    subject = narrowed(path, groups_in(RULES.read_text(encoding="utf-8")), tmp_path)
    tested = run_promtool(program("promtool"), "test", "rules", subject)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_promtool_tests_notice_a_change(change: str, tmp_path: Path, program: Callable[[str], Path]) -> None:
    before, after = CHANGES[change]
    text = RULES.read_text(encoding="utf-8")
    assert before in text
    changed = groups_in(text.replace(before, after))
    groups = {name: group for name, group in changed.items() if group != groups_in(text)[name]}
    subject = narrowed(PROMETHEUS / "tests" / f"{change.partition(':')[0]}.yml", groups, tmp_path)
    assert run_promtool(program("promtool"), "check", "rules", tmp_path / "rules.yml").returncode == 0
    tested = run_promtool(program("promtool"), "test", "rules", subject)
    assert re.search("exp:|many-to-many", tested.stdout + tested.stderr)  # not that the file is no file of tests


@cache
def groups_in(text: str) -> dict[str, dict[str, Any]]:
    read = yaml.load(text, yaml.CSafeLoader)  # fifty times, and ten times as fast
    return {group["name"]: group for group in read["groups"]}


def narrowed(path: Path, groups: dict[str, dict[str, Any]], folder: Path) -> Path:
    """A file of promtool tests with those of these groups alone that it is about; promtool evaluates all it has."""
    wanted = yaml.load(
        path.read_text(encoding="utf-8"), yaml.CBaseLoader
    )  # YAML calls 0x80 a number, promtool 81 zeros
    about = {case["alertname"] for case in cases_of(path)}
    kept = [group for group in groups.values() if about & {rule.get("alert") for rule in group["rules"]}]
    alerts = {rule.get("alert") for group in kept for rule in group["rules"]}
    assert kept
    for test in wanted["tests"]:
        test["alert_rule_test"] = [case for case in test.get("alert_rule_test", ()) if case["alertname"] in alerts]
        for sample in (sample for case in test.get("promql_expr_test", ()) for sample in case["exp_samples"]):
            sample["value"] = float(sample["value"])
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": kept}), encoding="utf-8")
    (folder / "tests.yml").write_text(yaml.safe_dump(wanted | {"rule_files": ["rules.yml"]}), encoding="utf-8")
    return folder / "tests.yml"


def test_every_alert_has_a_promtool_test() -> None:
    tested = {case["alertname"] for path in PROMTOOL_TESTS for case in cases_of(path)}
    fired = {case["alertname"] for path in PROMTOOL_TESTS for case in cases_of(path) if case["exp_alerts"]}
    assert tested == fired == {alert["alert"] for alert in ALERTS}


def test_readme_says_of_each_alert_when_it_fires() -> None:
    told = re.findall(r"^\| (Keskidee.+?) \|", (CHECKOUT / "deploy" / "README.md").read_text(), re.MULTILINE)
    told_of_the_chain = {"KeskideeTest"}  # of chain.yml
    assert {name for names in told for name in names.split(", ")} == {
        alert["alert"] for alert in ALERTS
    } | told_of_the_chain


def cases_of(path: Path) -> list[dict[str, Any]]:
    tests = yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    return [case for test in tests for case in test.get("alert_rule_test", ())]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}")
def test_alert_says_what_on_call_needs(alert: dict[str, Any]) -> None:
    assert alert["alert"].startswith("Keskidee") != (alert["alert"] == "Watchdog")
    assert alert["labels"]["severity"] in (
        ("none",) if alert["alert"] == "Watchdog" else ("critical", "warning", "info")
    )
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert "{{" not in alert["annotations"]["summary"], "alerts that are grouped share it"
    assert alert["keep_firing_for"], "a restart ends no alert"
    runbook = CHECKOUT / alert["annotations"]["runbook_url"]
    assert runbook.read_text(encoding="utf-8").startswith(f"# {alert['alert']} (")
