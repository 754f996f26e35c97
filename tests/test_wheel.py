"""What an installation gets: the packages with their data, the alert rules, and nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # builds a wheel

CHECKOUT = Path(__file__).parents[1]
FOLDERS = ("agent", "collector", "command", "config", "exporters")
RULES = CHECKOUT / "deploy" / "prometheus" / "rules"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def sources() -> set[str]:
    """Every file of our packages, as a wheel names it."""
    packages = [package for folder in FOLDERS for package in (CHECKOUT / folder).glob("keskidee*") if package.is_dir()]
    return {
        file.relative_to(package.parent).as_posix()
        for package in packages
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_the_packages_with_their_data_and_the_alert_rules_and_nothing_else(wheel: Path) -> None:
    rules = {f"keskidee_exporters/rules/{file.name}" for file in RULES.iterdir()}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == sources() | rules


def test_the_wheel_reads_this_machine_without_any_other_library(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    alone = [sys.executable, "-S", "-m", "keskidee", "agent", "once"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(alone, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, "# TYPE node_load1 gauge\n" in done.stdout) == (0, True), done.stderr
