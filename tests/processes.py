"""Programs that tests start: they are ready when a URL answers 200 or a line appears, and end with the test."""

import contextlib
import ctypes
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

STOP_SECONDS = 15
PR_SET_PDEATHSIG = 1  # prctl(2)
LOG_LINES_SHOWN = 60
PORTS = range(10_000, 32_768)
_FIRST = random.randrange(len(PORTS))  # so that two runs, or two workers of one, hardly ever try the same
_PORTS: Iterator[int] = itertools.cycle([*PORTS[_FIRST:], *PORTS[:_FIRST]])


LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_the_tests() -> None:
    """A test run that is killed leaves no Prometheus behind. The thread that starts a program must outlive it."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class NotReady(AssertionError):
    """A program ended or stayed silent before it was ready; the text holds the end of its log."""


class Process:
    """A running program. Its stdout and stderr go to files, so that no pipe fills up."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Starts `argv` at once; `environment` is added to the test's own."""
        self.argv = [str(word) for word in argv]
        self.name = Path(self.argv[0]).name
        folder.mkdir(parents=True, exist_ok=True)
        self._stdout, self._stderr = folder / "stdout", folder / "stderr"
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self.popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                preexec_fn=_end_with_the_tests,  # noqa: PLW1509  # it calls one C function and touches no lock
                start_new_session=True,  # its children end with it, and a Ctrl-C at the tests does not reach it first
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def stdout(self) -> str:
        return self._stdout.read_text(encoding="utf-8", errors="replace")

    @property
    def stderr(self) -> str:
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    def log_tail(self) -> str:
        """The command line and the last lines of both outputs, for a person who reads a failure."""
        tails = [
            f"--- {name}\n" + "\n".join(text.splitlines()[-LOG_LINES_SHOWN:])
            for name, text in (("stdout", self.stdout), ("stderr", self.stderr))
            if text
        ]
        return "\n".join([f"$ {' '.join(self.argv)}   (exit {self.popen.poll()})", *tails])

    def wait_ready(self, ready: str, timeout_seconds: float = 30) -> re.Match[str] | None:
        """Waits until `ready` holds: a URL that answers 200, or else a regular expression that matches in its output.

        Gives the match of the line. Raises NotReady when the program ends first or the time is over.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            if ready.startswith(("http://", "https://")):
                if _answers(ready):
                    return None
            elif match := re.search(ready, f"{self.stdout}\n{self.stderr}", re.MULTILINE):
                return match
            if self.popen.poll() is not None:
                raise NotReady(f"{self.name} ended before it was ready ({ready})\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise NotReady(f"{self.name} was not ready ({ready}) within {timeout_seconds} s\n{self.log_tail()}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends the program and gives its exit status; kills it, and what it started, when it does not listen."""
        if self.popen.poll() is None:
            self.popen.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(STOP_SECONDS)
        self._kill_group()
        return self.popen.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # nobody is left in it
            os.killpg(self.pid, signal.SIGKILL)


class Start(Protocol):
    """What the fixture `start` gives: `start(argv, ready=...)` runs a program until the end of the test."""

    def __call__(
        self,
        argv: Sequence[str | Path],
        *,
        ready: str | None = None,
        timeout_seconds: float = 30,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Process: ...


def is_alive(pid: int) -> bool:
    """A killed process lives until it next has a processor, and one that nobody waited for has ended all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def find_free_port() -> int:
    """A port of 127.0.0.1, of TCP and of UDP, that nobody listens on now, and that no outgoing connection takes before
    the program that it is for: those are given ports of 32768 and more (ip(7), ip_local_port_range).
    """
    return next(port for port in _PORTS if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False
