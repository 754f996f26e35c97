"""The style sheet: small, and readable in both schemes."""

from __future__ import annotations

import re

import pytest

from keskidee_collector.web.pages import FOLDER

STYLE = (FOLDER / "static" / "style.css").read_text()
LIGHT, DARK = [
    dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root {(.*?)}", STYLE, re.DOTALL)[:2]
]
SCHEMES = {"light": LIGHT, "dark": LIGHT | DARK}
PAIRS = [
    *[(text, ground) for text in ("ink", "muted", "link", "red", "amber", "green") for ground in ("ground", "panel")],
    ("brow", "mask"),
]
READABLE = 4.5
"""WCAG 2.1, 1.4.3 (AA)."""


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb (WCAG 2.1)."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(scheme: str, text: str, ground: str) -> None:
    colours = SCHEMES[scheme]
    dark, light = sorted((luminance(colours[text]), luminance(colours[ground])))

    assert (light + 0.05) / (dark + 0.05) >= READABLE


def test_colours_stand_in_the_two_schemes_only() -> None:
    _, _, rules = STYLE.rpartition("box-sizing")

    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == []


def test_the_style_sheet_is_small_and_fetches_nothing() -> None:
    assert len(STYLE) < 10_000
    assert "url(" not in STYLE
    assert "@import" not in STYLE
