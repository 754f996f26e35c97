"""The queries of our dashboards, as Grafana sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deploy.grafana.build import BOARDS, FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

Query = tuple[str, str, str, str]
"""The file of a dashboard, a panel's title, the letter of the query, and the query."""


def panels_of(name: str) -> list[dict[str, Any]]:
    """The panels of a dashboard, without its rows."""
    return [panel for panel in json.loads((FOLDER / name).read_text())["panels"] if panel["type"] != "row"]


def queries() -> Iterator[Query]:
    """All of them, of all dashboards."""
    for name in BOARDS:
        for panel in panels_of(name):
            for target in panel["targets"]:
                yield name, panel["title"], target["refId"], target["expr"]


def filled(expr: str, instance: str = "files-1") -> str:
    """The query with everything chosen above, and one machine."""
    values = dict.fromkeys(("$site", "$role", "$system", "$fund", "$device", "$service"), ".*")
    for variable, value in {**values, "$instance": instance, "$__rate_interval": "2m"}.items():
        expr = expr.replace(variable, value)
    assert "$" not in expr
    return expr
