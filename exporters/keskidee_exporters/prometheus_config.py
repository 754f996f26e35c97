"""The configuration with which a Prometheus reads this collector: `DIR/prometheus.yml`, with our rules beside it.

Source: Prometheus 2.42 docs/configuration/configuration.md (scrape_config, http_sd_config, tls_config).
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

INTERVAL_SECONDS = 15
DEBIAN_ALERTMANAGER = "127.0.0.1:9093"
CA_PLACE = Path("/etc/prometheus/keskidee-ca.pem")
TOKEN_PLACE = Path("/etc/prometheus/keskidee-token")


def write_configuration(
    path: Path,
    *,
    url: str,
    ca_file: Path | None,
    token_file: Path | None,
    alertmanagers: tuple[str, ...] = (DEBIAN_ALERTMANAGER,),
    interval_seconds: int = INTERVAL_SECONDS,
) -> None:
    """Writes the configuration for the collector at `url` to `path`, and our rules to the folder `rules` beside it.

    Files are absolute, and None where they are not needed (a loopback collector); `alertmanagers` are HOST:PORT.
    The rules are copied because a Prometheus may not be allowed to read where Python keeps its packages.
    Raises OSError.
    """
    folder = path.absolute().parent / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    for each in shipped_rules():
        _replace(folder / each.name, each.read_text(encoding="utf-8"))
    rules = [folder / each.name for each in shipped_rules()]
    scrapes = scrape_lines(url, ca_file=ca_file, token_file=token_file)
    _replace(path, prometheus_yml(scrapes, rules, alertmanagers=alertmanagers, interval_seconds=interval_seconds))


def prometheus_yml(
    scrapes: str,
    rule_files: list[Path],
    *,
    alertmanagers: tuple[str, ...] = (DEBIAN_ALERTMANAGER,),
    interval_seconds: int = INTERVAL_SECONDS,
) -> str:
    """A whole prometheus.yml around the lines that `scrape_lines` gives. `rule_files` are absolute."""
    return f"""\
# Written by keskidee at each start; what you change here is lost. Use it as it is (prometheus --config.file=...),
# or take the two jobs and the rules into your own.
global:
  scrape_interval: {interval_seconds}s
  evaluation_interval: {interval_seconds}s

rule_files: {_quoted([_without_wildcards(path) for path in rule_files])}

alerting:
  alertmanagers:
    - static_configs:
        - targets: {_quoted(list(alertmanagers))}

{scrapes}"""


def scrape_lines(url: str, *, ca_file: Path | None = None, token_file: Path | None = None) -> str:
    """The section `scrape_configs` for the collector at `url` (no path), as YAML.

    With https and no files it names the places where Debian's Prometheus would have them, and says how to get them.
    """
    address = urlsplit(url)
    access = _access(address.scheme, ca_file, token_file)
    hint = _how_to_get_in(url.rstrip("/")) if address.scheme == "https" and not token_file else ""
    return f"""\
{hint}\
scrape_configs:
  # A page a machine; the collector says which. honor_labels, because pages name their machine themselves.
  - job_name: keskidee
    honor_labels: true
    scheme: {address.scheme}
{_indented(access, 4)}\
    http_sd_configs:
      - url: {_quoted(f"{url.rstrip('/')}/v1/targets")}
        refresh_interval: 30s
{_indented(access, 8)}\

  # Who is there and who is silent, and how the collector itself is.
  - job_name: keskidee-collector
    honor_labels: true
    scheme: {address.scheme}
    metrics_path: /metrics/self
{_indented(access, 4)}\
    static_configs:
      - targets: {_quoted([address.netloc])}
"""


def shipped_rules() -> list[Path]:
    """Our rule files: in this package when it was installed from a wheel, in deploy/ in a checkout."""
    installed, checkout = Path(__file__).parent / "rules", Path(__file__).parents[2] / "deploy/prometheus/rules"
    return sorted((installed if installed.is_dir() else checkout).glob("*.yml"))


def _access(scheme: str, ca_file: Path | None, token_file: Path | None) -> str:
    """The lines that scrapes and service discovery both need to be let in; none on a loopback address."""
    lines = ""
    if scheme == "https":
        lines += f"tls_config:\n  ca_file: {_quoted(str(ca_file or CA_PLACE))}\n"
    if scheme == "https" or token_file:
        # said though it is the default: http_sd of Prometheus 2.42 forgets it, and sends the bare token
        lines += "authorization:\n  type: Bearer\n"
        lines += f"  credentials_file: {_quoted(str(token_file or TOKEN_PLACE))}\n"
    return lines


def _how_to_get_in(url: str) -> str:
    return f"""\
# {TOKEN_PLACE} is what `keskidee collector token create --scope metrics` prints.
# {CA_PLACE} is what {url}/v1/ca answers; compare its SHA-256 with the join token's.
"""


def _quoted(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)  # what JSON says of texts and lists, YAML says too


def _indented(lines: str, spaces: int) -> str:
    return re.sub("^(?=.)", " " * spaces, lines, flags=re.MULTILINE)


def _without_wildcards(path: Path) -> str:
    """The path as a pattern that matches itself alone. Prometheus refuses a `*` in a folder, escaped or not."""
    return re.sub(r"([?\[\\])", r"\\\1", str(path)) if os.sep == "/" else str(path)


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
