"""A collector on IPv6 addresses: [::1] as any loopback address, [::] as every address of the host."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.transport.identity import read_identity
from keskidee_collector.serving.listener import bind
from tests.agent.transport.test_dial import needs_ipv6

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.collector.served import Served

pytestmark = needs_ipv6


def enrol(served: Served, url: str, state: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "keskidee", "agent", "enrol", url, "--token-file", "-", "--state", str(state)]
    token = subprocess.run(
        [sys.executable, "-m", "keskidee", "collector", "token", "create", "--data", str(served.data)],
        capture_output=True, text=True, timeout=60,
    ).stdout  # fmt: skip
    return subprocess.run(command, input=token, capture_output=True, text=True, timeout=60)


def test_every_address_is_those_of_ipv4_too() -> None:
    listener = bind("::", 0)
    listener.listen()
    port = listener.getsockname()[1]
    for address in ("127.0.0.1", "::1"):
        socket.create_connection((address, port), timeout=5).close()
    listener.close()


@pytest.mark.slow
def test_on_ipv6_loopback_it_serves_plain_http_and_an_agent_enrols(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    served = serve(listen="[::1]:0")
    url = f"http://[::1]:{served.port}"
    done = enrol(served, url, tmp_path / "state")
    assert (done.returncode, done.stderr) == (0, "")
    assert read_identity(tmp_path / "state").collector == url


@pytest.mark.slow
@pytest.mark.parametrize("host", ["[::1]", "127.0.0.1", "localhost"])
def test_on_every_address_it_serves_tls_by_both_families(
    serve: Callable[..., Served], tmp_path: Path, host: str
) -> None:
    served = serve(listen="[::]:0")
    assert isinstance(served.tls, ssl.SSLContext)
    done = enrol(served, f"https://{host}:{served.port}", tmp_path / "state")
    assert (done.returncode, done.stderr) == (0, "")
