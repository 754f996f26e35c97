"""Root's helper for disks: what it may, which is more than the other units, and when it runs."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.deploy.units import FIRMWARE, SYSTEMD, directives, text_of

DISKS, TIMER = "keskidee-disks.service", "keskidee-disks.timer"
MOST_EXPOSED = 1.6
MORE = {
    "CapabilityBoundingSet": ["CAP_SYS_RAWIO CAP_SYS_ADMIN"],
    "ExecStart": ["/usr/bin/keskidee agent disks --output /run/keskidee-disks"],
}
"""What it has for smartctl's sake, beside seeing devices and all of /proc."""


def test_it_has_the_walls_of_the_other_helper_but_for_what_smartctl_needs() -> None:
    walls = {
        name: values for name, values in directives(FIRMWARE).items() if re.match("Protect|Private|Restrict", name)
    }
    found = directives(DISKS)
    assert {name for name, values in walls.items() if found.get(name) != values} == {"PrivateDevices"}
    assert {name: found[name] for name in MORE} == MORE


def test_systemd_judges_its_exposure_as_the_readme_says(program: Callable[[str], Path]) -> None:
    command = [str(program("systemd-analyze")), "security", "--offline=true", "--no-pager", str(SYSTEMD / DISKS)]
    judged = subprocess.run(command, capture_output=True, text=True)
    figure = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert figure is not None, judged.stderr
    assert float(figure[1]) <= MOST_EXPOSED
    assert f"| `{DISKS}` | {MOST_EXPOSED:.1f} |" in (SYSTEMD / "README.md").read_text(encoding="utf-8")


def test_systemd_understands_every_line(program: Callable[[str], Path], tmp_path: Path) -> None:
    for name in (DISKS, TIMER):
        text = re.sub(r"/usr/bin/keskidee\b", str(shutil.which("true")), text_of(name))
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [str(program("systemd-analyze")), "verify", "--man=no", "--recursive-errors=no", str(tmp_path / TIMER)]
    verified = subprocess.run(command, capture_output=True, text=True)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
