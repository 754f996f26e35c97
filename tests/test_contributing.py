"""CONTRIBUTING's walk through adding a reading shows the files as they are. `pytest --update` copies them in."""

from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
SHOWN = ("agent/keskidee_agent/sources/loadavg.py", "tests/agent/sources/test_loadavg.py")


@pytest.mark.parametrize("path", SHOWN)
def test_contributing_shows_the_file_as_it_is(path: str, golden: Callable[[Path, str], None]) -> None:
    contributing = CHECKOUT / "CONTRIBUTING.md"
    before, name, after = contributing.read_text(encoding="utf-8").partition(f"`{path}`")
    introduction, fence, block = after.partition("```python\n")
    end = block[block.index("```") :]
    file = (CHECKOUT / path).read_text(encoding="utf-8")
    golden(contributing, f"{before}{name}{introduction}{fence}{file}{end}")
