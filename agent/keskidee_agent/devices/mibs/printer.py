"""Printer-MIB (RFC 3805): supplies, trays, covers, alerts, and the pages of its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Supply
from keskidee_agent.devices.profile import Column, full
from keskidee_agent.devices.tables import sensors_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

INPUT, MARKER, SUPPLY, GENERAL = "@43.8.2.1", "@43.10.2.1", "@43.11.1.1", "@43.5.1.1"
COVER, ALERT = "@43.6.1.1", "@43.18.1.1"
WALKS = (INPUT, MARKER, SUPPLY, GENERAL, COVER, ALERT)
SERIAL = GENERAL + ".17"

TYPES = {
    1: "other", 2: "unknown", 3: "toner", 4: "wasteToner", 5: "ink", 6: "inkCartridge", 7: "inkRibbon", 8: "wasteInk",
    9: "opc", 10: "developer", 11: "fuserOil", 12: "solidWax", 13: "ribbonWax", 14: "wasteWax", 15: "fuser",
    16: "coronaWire", 17: "fuserOilWick", 18: "cleanerUnit", 19: "fuserCleaningPad", 20: "transferUnit",
    21: "tonerCartridge", 22: "fuserOiler", 23: "water", 24: "wasteWater", 25: "glueWaterAdditive", 26: "wastePaper",
    27: "bindingSupply", 28: "bandingSupply", 29: "stitchingWire", 30: "shrinkWrap", 31: "paperWrap", 32: "staples",
    33: "inserts", 34: "covers",
}  # fmt: skip
COLUMNS = (
    Column(class_="state", oid=COVER + ".3", words="{}", name=COVER + ".2"),  # 3: open, 4: closed
    Column(class_="state", oid=ALERT + ".2", words="Alert: {}", name=ALERT + ".8"),  # 3: critical, 4: warning
    Column(class_="count", oid=MARKER + ".4", words="Pages in its life"),
    Column(class_="count", oid=MARKER + ".5", words="Pages since it was switched on"),
)
EMPTY, SOME_LEFT = 0, -3  # -3: there is something left, nobody knows how much


def read(answers: Answers, parts: Parts) -> None:
    """Supplies with what is left of them, trays with their paper, covers, alerts as long as they last, page counts."""
    parts.supplies += supplies(answers)
    for column in COLUMNS:
        parts.sensors += sensors_of(column, answers)


def supplies(answers: Answers) -> Iterator[Supply]:
    """Level over capacity. A supply that cannot measure itself says "some left" or "unknown": no ratio."""
    types = answers.integers(full(SUPPLY + ".5"))
    for row, ratio in _ratios(answers, SUPPLY + ".8", SUPPLY + ".9").items():
        words = answers.texts(full(SUPPLY + ".6")).get(row, row)
        yield Supply(description=words, type=TYPES.get(types.get(row, 2), "unknown"), level_ratio=ratio)
    names = answers.texts(full(INPUT + ".18")) | answers.texts(full(INPUT + ".13"))
    for row, ratio in _ratios(answers, INPUT + ".9", INPUT + ".10").items():
        yield Supply(description=names.get(row, f"Tray {row}"), type="input", level_ratio=ratio)


def _ratios(answers: Answers, capacity: str, level: str) -> dict[str, float | None]:
    """What is left, 0 to 1, by row; None where either side is no quantity (-1 other, -2 unknown, -3 some)."""
    capacities, levels = answers.integers(full(capacity)), answers.integers(full(level))
    ratios: dict[str, float | None] = {}
    for row, left in levels.items():
        whole = capacities.get(row, -2)
        ratios[row] = min(left / whole, 1.0) if whole > 0 and left >= 0 else None
    return ratios
