"""`make stack` and the Docker stack: the same rules, routes, dashboards and settings, from the same files."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deploy.docker import health
from deploy.stack import receivers
from deploy.stack.__main__ import COLLECTOR, arguments, commands
from deploy.stack.receiver import Heartbeat, said
from tests.collector.served import Served
from tests.conftest import CHECKOUT
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Start

pytestmark = pytest.mark.slow

COMPOSE = CHECKOUT / "deploy/docker/compose.yml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
DATA = CHECKOUT / "nowhere"


def test_alertmanagers_settings_are_the_shipped_ones_but_for_the_receivers(
    program: Callable[[str], Path], golden: Callable[[Path, str], None]
) -> None:
    golden(receivers.WRITTEN, receivers.text())
    checked = subprocess.run([program("amtool"), "check-config", receivers.WRITTEN], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    shipped, ours = (yaml.safe_load(path.read_text()) for path in (receivers.SHIPPED, receivers.WRITTEN))
    assert [row["name"] for row in ours.pop("receivers")] == [row["name"] for row in shipped.pop("receivers")]
    assert shipped | {"global": None} == ours | {"global": None}


def test_docker_compose_accepts_the_file(program: Callable[[str], Path]) -> None:
    command = [str(program("docker-compose")), "-f", str(COMPOSE), "config", "--quiet"]
    checked = subprocess.run(command, capture_output=True, text=True, cwd=COMPOSE.parent)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def flags(words: list[str]) -> dict[str, str]:
    """Flags with their values; folders and files of each stack's own are `...`."""
    pairs = [word.partition("=") for word in words]
    return {name: "..." if value.startswith("/") else value for name, _, value in pairs}


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_both_stacks_start_it_with_the_same_flags(name: str) -> None:
    [_, *ours] = commands(arguments([]), DATA)[name]
    assert flags(SERVICES[name]["command"]) == flags(ours)


def test_both_stacks_start_keskidee_alike() -> None:
    words = commands(arguments([]), DATA)["keskidee"][3:]
    default = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", word) for word in SERVICES["keskidee"]["command"]]
    there = {str(DATA): "/var/lib/keskidee", str(COLLECTOR): "/etc/keskidee/collector.yml"}
    assert default == [there.get(word, word) for word in words]


def test_prometheus_reads_what_keskidee_writes_for_it_and_so_our_rules() -> None:
    volume = "keskidee:/var/lib/keskidee"
    assert (volume in SERVICES["keskidee"]["volumes"], f"{volume}:ro" in SERVICES["prometheus"]["volumes"]) == (
        True,
        True,
    )
    assert SERVICES["prometheus"]["command"][0] == "--config.file=/var/lib/keskidee/prometheus.yml"


def test_what_is_mounted_from_the_checkout_is_the_files_we_ship() -> None:
    mounts = [each.split(":") for service in SERVICES.values() for each in service.get("volumes", [])]
    found = {(COMPOSE.parent / mount[0]).resolve() for mount in mounts if mount[0].startswith(".")}
    deploy = CHECKOUT / "deploy"
    assert found == {receivers.WRITTEN, COLLECTOR, deploy / "grafana/provisioning", deploy / "grafana/dashboards"}
    assert all(path.exists() for path in found)
    [provider] = yaml.safe_load((deploy / "grafana/provisioning/dashboards/keskidee.yml").read_text())["providers"]
    assert provider["options"]["path"] in [mount[1] for mount in mounts]


def test_the_image_runs_as_nobody_and_asks_itself_whether_it_is_ready() -> None:
    last = (COMPOSE.parent / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert re.findall(r"^(?:USER|VOLUME|HEALTHCHECK .* CMD|ENTRYPOINT) (.*)$", last, re.MULTILINE) == [
        "65534:65534",
        "/var/lib/keskidee",
        '["python", "/opt/keskidee/health.py"]',
        '["keskidee"]',
    ]
    default = re.sub(r"\$\{\w+:-(.*)\}", r"\1", SERVICES["keskidee"]["environment"]["KESKIDEE_LISTEN"])
    assert (default, SERVICES["keskidee"]["command"][4]) == (health.LISTEN, f"${{KESKIDEE_LISTEN:-{health.LISTEN}}}")


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        (health.LISTEN, "http://127.0.0.1:5375/readyz"),
        ("0.0.0.0:443", "https://127.0.0.1:443/readyz"),
        ("[::]:5375", "https://[::1]:5375/readyz"),
        ("[::1]:5375", "http://[::1]:5375/readyz"),
        ("collector.example.org:5375", "https://collector.example.org:5375/readyz"),
    ],
)
def test_the_health_check_asks_where_the_collector_listens(listen: str, url: str) -> None:
    assert health.ready_url(listen) == url


def test_the_health_check_says_whether_the_collector_is_ready(tmp_path: Path, free_port: Callable[[], int]) -> None:
    served = Served(tmp_path, {})
    try:
        assert health_of(f"127.0.0.1:{served.port}") == (0, "")
    finally:
        served.stop()
    status, said = health_of(f"127.0.0.1:{free_port()}")
    assert (status, said.partition(":")[0]) == (1, "not ready")


def health_of(listen: str) -> tuple[int, str]:
    """Status and complaint of the health check, which needs nothing that is not in the standard library."""
    command = [sys.executable, "-I", str(COMPOSE.parent / "health.py")]
    done = subprocess.run(command, env={"KESKIDEE_LISTEN": listen}, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def test_versions_are_pinned() -> None:
    text = COMPOSE.read_text() + (COMPOSE.parent / "Dockerfile").read_text()
    images = re.findall(r"(?:image:|FROM) (\S+)", text)
    assert [image for image in images if not re.search(r":v?\d+\.\d+\.\d+", image)] == []


def test_the_receiver_says_what_came_and_once_that_the_heartbeat_stays_away() -> None:
    told: list[str] = []
    heartbeat = Heartbeat(0.0, told.append)
    heartbeat.look()
    heartbeat.came()

    def is_missed() -> bool:
        heartbeat.look()
        return len(told) > 1

    wait_until(is_missed)
    heartbeat.look()
    heartbeat.came()
    assert told == [
        "heartbeat: it comes",
        "heartbeat: it STAYS AWAY; Prometheus, Alertmanager or the way between them has failed",
        "heartbeat: it comes again",
    ]
    alert = {"labels": {"alertname": "KeskideeMachineSilent", "instance": "files", "site": "suva"}}
    assert said("/on-call", {"status": "firing", "alerts": [alert]}) == (
        "on-call: firing: KeskideeMachineSilent files suva"
    )


def test_one_command_starts_all_says_where_to_look_and_ends_all(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> None:
    program("prometheus")
    program("prometheus-alertmanager")
    ports = {name: f"127.0.0.1:{free_port()}" for name in ("collector", "prometheus", "alertmanager", "receiver")}
    words = [word for name, address in ports.items() for word in (f"--{name}", address)]
    command = [sys.executable, "-m", "deploy.stack", "--data", str(tmp_path / "kept"), "--simulate", "3"]
    stack = start([*command, *words], cwd=CHECKOUT, ready=r"^ready$", timeout_seconds=60)
    told = stack.stdout
    assert [address in told for address in ports.values()] == [True, True, True, False]
    stack.popen.send_signal(signal.SIGINT)
    assert stack.popen.wait(90) == 0
    assert [name for name in ports.values() if answers(name)] == []


def answers(address: str) -> bool:
    """Whether somebody listens there."""
    host, _, port = address.partition(":")
    with socket.socket() as line:
        return line.connect_ex((host, int(port))) == 0
