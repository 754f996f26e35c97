"""Where a benchmark runs: a folder, the programs it starts, and what it says while it runs."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.processes import Process
from tests.programs import SYSTEM_PATH, debian_packages

NODE_EXPORTER = "prometheus-node-exporter"
PUSHGATEWAY = "prometheus-pushgateway"


class Missing(Exception):
    """A peer is not installed; the text says how to install it."""


class Stand:
    """One benchmark's programs; `stop` ends them all."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder = folder
        self.quick = quick
        self._started: list[Process] = []

    def start(self, argv: Sequence[str | Path], ready: str) -> Process:
        """Starts a program and waits until `ready` holds (a URL, or a pattern in what it prints)."""
        process = Process(argv, self.folder / f"process-{len(self._started)}")
        self._started.append(process)
        process.wait_ready(ready, 60)
        return process

    def adopt(self, process: Process) -> None:
        """Takes a program that was started elsewhere, to stop it with the others."""
        self._started.append(process)

    def logs(self) -> str:
        """The end of what every program wrote, for a person who reads a failure."""
        return "\n".join(process.log_tail() for process in self._started)

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Waits for something to come true. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come within {seconds:g} s")
            time.sleep(0.2)

    def stop(self) -> None:
        """Ends everything that was started, the last first."""
        for process in reversed(self._started):
            process.stop()
        self._started.clear()


def program(name: str) -> Path:
    """Where a peer is. Raises Missing."""
    found = shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise Missing(f"{name} is not installed: apt-get install {debian_packages()[name]}")
    return Path(found)


def version_of(name: str) -> str:
    """What `--version` of a peer says first, such as `node_exporter, version 1.5.0`."""
    done = subprocess.run([program(name), "--version"], capture_output=True, text=True, timeout=30)
    return (done.stdout or done.stderr).splitlines()[0].split(" (")[0]


def say(text: str) -> None:
    """Tells the person who waits what is going on."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
