"""Writes dashboards/*.json from the Python beside it: `python -m deploy.grafana.build` in the checkout."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.grafana.fleet import what_is_wrong, whole_fleet
from deploy.grafana.itself import keskidee_itself
from deploy.grafana.machine import one_machine
from deploy.grafana.panels import DASHBOARD_UID, DATA_SOURCE
from deploy.grafana.queries import CHOSEN

FOLDER = Path(__file__).parent / "dashboards"
ROWS = {
    "What is wrong now": what_is_wrong,
    "The fleet": whole_fleet,
    "One machine: $instance": one_machine,
    "keskidee itself": keskidee_itself,
}


def keskidee() -> Dashboard:
    """The dashboard, with the numbers of panels that Grafana needs."""
    board = dashboard.Dashboard("keskidee").uid(DASHBOARD_UID).tags(["keskidee"]).readonly().timezone("browser")
    board.description("The fleet, and one machine of it. Made by deploy/grafana: change it there.")
    board.time("now-6h", "now").refresh("30s").tooltip(DashboardCursorSync.CROSSHAIR)
    board.variables([*variables()])
    related = dashboard.DashboardLink("keskidee").type(DashboardLinkType.DASHBOARDS).tags(["keskidee"])
    board.link(related.as_dropdown(True).keep_time(True).include_vars(True))
    for title, panels in ROWS.items():
        board.with_row(dashboard.Row(title))
        for panel in panels():
            board.with_panel(panel)
    built = board.build()
    for number, made in enumerate(built.panels or [], start=1):
        made.id_val = number
    return built


def variables() -> list[dashboard.DatasourceVariable | dashboard.QueryVariable]:
    """Data source, sites, roles, and one machine of those."""
    everything = VariableOption(selected=True, text=["All"], value=["$__all"])
    several = [
        choice("site", "Site", "label_values(keskidee_machine_info, site)"),
        choice("role", "Role", 'label_values(keskidee_machine_info{site=~"$site"}, role)'),
    ]
    return [
        dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"),
        *(one.multi(True).include_all(True).all_value(".*").current(everything) for one in several),
        choice("instance", "Machine", f"label_values({CHOSEN}, instance)"),
    ]


def choice(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """A variable with the values that a query gives."""
    variable = dashboard.QueryVariable(name).label(label).query(query).datasource(DATA_SOURCE)
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)


DASHBOARDS = {"keskidee.json": keskidee}


def text_of(name: str) -> str:
    """The JSON of one dashboard, as Grafana's provisioning reads it."""
    return json.dumps(DASHBOARDS[name](), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in DASHBOARDS:
        (FOLDER / each).write_text(text_of(each), encoding="utf-8")
