"""`python -m keskidee_simulator` as another program starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.processes import is_alive
from tests.simulator.listener import listening, until

if TYPE_CHECKING:
    from pathlib import Path

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", "keskidee_simulator", *sys.argv[1:]], stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(60)
"""


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keskidee_simulator", *arguments], capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--count", "0", "--collector", "http://127.0.0.1:1"], "argument --count: 0 machines"),
        (["--count", "1", "--collector", "127.0.0.1:1"], "'127.0.0.1:1' is no address of a collector"),
        (["--count", "1", "--collector", "http://127.0.0.1:1", "--interval", "0"], "argument --interval: 0 s"),
        (
            ["--count", "1", "--collector", "http://127.0.0.1:1", "--cut", "atlantis:1:2"],
            "no site 'atlantis'; there are",
        ),
        (
            ["--count", "1", "--collector", "http://127.0.0.1:1", "--cut", "roseau:1"],
            "'roseau:1' is not SITE:AFTER:SECONDS",
        ),
        (["--count", "1", "--collector", "http://127.0.0.1:1", "--token-file", "/nowhere"], "No such file"),
    ],
)
def test_a_wrong_argument_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    done = command("--state", str(tmp_path), *arguments)
    assert complaint in done.stderr.splitlines()[-1]
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc who is alive")
def test_it_stops_when_the_program_that_started_it_is_killed(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            arguments = ["--collector", listener.url, "--count", "2", "--state", str(tmp_path), "--exit-with-parent"]
            environment = os.environ | {"KESKIDEE_TOKEN": "kj1_pretend_-"}
            parent = await asyncio.create_subprocess_exec(
                sys.executable, "-c", PARENT, *arguments, stdout=subprocess.PIPE, env=environment
            )
            assert parent.stdout is not None
            child = int(await parent.stdout.readline())
            await until(lambda: len(listener.enrolled) == 2)
            parent.kill()
            await parent.wait()
            await until(lambda: not is_alive(child))

    asyncio.run(main())


@pytest.mark.slow
def test_sigterm_ends_it_with_status_0(tmp_path: Path) -> None:
    async def main() -> int:
        async with listening() as listener:
            arguments = ["--collector", listener.url, "--count", "2", "--state", str(tmp_path)]
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "keskidee_simulator", *arguments, env=os.environ | {"KESKIDEE_TOKEN": "kj1_p_-"}
            )
            await until(lambda: len(listener.enrolled) == 2)
            process.send_signal(signal.SIGTERM)
            return await process.wait()

    assert asyncio.run(main()) == 0
