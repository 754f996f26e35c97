"""Writes dashboards/*.json from the Python beside it: `python -m deploy.grafana.build` in the checkout."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana import assets, clients, data_centre, fleet, itself, machine, network, services, sites

FOLDER = Path(__file__).parent / "dashboards"
BOARDS = {
    f"{board.uid}.json": board
    for board in (
        fleet.BOARD,
        machine.BOARD,
        data_centre.BOARD,
        clients.BOARD,
        network.BOARD,
        sites.BOARD,
        assets.BOARD,
        services.BOARD,
        itself.BOARD,
    )
}
"""Each dashboard by the name of its file."""


def text_of(name: str) -> str:
    """The JSON of one dashboard, as Grafana's provisioning reads it."""
    built = BOARDS[name].build()
    return json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in BOARDS:
        (FOLDER / each).write_text(text_of(each), encoding="utf-8")
