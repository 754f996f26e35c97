"""The prometheus.yml that `keskidee up` writes, judged by Debian's promtool."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from keskidee_exporters.prometheus_config import prometheus_yml, scrape_lines, shipped_rules, write_configuration

LOOPBACK = "http://127.0.0.1:5375"
REMOTE = "https://collector.example.org:5375"
ACCESS = {
    "tls_config": {"ca_file": "/k/ca.pem"},
    "authorization": {"type": "Bearer", "credentials_file": "/k/metrics token"},
}


def test_loopback_collector_needs_neither_certificate_nor_token() -> None:
    assert yaml.safe_load(prometheus_yml(scrape_lines(LOOPBACK), [Path("/k/rules/keskidee.yml")])) == {
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
    lines = scrape_lines(REMOTE, ca_file=Path("/k/ca.pem"), token_file=Path("/k/metrics token"))
    machines, itself = yaml.safe_load(lines)["scrape_configs"]
    [discovery] = machines["http_sd_configs"]
    assert [{key: place[key] for key in ACCESS} for place in (machines, discovery, itself)] == [ACCESS] * 3
    assert discovery["url"] == "https://collector.example.org:5375/v1/targets"
    assert (machines["scheme"], itself["scheme"]) == ("https", "https")
    assert itself["static_configs"] == [{"targets": ["collector.example.org:5375"]}]


def test_lines_to_copy_from_a_remote_collector_say_where_the_files_come_from() -> None:
    lines = scrape_lines(REMOTE)
    assert [line for line in lines.splitlines() if line.startswith("#")] == [
        "# /etc/prometheus/keskidee-token is what `keskidee collector token create --scope metrics` prints.",
        f"# /etc/prometheus/keskidee-ca.pem is what {REMOTE}/v1/ca answers; compare its SHA-256 with the join token's.",
    ]
    machines, _ = yaml.safe_load(lines)["scrape_configs"]
    assert machines["tls_config"] == {"ca_file": "/etc/prometheus/keskidee-ca.pem"}
    assert machines["authorization"] == {
        "type": "Bearer",
        "credentials_file": "/etc/prometheus/keskidee-token",
    }


def test_no_alertmanager_is_an_empty_list() -> None:
    assert yaml.safe_load(prometheus_yml(scrape_lines(LOOPBACK), [], alertmanagers=()))["alerting"] == {
        "alertmanagers": [{"static_configs": [{"targets": []}]}]
    }


def test_interval_is_the_one_asked_for() -> None:
    text = prometheus_yml(scrape_lines(LOOPBACK), [], interval_seconds=5)
    assert yaml.safe_load(text)["global"] == {"scrape_interval": "5s", "evaluation_interval": "5s"}


def test_written_rules_are_those_that_are_shipped(tmp_path: Path) -> None:
    write_configuration(tmp_path / "prometheus.yml", url=LOOPBACK, ca_file=None, token_file=None)
    assert {path.name: path.read_bytes() for path in (tmp_path / "rules").iterdir()} == {
        path.name: path.read_bytes() for path in shipped_rules()
    }


def test_writing_again_leaves_nothing_else_behind(tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yml"
    write_configuration(path, url=REMOTE, ca_file=None, token_file=None)
    write_configuration(path, url=LOOPBACK, ca_file=None, token_file=None)
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"][0]["scheme"] == "http"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prometheus.yml", "rules"]


@pytest.mark.parametrize("name", ["plain", "with space", 'quote"back\\slash', "brackets [1]?", "Ünï: #x"])
@pytest.mark.parametrize("url", [LOOPBACK, REMOTE])
def test_promtool_accepts_it_and_finds_the_rules(
    url: str, name: str, tmp_path: Path, program: Callable[[str], Path]
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "ca.pem").touch()
    (folder / "token").touch()
    files = (folder / "ca.pem", folder / "token") if url == REMOTE else (None, None)
    write_configuration(folder / "prometheus.yml", url=url, ca_file=files[0], token_file=files[1])
    checked = subprocess.run(
        [program("promtool"), "check", "config", folder / "prometheus.yml"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    shipped = [yaml.safe_load(path.read_text())["groups"] for path in shipped_rules()]
    counts = [sum(len(group["rules"]) for group in groups) for groups in shipped]
    assert [f"SUCCESS: {count} rules found" in checked.stdout for count in counts] == [True] * len(counts)
