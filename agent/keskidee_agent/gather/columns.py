"""Samples as columns (model.py), for sources that put their names together anew in each round."""

from __future__ import annotations

from keskidee_report.model import Columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from keskidee_report.model import Family


def steady(memory: dict[Any, Any], names: list[tuple[Family, dict[str, str]]], counts: list[int]) -> Columns:
    """Columns whose names are the object of the round before, kept in `memory`, where they are the same names.

    Pairs of family and labels that are made once and kept are compared by their identity, which costs next to nothing.
    """
    now = tuple(names)
    before = memory.get("names")
    if before != now:
        before = memory["names"] = now
    return Columns(before, counts)
