"""The prometheus.yml that `keskidee up` writes, judged by Debian's promtool."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from keskidee_exporters.prometheus_config import Collector, prometheus_yml, shipped_rules, write_prometheus_yml

LOOPBACK = Collector(address="127.0.0.1:5375")
REMOTE = Collector(
    address="collector.example.org:5375", scheme="https", ca_file=Path("/k/ca.pem"), token_file=Path("/k/metrics token")
)
ACCESS = {"tls_config": {"ca_file": "/k/ca.pem"}, "authorization": {"credentials_file": "/k/metrics token"}}


def test_loopback_collector_needs_neither_certificate_nor_token() -> None:
    assert yaml.safe_load(prometheus_yml(LOOPBACK, [Path("/k/rules/keskidee.yml")])) == {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": ["/k/rules/keskidee.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}]},
        "scrape_configs": [
            {
                "job_name": "keskidee",
                "honor_labels": True,
                "scheme": "http",
                "http_sd_configs": [{"url": "http://127.0.0.1:5375/v1/targets", "refresh_interval": "30s"}],
            },
            {
                "job_name": "keskidee-collector",
                "honor_labels": True,
                "scheme": "http",
                "metrics_path": "/metrics/self",
                "static_configs": [{"targets": ["127.0.0.1:5375"]}],
            },
        ],
    }


def test_remote_collector_is_trusted_and_told_the_token_at_each_of_its_three_addresses() -> None:
    machines, itself = yaml.safe_load(prometheus_yml(REMOTE, []))["scrape_configs"]
    [discovery] = machines["http_sd_configs"]
    assert [{key: place[key] for key in ACCESS} for place in (machines, discovery, itself)] == [ACCESS] * 3
    assert discovery["url"] == "https://collector.example.org:5375/v1/targets"
    assert (machines["scheme"], itself["scheme"]) == ("https", "https")


def test_no_alertmanager_is_an_empty_list() -> None:
    assert yaml.safe_load(prometheus_yml(LOOPBACK, [], ()))["alerting"] == {
        "alertmanagers": [{"static_configs": [{"targets": []}]}]
    }


def test_interval_is_that_of_the_collector() -> None:
    text = prometheus_yml(replace(LOOPBACK, interval_seconds=5), [])
    assert yaml.safe_load(text)["global"] == {"scrape_interval": "5s", "evaluation_interval": "5s"}


def test_written_rules_are_those_that_are_shipped(tmp_path: Path) -> None:
    write_prometheus_yml(tmp_path, LOOPBACK)
    assert {path.name: path.read_bytes() for path in (tmp_path / "rules").iterdir()} == {
        path.name: path.read_bytes() for path in shipped_rules()
    }


def test_writing_again_leaves_nothing_else_behind(tmp_path: Path) -> None:
    first = write_prometheus_yml(tmp_path, REMOTE).read_text(encoding="utf-8")
    second = write_prometheus_yml(tmp_path, LOOPBACK).read_text(encoding="utf-8")
    assert first != second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prometheus.yml", "rules"]


@pytest.mark.parametrize("name", ["plain", "with space", 'quote"back\\slash', "brackets [1]?", "Ünï: #x"])
@pytest.mark.parametrize("collector", [LOOPBACK, REMOTE], ids=["loopback", "remote"])
def test_promtool_accepts_it_and_finds_the_rules(
    collector: Collector, name: str, tmp_path: Path, program: Callable[[str], Path]
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    if collector.ca_file:
        collector = replace(collector, ca_file=folder / "ca.pem", token_file=folder / "token")
        (folder / "ca.pem").touch()
        (folder / "token").touch()
    path = write_prometheus_yml(folder, collector)
    checked = subprocess.run([program("promtool"), "check", "config", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "SUCCESS: 9 rules found" in checked.stdout
