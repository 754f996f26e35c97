"""A dashboard of ours: its rows, the variables above it, and the links to the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.grafana.panels import DATA_SOURCE, FLEET, chosen_in_link
from deploy.grafana.queries import CHOSEN, POLLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.grafana.panels import AnyPanel

Variable = dashboard.DatasourceVariable | dashboard.QueryVariable
SEVERAL = {
    "site": ("Site", "label_values(keskidee_machine_info, site)"),
    "role": ("Role", 'label_values(keskidee_machine_info{site=~"$site"}, role)'),
    "system": ("System", 'label_values(keskidee_machine_info{site=~"$site"}, os)'),
    "fund": ("Fund", 'label_values(keskidee_machine_info{site=~"$site"}, fund)'),
}
"""What every dashboard can be cut by: the variable, its label for people, and where its values come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard. `rows`: the panels by row; `one` and `several`: its own variable, of one value or of many."""

    uid: str
    title: str
    says: str
    rows: dict[str, Callable[[], Iterator[AnyPanel]]]
    one: tuple[str, str, str] | None = None
    several: tuple[str, str, str] | None = None
    since: str = "now-6h"
    tags: tuple[str, ...] = field(default=("keskidee",))

    def build(self) -> Dashboard:
        """The dashboard as Grafana's JSON has it, with the numbers of panels that Grafana needs."""
        board = dashboard.Dashboard(self.title).uid(self.uid).tags([*self.tags]).readonly().timezone("browser")
        board.description(f"{self.says} Made by deploy/grafana: change it there.")
        board.time(self.since, "now").refresh("30s").tooltip(DashboardCursorSync.CROSSHAIR)
        board.variables([*self._variables()])
        self._link(board)
        for title, panels in self.rows.items():
            board.with_row(dashboard.Row(title))
            for panel in panels():
                board.with_panel(panel)
        built = board.build()
        for number, made in enumerate(built.panels or [], start=1):
            made.id_val = number
        return built

    def _variables(self) -> Iterator[Variable]:
        yield dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        everything = VariableOption(selected=True, text=["All"], value=["$__all"])
        more = [self.several] if self.several else []
        for choice in [*((name, label, query) for name, (label, query) in SEVERAL.items()), *more]:
            yield _choice(*choice).multi(True).include_all(True).all_value(".*").current(everything)
        if self.one:
            yield _choice(*self.one)

    def _link(self, board: dashboard.Dashboard) -> None:
        """Up to the fleet, and across to the others, with what is chosen kept."""
        if self.uid != FLEET:
            up = dashboard.DashboardLink("The fleet").type(DashboardLinkType.LINK)
            board.link(up.url(f"/d/{FLEET}?{chosen_in_link()}").tooltip("Back to all machines"))
        related = dashboard.DashboardLink("keskidee").type(DashboardLinkType.DASHBOARDS).tags(["keskidee"])
        board.link(related.as_dropdown(True).keep_time(True).include_vars(True))


MACHINE = ("instance", "Machine", "label_values({}, instance)".format(CHOSEN.replace("}", ', role!="device"}')))
SERVICE = ("service", "Service", 'label_values(keskidee_service_info{site=~"$site"}, service)')
DEVICE = ("device", "Device", f"label_values({POLLED}, instance)")


def _choice(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """A variable with the values that a query gives."""
    variable = dashboard.QueryVariable(name).label(label).query(query).datasource(DATA_SOURCE)
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
