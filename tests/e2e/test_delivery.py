"""The agent and the collector over a wire that counts and a collector that dies."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acknowledged import one_machines
from tests.processes import Process, Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

REPORTS = 20


def keskidee(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "keskidee", *map(str, words)]


class CountingProxy:
    """Passes TCP connections on to a port of this host and counts them."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            there = socket.create_connection(("127.0.0.1", self._to))
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            sink.close()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "collector"


@pytest.fixture
def tls_collector(start: Start, free_port, data: Path) -> int:  # type: ignore[no-untyped-def]
    """The port of a collector that listens on every address, so with TLS."""
    port: int = free_port()
    start(keskidee("collector", "serve", "--data", data, "--listen", f"0.0.0.0:{port}"), ready="^ready https://")
    return port


@pytest.fixture
def proxy(tls_collector: int) -> Iterator[CountingProxy]:
    proxy = CountingProxy(tls_collector)
    yield proxy
    proxy.close()


def enrol(data: Path, url: str, state: Path) -> None:
    token = subprocess.run(
        keskidee("collector", "token", "create", "--data", data), capture_output=True, check=True
    ).stdout
    subprocess.run(keskidee("agent", "enrol", url, "--token-file", "-", "--state", state), input=token, check=True)


def run_agent(start: Start, state: Path) -> Process:
    process: Process = start(keskidee("agent", "run", "--state", state, "--interval", "1"))
    return process


def taken(data: Path) -> list[list[int]]:
    """The ranges of sequences that the one session of the one machine has acknowledged, as they stand on disk."""
    return next(iter(one_machines(data).values()), [])


def wait_for(data: Path, count: int, seconds: float = 60) -> list[list[int]]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ranges = taken(data)
        if sum(last - first + 1 for first, last in ranges) >= count:
            return ranges
        time.sleep(0.2)
    pytest.fail(f"not {count} reports within {seconds} s: {ranges}")


def test_twenty_reports_take_one_tls_handshake(proxy: CountingProxy, data: Path, start: Start, tmp_path: Path) -> None:
    enrol(data, f"https://127.0.0.1:{proxy.port}", tmp_path / "agent")
    before = proxy.connections
    run_agent(start, tmp_path / "agent")
    wait_for(data, REPORTS)
    assert proxy.connections - before == 1


def test_an_agent_goes_on_by_itself_after_its_collector_was_killed(
    start: Start,
    free_port: Callable[[], int],
    data: Path,
    tmp_path: Path,
) -> None:
    listen = f"127.0.0.1:{free_port()}"
    serve = keskidee("collector", "serve", "--data", data, "--listen", listen)
    first = start(serve, ready="^ready ")
    enrol(data, f"http://{listen}", tmp_path / "agent")
    run_agent(start, tmp_path / "agent")
    [[_, acknowledged]] = wait_for(data, 3)
    first.popen.kill()
    first.popen.wait()
    time.sleep(4)  # reports pile up in the agent's spool meanwhile
    start(serve, ready="^ready ")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ranges = taken(data)
        if len(ranges) == 1 and ranges[0][1] >= acknowledged + 8:
            break
        time.sleep(0.2)
    assert ranges == [[0, ranges[0][1]]]
