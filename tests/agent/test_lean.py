"""What the resident imports, since each module is paid for on every machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

AGENT = Path(__file__).parents[2] / "agent"

# each would add 0.3 to 3 MiB to every agent
HEAVY = {
    "argparse",
    "asyncio",
    "collections",
    "ctypes",
    "dataclasses",
    "datetime",
    "email",
    "enum",
    "functools",
    "http",
    "inspect",
    "json",
    "logging",
    "pathlib",
    "pkgutil",
    "psutil",
    "re",
    "requests",
    "subprocess",
    "threading",
    "traceback",
    "typing",
    "urllib",
    "xml",
    "yaml",
}
SCRIPT = """
import sys
sys.path.insert(0, {path!r})
before = set(sys.modules)
{work}
loaded = sorted(set(sys.modules) - before)
import json
print(json.dumps(loaded))
"""
ROUNDS = """
from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.host.machine import Machine
gatherer = Gatherer(Machine())
for _ in range(70):
    gatherer.round()
"""
FEW = """
from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.host.machine import Machine
gatherer = Gatherer(Machine(), disabled=["netclass"], enabled=[])
gatherer.round()
"""
TEXT_FILES = """
from keskidee_agent.gather.gather import Gatherer
from keskidee_agent.host.machine import Machine
machine = Machine()
machine.textfile_directory = {folder!r}
assert {{reading.source: len(reading.samples) for reading in Gatherer(machine).round()}}["textfile"] == 6
"""
FACTS = """
from keskidee_agent.host.facts import facts_of
from keskidee_agent.host.machine import Machine
facts_of(Machine())
"""


RESIDENT_ROUNDS = """
import keskidee_agent.resident.resident
from keskidee_agent.spool.spool import Spool
from keskidee_report.codec import Encoder
from keskidee_report.model import OK, Family, Reading
encoder = Encoder(bytes(8))
hours = 0
spool = Spool({folder!r}, encoder.schema_frames, warn=print, now_ms=lambda: hours * 3_600_000)
for hours in range({hours}):
    reading = Reading("one", OK, samples=[Family("node_load1", "gauge", "Load")(hours)])
    spool.hold(encoder.report([reading], sequence=hours, boot_ms=hours * 3_600_000, wall_ms=0))
"""


def imported_by(work: str) -> list[str]:
    """The modules that the work imports in an interpreter of its own, without site."""
    script = SCRIPT.format(path=str(AGENT), work=work)
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, check=True, text=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_rounds_import_nothing_heavy() -> None:
    assert HEAVY.intersection(name.partition(".")[0] for name in imported_by(ROUNDS)) == set()


def test_sources_that_are_not_wanted_are_not_kept() -> None:
    found = {name.rpartition(".")[2] for name in imported_by(FEW)}
    assert found & {"loadavg", "netclass", "interrupts"} == {"loadavg"}


def test_text_files_import_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "a.prom").write_text('# TYPE x histogram\nx_bucket{le="1"} 1\nx_count 2\n')
    work = TEXT_FILES.format(folder=str(tmp_path))
    assert HEAVY.intersection(name.partition(".")[0] for name in imported_by(work)) == set()


@pytest.mark.parametrize(("hours", "thins"), [(6, False), (10, True)])
def test_what_thins_is_imported_with_the_first_old_backlog_and_is_not_heavy(
    tmp_path: Path, hours: int, thins: bool
) -> None:
    found = imported_by(RESIDENT_ROUNDS.format(folder=str(tmp_path), hours=hours))
    assert ("keskidee_agent.spool.thinning" in found) is thins
    assert HEAVY.intersection(name.partition(".")[0] for name in found) == set()


def test_facts_import_nothing_heavy() -> None:
    assert HEAVY.intersection(name.partition(".")[0] for name in imported_by(FACTS)) == set()


def test_every_module_of_the_agent_imports_without_linux() -> None:
    work = """
import os, importlib
for name in ("pread", "uname", "statvfs", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY"):
    delattr(os, name)
sys.modules["select"] = sys.modules["fcntl"] = sys.modules["pwd"] = None
sys.platform = "win32"
for name in ("host.windows", "host.recorded", "host.facts", "gather.gather", "commands.once", "commands.doctor"):
    importlib.import_module("keskidee_agent." + name)
from keskidee_agent.gather.gather import found_sources
found_sources()
sys.platform = "linux"
del sys.modules["select"]
"""
    assert "keskidee_agent.sources.filesystem" in imported_by(work)
