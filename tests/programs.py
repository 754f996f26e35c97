"""Real programs for tests: where each is, and what to install when it is not there."""

import os
import shutil
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("programs.txt")
SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def debian_packages() -> dict[str, str]:
    """The Debian package of each program in programs.txt."""
    lines = [line.split() for line in LIST.read_text(encoding="utf-8").splitlines()]
    return {words[0]: words[1] for words in lines if words and not words[0].startswith("#")}


def find_program(name: str) -> Path:
    """Where a program is. Absent, it fails the test with CI=true, and skips it otherwise."""
    package = debian_packages()[name]  # KeyError: add the program to programs.txt
    if found := shutil.which(name, path=SYSTEM_PATH):
        return Path(found)
    missing = f"{name} is not installed: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)
