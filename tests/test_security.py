"""SECURITY.md says what is so: every limit with its default, and only tests and settings that are there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from keskidee_collector.own_metrics import REFUSALS
from keskidee_config import LimitSettings
from tests.conftest import CHECKOUT

SECURITY = (CHECKOUT / "SECURITY.md").read_text(encoding="utf-8")
LIMITS = re.findall(r"^\| `(\w+)` \| ([\d,.]+) \| (.*) \|$", SECURITY, re.MULTILINE)


def test_every_limit_stands_there_with_its_default() -> None:
    assert {name: float(value.replace(",", "")) for name, value, _ in LIMITS} == {
        field.name: field.default for field in fields(LimitSettings)
    }


def test_every_reason_is_one_that_is_counted() -> None:
    named = {word for _, _, answer in LIMITS for word in re.findall(r"`(\w+)`", answer)}
    assert named - {"keskidee_machine_refused_families"} <= set(REFUSALS)


def test_every_file_and_setting_that_it_names_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", SECURITY)
    tests = re.findall(r"`(?:tests/collector/)?(test_\w+\.py)`", SECURITY)
    missing = [name for name in links if not (CHECKOUT / name).exists()]
    missing += [name for name in tests if not list(Path(CHECKOUT / "tests").rglob(name))]
    assert (bool(links), bool(tests), missing) == (True, True, [])


def test_its_page_is_one() -> None:
    assert len(SECURITY.splitlines()) <= 120


def test_patterns_of_what_comes_over_the_wire_end_where_the_text_ends() -> None:
    """In Python `$` is also before a newline at the end: `apia` and `apia` with one would be two sites."""
    sources = [path.read_text(encoding="utf-8") for path in CHECKOUT.glob("collector/keskidee_collector/**/*.py")]
    patterns = re.findall(r'pattern=r?"(.*?)"', "".join(sources))
    assert len(patterns) > 5
    assert [pattern for pattern in patterns if not pattern.endswith(r"(?!\n)$")] == []
