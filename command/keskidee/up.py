"""`keskidee up`: the collector, this machine's agent and, if wanted, pretend machines, in one command.

The collector runs in this process; the agent and the simulator are children that end when this process ends, however
it ends: each watches a pipe that this process holds open.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from keskidee_collector.serving.serve import Running

LISTEN = "127.0.0.1:5375"
STOP_SECONDS = 5
PROMETHEUS_FILE = "prometheus.yml"
METRICS_TOKEN_FILE = "prometheus.token"  # noqa: S105  # a file name
JOIN_SECONDS = 600
SIMULATED_AT_MOST = 20_000
EXAMPLES = """\
examples
  keskidee up                          watch this machine: http://127.0.0.1:5375/
  keskidee up --simulate 50            with fifty pretend machines to look around
  keskidee up --listen 0.0.0.0:5375    for other machines too: with TLS, and tokens to read and to join"""


def add_commands(subparsers: Any) -> None:
    """Adds `up` to the command line."""
    from keskidee_config import data_directory

    parser = subparsers.add_parser(
        "up", help="collector and this machine's agent in one command", description="Runs a collector and this "
        "machine's agent, enrolled, and writes a Prometheus configuration that reads them. Ctrl-C stops all.",
        epilog=EXAMPLES,
    )  # fmt: skip
    parser.add_argument("--data", metavar="DIR", type=Path, default=data_directory(), help="default: %(default)s")
    parser.add_argument("--listen", metavar="HOST:PORT", help=f"default {LISTEN}; any address but loopback means TLS")
    parser.add_argument("--config", metavar="FILE", type=Path, help="the collector's settings (collector.example.yml)")
    parser.add_argument(
        "--alertmanager", metavar="HOST:PORT", type=_address,
        help="where the Prometheus configuration sends alerts (default: 127.0.0.1:9093)",
    )  # fmt: skip
    parser.add_argument(
        "--simulate", metavar="N", type=_count, default=0,
        help="N pretend machines through the real protocol, kept apart in DIR/simulated",
    )  # fmt: skip
    parser.set_defaults(run=run)


def _address(text: str) -> str:
    from keskidee_config import host_and_port

    try:
        host_and_port(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > SIMULATED_AT_MOST:
        raise argparse.ArgumentTypeError(f"a number of machines from 0 to {SIMULATED_AT_MOST}, not {text}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Runs until Ctrl-C or SIGTERM."""
    from keskidee_collector.commands.commands import collector_settings
    from keskidee_collector.serving import loop
    from keskidee_collector.serving.serve import CannotStart, serve, setup_logging

    settings = collector_settings(args.config, args.listen)
    setup_logging()
    home = args.data.absolute()
    # pretend machines and their register never mix with the real ones: another start without them must not page
    household = Household(home, home / "simulated" if args.simulate else home, args.simulate, args.alertmanager)
    try:
        household.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        loop.run(serve(settings, household.directory / "collector", household.beside))
    except CannotStart as error:
        print(f"keskidee: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        place = error.filename or household.directory
        print(f"keskidee: {place}: {error.strerror or error}; name a folder of yours with --data", file=sys.stderr)
        return 1
    return 0


class Household:
    """What lives beside the collector: the agent, the simulator, and the files for Prometheus.

    `home` is what the user named; `directory` is where everything is kept, below it when machines are simulated.
    """

    def __init__(self, home: Path, directory: Path, simulated: int, alertmanager: str | None = None) -> None:
        self.directory = directory
        self._home = home
        self._simulated = simulated
        self._alertmanager = alertmanager
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = False

    @asynccontextmanager
    async def beside(self, running: Running) -> AsyncIterator[None]:
        """Starts everything, says that it is ready, and stops the children first at the end."""
        watches = []
        try:
            await self._write_prometheus(running)
            await self._enrol_agent(running)
            watches.append(asyncio.create_task(self._child("agent", self._agent_command())))
            if self._simulated:
                tokens = {
                    "KESKIDEE_TOKEN": await self._token(running, "join", seconds=None),
                    "KESKIDEE_REGISTER_TOKEN": await self._token(running, "api-write", seconds=JOIN_SECONDS),
                }
                command = self._simulator_command(running)
                watches.append(asyncio.create_task(self._child("simulator", command, **tokens)))
            print(f"data in {self.directory}; Prometheus: --config.file={self._home / PROMETHEUS_FILE}")
            if running.ca_file:
                asked = f"keskidee collector token create --scope api --data {self.directory}"
                print(f"reading needs a token, in a browser as password with any name: {asked}")
            print(f"ready {running.url}/", flush=True)
            yield
        finally:
            await self._stop_children()
            for watch in watches:
                await watch

    async def _enrol_agent(self, running: Running) -> None:
        """Enrols this machine's agent, unless it is one of this collector's machines already."""
        state = self.directory / "agent"
        if self._is_enrolled(running, state):
            return
        token = await self._token(running, "join", seconds=JOIN_SECONDS, uses=1)
        command = [*_keskidee("agent", "enrol", running.url), "--token-file", "-", "--state", str(state), "--force"]
        child = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        await child.communicate(token.encode())
        if child.returncode:
            print("keskidee: this machine's agent could not enrol; the collector runs on", file=sys.stderr)

    def _is_enrolled(self, running: Running, state: Path) -> bool:
        import json

        try:
            identity = json.loads((state / "identity.json").read_text())
        except (OSError, ValueError):
            return False
        machine = running.state.fleet.get(identity.get("machine_id", ""))
        # another port than last time: the agent has to be told where the collector is now
        return machine is not None and machine.retired_at is None and identity.get("collector") == running.url

    async def _token(self, running: Running, scope: str, *, seconds: float | None, uses: int | None = None) -> str:
        from keskidee_collector.access.access import NO_FINGERPRINT

        state = running.state
        now = state.now()
        expires_at = None if seconds is None else now + seconds
        fingerprint = "" if running.ca_file else NO_FINGERPRINT  # our own machines come past a proxy that ends TLS
        text, token = state.access.issue(scope, now=now, expires_at=expires_at, uses=uses, fingerprint=fingerprint)
        await state.register.add_token(token)
        state.access.keep(token)
        return text

    async def _write_prometheus(self, running: Running) -> None:
        from keskidee_collector.files import keep_file
        from keskidee_exporters.prometheus_config import DEBIAN_ALERTMANAGER, write_configuration

        token_file = None
        if running.ca_file is not None:
            token_file = self.directory / METRICS_TOKEN_FILE
            if not token_file.exists():
                keep_file(token_file, (await self._token(running, "metrics", seconds=None)).encode())
        alertmanagers = (self._alertmanager,) if self._alertmanager else (DEBIAN_ALERTMANAGER,)
        write_configuration(
            self._home / PROMETHEUS_FILE,
            url=running.url,
            ca_file=running.ca_file,
            token_file=token_file,
            alertmanagers=alertmanagers,
            interval_seconds=running.state.settings.interval_seconds,
        )

    def _agent_command(self) -> list[str]:
        return [*_keskidee("agent", "run"), "--state", str(self.directory / "agent"), "--exit-with-parent"]

    def _simulator_command(self, running: Running) -> list[str]:
        state = str(self.directory / "machines")
        command = [sys.executable, "-m", "keskidee_simulator", "--collector", running.url, "--exit-with-parent"]
        command += ["--count", str(self._simulated), "--state", state]
        return command + (["--ca-file", str(running.ca_file)] if running.ca_file else [])

    async def _child(self, name: str, command: list[str], **environment: str) -> None:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, env={**os.environ, **environment}, start_new_session=True
        )
        self._children[name] = child
        status = await child.wait()
        if not self._stopping:
            print(f"keskidee: the {name} ended with status {status}; the collector runs on", file=sys.stderr)

    async def _stop_children(self) -> None:
        self._stopping = True
        alive = [child for child in self._children.values() if child.returncode is None]
        for child in alive:
            child.terminate()
        if alive:
            _, late = await asyncio.wait([asyncio.create_task(c.wait()) for c in alive], timeout=STOP_SECONDS)
            for child in alive if late else []:
                if child.returncode is None:
                    child.kill()


def _keskidee(*words: str) -> list[str]:
    return [sys.executable, "-m", "keskidee", *words]
