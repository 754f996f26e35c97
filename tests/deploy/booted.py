"""A little machine for tests: a real systemd as process 1, in namespaces of its own over a copy of this system's files.

What it writes is gone with it. It shares the network with the tests, so that loopback is one. It needs root, cgroups of
version 2 and overlay file systems; where one is missing, as in most containers, its tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
BOOT = Path(__file__).with_name("boot_machine.sh")
INSTALL = "/opt/keskidee/deploy/systemd/install"
START_SECONDS = 30.0
NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--cgroup")


class Booted:
    """The running machine. `process` is its systemd, as this system numbers it."""

    def __init__(self, process: int) -> None:
        self.process = process

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command there as root, with all rights. Fails the test where it fails, unless `check` is False."""
        enter = ["nsenter", f"--target={self.process}", *NAMESPACES, "--"]
        words = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", *map(str, command)]
        done = subprocess.run([*enter, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        if check and done.returncode:
            told = f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}"
            pytest.fail(f"{told}\n{self.journal()}")
        return done

    def give(self, path: str, content: bytes) -> None:
        """Makes a file there that everybody may read."""
        enter = ["nsenter", f"--target={self.process}", *NAMESPACES, "--"]
        subprocess.run([*enter, "/bin/sh", "-c", 'cat >"$1" && chmod 0644 "$1"', "-", path], input=content, check=True)

    def out(self, *command: str | Path) -> str:
        """What a command says on standard output."""
        return self.run(*command).stdout

    def journal(self) -> str:
        """The last lines of the log."""
        return self.run("journalctl", "--no-pager", "--lines=40", "--output=short-monotonic", check=False).stdout

    def wait(self, *command: str, says: str) -> None:
        """Waits until a command says so. Fails the test where it never does."""
        until = time.monotonic() + START_SECONDS
        while says not in (said := self.run(*command, check=False).stdout):
            if time.monotonic() > until:
                pytest.fail(f"{' '.join(command)} says {said!r}, not {says!r}\n{self.journal()}")
            time.sleep(0.1)


@contextmanager
def booted(folder: Path) -> Iterator[Booted]:
    """A machine, until the end of the block. Skips the test where this system cannot have one."""
    cgroup = _cgroup()
    folder.mkdir(parents=True)
    log = folder.with_suffix(".log")
    command: list[str | Path] = [
        "unshare",
        *NAMESPACES,
        "--fork",
        "--kill-child",
        "--propagation=private",
        BOOT,
        folder,
        CHECKOUT,
    ]
    command.append(sys.base_prefix)
    with log.open("wb") as written:
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=written, stderr=written,
            preexec_fn=lambda: (cgroup / "cgroup.procs").write_text(str(os.getpid())),  # noqa: PLW1509  # no thread here
        )  # fmt: skip
    try:
        machine = Booted(_systemd_of(started, log))
        machine.wait("systemctl", "is-active", "quiet.target", says="active")
        yield machine
    finally:
        started.kill()
        started.wait()
        _empty(cgroup)


def _cgroup() -> Path:
    """A new cgroup of version 2 for the machine. Skips the test where none can be made."""
    if os.geteuid():
        pytest.skip("a machine of namespaces needs root")
    lines = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = [Path(fields[1]) for fields in lines if fields[2] == "cgroup2" and "rw" in fields[3].split(",")]
    if not places:
        pytest.skip("a machine of namespaces needs a cgroup2 file system that can be written")
    cgroup = places[0] / f"keskidee-test-{os.getpid()}"
    try:
        cgroup.mkdir()
    except OSError as error:
        pytest.skip(f"a machine of namespaces needs a cgroup: {error}")
    return cgroup


def _systemd_of(started: subprocess.Popen[bytes], log: Path) -> int:
    """The process that became systemd. Skips the test where this system would not let it."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and started.poll() is None:
        children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
        if children and Path(f"/proc/{children[0]}/comm").read_text().strip() == "systemd":
            return int(children[0])
        time.sleep(0.05)
    pytest.skip(f"no machine of namespaces here: {log.read_text().strip()[-300:]}")


def _empty(cgroup: Path) -> None:
    """Takes the cgroup away once the kernel has buried what was in it."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            for folder in sorted(cgroup.rglob("*/"), reverse=True):
                folder.rmdir()
            cgroup.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return
