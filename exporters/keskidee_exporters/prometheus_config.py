"""The configuration with which a Prometheus reads this collector: `DIR/prometheus.yml`, with our rules beside it.

Source: Prometheus 2.42 docs/configuration/configuration.md (scrape_config, http_sd_config, tls_config).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

DEBIAN_ALERTMANAGER = "127.0.0.1:9093"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """How Prometheus reaches the collector. `address` is HOST:PORT; files are absolute, and None where not needed."""

    address: str
    scheme: str = "http"
    ca_file: Path | None = None
    token_file: Path | None = None
    interval_seconds: int = 15

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"


def prometheus_yml(
    collector: Collector, rule_files: list[Path], alertmanagers: tuple[str, ...] = (DEBIAN_ALERTMANAGER,)
) -> str:
    """The whole file, as YAML. `rule_files` are absolute; `alertmanagers` are HOST:PORT, none is allowed."""
    access = _access(collector)
    return f"""\
# Written by keskidee at each start; what you change here is lost. Use it as it is,
#   prometheus --config.file=prometheus.yml
# or copy the two jobs and the rule files into your own. honor_labels is needed: pages name their machine themselves.
global:
  scrape_interval: {collector.interval_seconds}s
  evaluation_interval: {collector.interval_seconds}s

rule_files: {_quoted([_without_wildcards(path) for path in rule_files])}

alerting:
  alertmanagers:
    - static_configs:
        - targets: {_quoted(list(alertmanagers))}

scrape_configs:
  # A page a machine. The list comes from the collector; machines that are off or retired leave it.
  - job_name: keskidee
    honor_labels: true
    scheme: {collector.scheme}
{_indented(access, 4)}\
    http_sd_configs:
      - url: {_quoted(f"{collector.url}/v1/targets")}
        refresh_interval: 30s
{_indented(access, 8)}\

  # Who is there and who is silent, and how the collector itself is.
  - job_name: keskidee-collector
    honor_labels: true
    scheme: {collector.scheme}
    metrics_path: /metrics/self
{_indented(access, 4)}\
    static_configs:
      - targets: {_quoted([collector.address])}
"""


def write_prometheus_yml(
    folder: Path, collector: Collector, alertmanagers: tuple[str, ...] = (DEBIAN_ALERTMANAGER,)
) -> Path:
    """Writes `folder`/prometheus.yml and, copied beside it, `folder`/rules. Gives the path of the first.

    The rules are copied because a Prometheus may not be allowed to read where Python keeps its packages.
    Raises OSError.
    """
    rules = folder.absolute() / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    for each in shipped_rules():
        _replace(rules / each.name, each.read_text(encoding="utf-8"))
    path = folder.absolute() / "prometheus.yml"
    _replace(path, prometheus_yml(collector, [rules / each.name for each in shipped_rules()], alertmanagers))
    return path


def shipped_rules() -> list[Path]:
    """Our rule files: in this package when it was installed from a wheel, in deploy/ in a checkout."""
    installed, checkout = Path(__file__).parent / "rules", Path(__file__).parents[2] / "deploy/prometheus/rules"
    return sorted((installed if installed.is_dir() else checkout).glob("*.yml"))


def _access(collector: Collector) -> str:
    """The lines that a scrape and the service discovery both need to be let in."""
    lines = ""
    if collector.ca_file is not None:
        lines += f"tls_config:\n  ca_file: {_quoted(str(collector.ca_file))}\n"
    if collector.token_file is not None:
        lines += f"authorization:\n  credentials_file: {_quoted(str(collector.token_file))}\n"
    return lines


def _quoted(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)  # what JSON says of texts and lists, YAML says too


def _indented(lines: str, spaces: int) -> str:
    return re.sub("^(?=.)", " " * spaces, lines, flags=re.MULTILINE)


def _without_wildcards(path: Path) -> str:
    """The path as a pattern that matches itself alone. Prometheus refuses a `*` in a folder, escaped or not."""
    return re.sub(r"([?\[\\])", r"\\\1", str(path)) if os.sep == "/" else str(path)


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
