"""CONTRIBUTING's walk through adding a reading shows the files as they are."""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
SHOWN = ("agent/keskidee_agent/sources/loadavg.py", "tests/agent/sources/test_loadavg.py")


@pytest.mark.parametrize("path", SHOWN)
def test_contributing_shows_the_file_as_it_is(path: str) -> None:
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = text.partition(f"`{path}`")[2].partition("```python\n")[2].partition("```")[0]
    assert shown == (CHECKOUT / path).read_text(encoding="utf-8")
