"""Pages of program files that only the start needed are given back, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from keskidee_agent.host.clibrary import function
from keskidee_agent.host.mapped import areas
from keskidee_report.model import NotHere

AGENT = Path(__file__).parents[3] / "agent"
AREA = """{range} {mode} 00000000 08:01 1234    {name}
Size:               4096 kB
Rss:                4096 kB
Anonymous:             {anonymous} kB
Swap:                  {swap} kB
VmFlags: rd ex mr mw me
"""
GIVEN_BACK = """
import sys
sys.path.insert(0, {path!r})
import keskidee_agent.resident.resident
from keskidee_agent.host.mapped import give_back
def resident():
    return [int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Rss")][0]
before = resident()
assert give_back()
print(before - resident())
import ssl, decimal
print(ssl.create_default_context().verify_mode, decimal.Decimal(2).sqrt())
"""


def smaps(*, mode: str = "r-xp", name: str = "/usr/lib/libssl.so.3", anonymous: int = 0, swap: int = 0) -> bytes:
    return AREA.format(range="1000-3000", mode=mode, name=name, anonymous=anonymous, swap=swap).encode()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (smaps(), [(0x1000, 0x3000)]),
        (smaps(mode="r--p", name="/opt/a folder/lib.so (deleted)"), [(0x1000, 0x3000)]),
        (smaps(mode="rw-p"), []),
        (smaps(name=""), []),
        (smaps(name="[vdso]"), []),
        (smaps(anonymous=4), []),  # relocations
        (smaps(swap=4), []),  # relocations that are swapped out
        (smaps(mode="rw-p") + smaps() + smaps(anonymous=4), [(0x1000, 0x3000)]),
        (b"", []),
    ],
)
def test_only_areas_that_are_just_as_in_their_file_are_given_back(content: bytes, found: list[tuple[int, int]]) -> None:
    assert areas(content) == found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/smaps")
def test_a_process_that_gave_its_pages_back_goes_on() -> None:
    command = [sys.executable, "-I", "-S", "-c", GIVEN_BACK.format(path=str(AGENT))]
    freed_kib, answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    assert int(freed_kib) > 2048
    assert answer == "2 1.414213562373095048801688724"


def test_a_function_that_the_c_library_has_not_got_is_not_here() -> None:
    with pytest.raises(NotHere, match="no keskidee_nonesuch in the C library"):
        function("keskidee_nonesuch")
