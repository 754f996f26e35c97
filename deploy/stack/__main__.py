"""`make stack`: all that stands between an agent and the pager, from Debian's packages and the files we ship.

keskidee up (collector, this machine's agent, pretend machines), Prometheus with our rules, Alertmanager with our
routes, and a receiver that prints what arrives. Ctrl-C ends all; what they kept goes too, unless --data names a folder.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from deploy.stack.receivers import text

CHECKOUT = Path(__file__).parents[2]
COLLECTOR = Path(__file__).with_name("collector.yml")
"""The collector's settings: some of the offices stand at the end of thin links."""
READY_SECONDS = 60
STOP_SECONDS = 15
LOOK_SECONDS = 0.2
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Stopped(Exception):
    """It was asked to end, by Ctrl-C or SIGTERM."""


class Failed(Exception):
    """One of them did not start, or ended by itself; in one line."""


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make stack", description="Runs the whole chain. Options go into ARGS=.")
    parser.add_argument("--simulate", default="40", metavar="N", help="pretend machines (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep what they know there (default: nowhere)")
    for name, port in (("collector", 5375), ("prometheus", 9090), ("alertmanager", 9093), ("receiver", 9095)):
        parser.add_argument(f"--{name}", default=f"127.0.0.1:{port}", metavar="HOST:PORT", help="default: %(default)s")
    return parser.parse_args(words)


def commands(options: argparse.Namespace, data: Path) -> dict[str, list[str]]:
    """The command lines, in the order in which they start."""
    return {
        "receiver": [sys.executable, "-m", "deploy.stack.receiver", "--listen", options.receiver],
        "alertmanager": [
            "prometheus-alertmanager",
            f"--config.file={data / 'alertmanager.yml'}",
            f"--storage.path={data / 'silences'}",
            f"--web.listen-address={options.alertmanager}",
            "--cluster.listen-address=",
        ],
        "keskidee": [
            *(sys.executable, "-m", "keskidee", "up"),
            *("--data", str(data), "--listen", options.collector, "--config", str(COLLECTOR)),
            *("--simulate", options.simulate, "--alertmanager", options.alertmanager),
        ],
        "prometheus": [
            "prometheus",
            f"--config.file={data / 'prometheus.yml'}",
            f"--storage.tsdb.path={data / 'tsdb'}",
            f"--web.listen-address={options.prometheus}",
            "--rules.alert.for-grace-period=1m",
        ],
    }


class Stack:
    """The processes, in the order in which they start."""

    def __init__(self, options: argparse.Namespace, data: Path) -> None:
        self._options, self._data = options, data
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Starts all and waits for each. Raises Failed."""
        configuration = self._data / "alertmanager.yml"
        configuration.write_text(text(f"http://{self._options.receiver}"), encoding="utf-8")
        ready = {
            "alertmanager": f"http://{self._options.alertmanager}/-/ready",
            "keskidee": f"http://{self._options.collector}/readyz",
            "prometheus": f"http://{self._options.prometheus}/-/ready",
        }
        for name, command in commands(self._options, self._data).items():
            self._start(name, command, ready.get(name, ""))

    def watch(self) -> None:
        """Waits until one of them ends, which none should: raises Failed. The alerts show what that means."""
        told: set[str] = set()
        while len(told) < len(self._running):
            for name, process in self._running.items():
                if name not in told and process.poll() is not None:
                    told.add(name)
                    _say(f"{name} has ended (status {process.returncode}); the others go on")
            time.sleep(LOOK_SECONDS)
        raise Failed("all have ended")

    def stop(self) -> None:
        """Ends all, the last first."""
        for process in reversed(self._running.values()):
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str, command: list[str], ready: str = "") -> None:
        log = (self._data / f"{name}.log").open("wb")
        outputs = {} if name == "receiver" else {"stdout": log, "stderr": log}
        # a session of its own: Ctrl-C reaches this process alone, which ends the others in their order
        process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
            [_program(command[0]), *command[1:]],
            cwd=CHECKOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # it calls one C function and touches no lock
            **outputs,
        )
        self._running[name] = process
        deadline = time.monotonic() + READY_SECONDS
        while ready and not _answers(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = Path(log.name).read_text(errors="replace").strip().splitlines()[-1:]
                raise Failed(f"{name} did not start: {' '.join(tail)}")
            time.sleep(LOOK_SECONDS)
        log.close()


def _end_with_parent() -> None:
    """Nothing goes on where this process is killed (prctl(2), PR_SET_PDEATHSIG)."""
    if LIBC is not None:
        LIBC.prctl(1, signal.SIGTERM)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Failed(f"there is no {name}; apt-get install --no-install-recommends prometheus prometheus-alertmanager")
    return found


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _stop(*_: object) -> None:
    raise Stopped


def main() -> int:
    """Runs until Ctrl-C or SIGTERM. Status 1: it could not start."""
    options = arguments()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop)
    with ExitStack() as stack:
        try:
            kept = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keskidee-stack-")))
            kept.mkdir(parents=True, exist_ok=True)
            running = Stack(options, kept.absolute())
            stack.callback(running.stop)
            running.start()
            _say(_where(options, kept))
            running.watch()
        except Stopped:
            for each in (signal.SIGINT, signal.SIGTERM):
                signal.signal(each, signal.SIG_IGN)  # it ends already
            return 0
        except (Failed, OSError) as error:
            sys.stderr.write(f"make stack: {error}\n")
            return 1
    return 0


def _where(options: argparse.Namespace, data: Path) -> str:
    where = f"KESKIDEE_ALERTMANAGER=http://{options.alertmanager} KESKIDEE_PROMETHEUS=http://{options.prometheus}"
    data_of = data / "simulated" if options.simulate != "0" else data
    return f"""
machines and assets   http://{options.collector}/
Prometheus            http://{options.prometheus}/alerts
Alertmanager          http://{options.alertmanager}/
what arrives          below, a line each; the first heartbeat within two minutes
does it arrive?       {where} \\
                      {os.path.relpath(sys.executable)[: -len("python")]}keskidee alert test --data {data_of}
logs                  {data}
Ctrl-C ends all.
ready"""


if __name__ == "__main__":
    sys.exit(main())
