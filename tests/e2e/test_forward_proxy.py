"""An agent behind a real HTTP proxy that asks for a password: it joins, reports, and outlives the proxy's death."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.transport.identity import read_identity
from tests.e2e.chain import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.collector.served import Served
    from tests.processes import Process, Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

TINYPROXY = """\
Port {port}
Listen 127.0.0.1
BasicAuth me s3cret
Timeout 600
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A collector that speaks TLS."""
    from tests.collector.served import Served

    (tmp_path / "served").mkdir()
    collector = Served(tmp_path / "served", {"interval_seconds": 1}, listen="0.0.0.0:0")
    yield collector
    collector.stop()


def test_an_agent_behind_tinyproxy_joins_reports_and_outlives_it(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], served: Served, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "tinyproxy.conf").write_text(TINYPROXY.format(port=port))

    def start_proxy() -> Process:
        return start([program("tinyproxy"), "-d", "-c", tmp_path / "tinyproxy.conf"], ready="Accepting connections")

    proxy = start_proxy()
    (tmp_path / "credentials").write_text("me:s3cret\n")
    settings = tmp_path / "agent.yml"
    settings.write_text(
        f"proxy: http://127.0.0.1:{port}\nproxy_credentials_file: {tmp_path}/credentials\ninterval_seconds: 1\n"
    )
    (tmp_path / "token").write_text(served.token())
    url = f"https://127.0.0.1:{served.port}"

    def agent(*words: str) -> list[str]:
        where = ["--config", str(settings), "--state", str(tmp_path / "state")]
        return [sys.executable, "-m", "keskidee", "agent", *words, *where]

    start(agent("enrol", url, "--token-file", str(tmp_path / "token")), ready="^enrolled as ")
    page = f"/metrics/machines/{read_identity(tmp_path / 'state').machine_id}"
    doctor = subprocess.run(agent("doctor"), capture_output=True, text=True, timeout=60).stdout
    assert f"way        proxy 127.0.0.1:{port} (proxy in the settings)\n" in doctor
    assert "answer     ok       it is a collector\n" in doctor

    running = start(agent("run"))
    until = time.monotonic() + 60
    bearer = {"Authorization": f"Bearer {served.token(scope='metrics')}"}

    def is_shown() -> bool:
        return b"\nnode_load1{" in served.ask("GET", page, headers=bearer).body

    wait_until("the first report", is_shown, until)
    proxy.stop()
    wait_until("a failure", lambda: f"unreachable: proxy 127.0.0.1:{port}: " in running.stderr, until)
    start_proxy()
    wait_until("delivery", lambda: "delivery=working" in running.stderr, until)
    assert "s3cret" not in running.stderr + doctor
