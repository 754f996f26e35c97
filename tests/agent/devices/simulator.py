"""snmpsim with some of the recorded devices, on loopback: each answers to the community of its name."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from keskidee_agent.devices.commands import open_engine
from keskidee_agent.devices.engine import Address, Credential, NoAnswer
from keskidee_agent.devices.mibs import system
from tests.processes import Process, find_free_port

RESPONDER = Path(sys.executable).with_name("snmpsim-command-responder")
READY_SECONDS = 60


class Simulator:
    """A running snmpsim; `port` is where it answers."""

    def __init__(self, folder: Path, recordings: Iterable[Path]) -> None:
        self.port = find_free_port()
        data = folder / "data"
        data.mkdir()
        for recording in recordings:
            shutil.copy(recording, data)
        # as root it insists on a user to become, and root's own Python may be hidden from any other
        user = ["--process-user=root", "--process-group=root"] if os.geteuid() == 0 else []
        argv: list[str | Path] = [
            RESPONDER,
            *user,
            f"--data-dir={data}",
            f"--cache-dir={folder / 'cache'}",
            f"--agent-udpv4-endpoint=127.0.0.1:{self.port}",
        ]
        self._process = Process(argv, folder / "process")
        self._wait(next(iter(data.iterdir())).stem)

    def _wait(self, community: str) -> None:
        """It says that it listens before it does: ready is when it answers."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                asyncio.run(self._ask(community))
            except NoAnswer:
                assert self._process.popen.poll() is None, self._process.log_tail()
                assert time.monotonic() < deadline, self._process.log_tail()
                time.sleep(0.1)
            else:
                return

    async def _ask(self, community: str) -> None:
        address = Address(host="127.0.0.1", port=self.port, timeout_seconds=1)
        engine = open_engine(None, address, Credential(community=community))
        await engine.get([system.OBJECT_ID])
        engine.close()

    def stop(self) -> None:
        self._process.stop()
