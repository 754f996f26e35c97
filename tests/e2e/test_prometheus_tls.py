"""A collector on any address: Prometheus reads it with the written configuration, over TLS and with its token."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.e2e.chain import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


def test_prometheus_finds_and_reads_machines_over_tls_with_its_token(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> None:
    port, prometheus = free_port(), f"127.0.0.1:{free_port()}"
    data = tmp_path / "data"
    up = [sys.executable, "-m", "keskidee", "up", "--data", str(data), "--listen", f"0.0.0.0:{port}"]
    start(up, ready=rf"^ready https://.+:{port}/$", timeout_seconds=60)
    options = [f"--config.file={data / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    options += [f"--web.listen-address={prometheus}"]
    start([program("prometheus"), *options], ready=f"http://{prometheus}/-/ready")

    def healthy() -> list[tuple[str, str]]:
        with urlopen(f"http://{prometheus}/api/v1/targets", timeout=10) as answer:
            targets = json.load(answer)["data"]["activeTargets"]
        return sorted((t["labels"]["job"], t["scrapeUrl"].partition(":")[0]) for t in targets if t["health"] == "up")

    expected = [("keskidee", "https"), ("keskidee-collector", "https")]
    wait_until("both jobs are read", lambda: healthy() == expected, time.monotonic() + 90)
