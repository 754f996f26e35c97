"""How our panels look: one function a kind of panel, so that units, colours and ranges are the same everywhere.

Built with grafana-foundation-sdk. Expressions may hold Grafana's variables; `$__rate_interval` is at least 2 minutes
in every query (see `query`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.queries import NO_JUDGEMENT, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    AnyPanel = bargauge.Panel | stat.Panel | statetimeline.Panel | table.Panel | timeseries.Panel
    Styled = TypeVar("Styled", bargauge.Panel, stat.Panel, statetimeline.Panel, table.Panel, timeseries.Panel)

FLEET, MACHINE, NETWORK, SITES = "keskidee-fleet", "keskidee-machine", "keskidee-network", "keskidee-sites"
"""Addresses that links lead to."""
Column = tuple[str, list[DynamicConfigValue]]
"""A column of a table: its expression, and how it is shown."""
DATA_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
COLOURED = [DynamicConfigValue("custom.cellOptions", {"type": "color-text"})]
MIN_STEP = "30s"
"""Grafana makes $__rate_interval at least four of these. A page that is filled each 15 s and read each 15 s shows a
value twice or skips one now and then: an eighth of a rate over two minutes, a quarter of one over one."""


POLLED_STEP = "1m"
"""The same for what is read once a minute: devices and services. A rate then runs over four minutes or more."""
POLLED = ("ifHC", "ifIn", "ifOut", "keskidee_device_", "keskidee_sensor_", "keskidee_ups_", "probe_")


def query(
    expr: str, legend: str = "", *, ref: str = "A", instant: bool = False, table: bool = False
) -> prometheus.Dataquery:
    """One PromQL query; `table` gives a row a series (for tables), `instant` only the newest value."""
    step = POLLED_STEP if any(name in expr for name in POLLED) else MIN_STEP
    target = prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(ref).interval(step)
    target = target.datasource(DATA_SOURCE)
    if table:
        target = target.format(PromQueryFormat.TABLE)
    return target.instant() if instant or table else target.range()


def number(title: str, says: str, expr: str, *, unit: str = "none", steps: Steps = NO_JUDGEMENT) -> stat.Panel:
    """One value, large."""
    panel = stat.Panel().with_target(query(expr, instant=True)).unit(unit).thresholds(thresholds(steps))
    panel = panel.graph_mode(looks.BigValueGraphMode.NONE).reduce_options(newest())
    return described(panel, title, says).height(4).span(4)


def name(title: str, says: str, expr: str, label: str) -> stat.Panel:
    """One label's value as a large text."""
    panel = stat.Panel().with_target(query(expr, f"{{{{{label}}}}}", instant=True)).reduce_options(newest())
    panel = panel.text_mode(looks.BigValueTextMode.NAME).graph_mode(looks.BigValueGraphMode.NONE)
    return described(panel.thresholds(thresholds(NO_JUDGEMENT)), title, says).height(4).span(4)


def worst(
    title: str,
    says: str,
    expr: str,
    legend: str,
    *,
    steps: Steps,
    unit: str = "percentunit",
    least: bool = False,
    device: bool = False,
) -> bargauge.Panel:
    """The ten worst as bars, the worst on top (`least`: the lowest); a click shows the machine. Shares end at 1."""
    ten = f"sort(bottomk(10, {expr}))" if least else f"sort_desc(topk(10, {expr}))"
    panel = bargauge.Panel().with_target(query(ten, legend, instant=True)).unit(unit).min(0)
    if unit == "percentunit":
        panel = panel.max(1)
    panel = panel.orientation(looks.VizOrientation.HORIZONTAL).display_mode(looks.BarGaugeDisplayMode.GRADIENT)
    panel = panel.thresholds(thresholds(steps)).reduce_options(newest())
    panel = panel.data_links([machine_link("${__field.labels.instance}", device=device)])
    return described(panel, title, says).height(8).span(6)


def lines(title: str, says: str, targets: Mapping[str, str], *, unit: str, stacked: bool = False) -> timeseries.Panel:
    """Values over time. `targets` maps a legend, which may hold {{label}}, to its expression."""
    panel = timeseries.Panel().unit(unit).line_width(1).fill_opacity(30 if stacked else 8)
    for ref, (legend, expr) in zip("ABCDEFGH"[: len(targets)], targets.items(), strict=True):
        panel = panel.with_target(query(expr, legend, ref=ref))
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL))
    tooltip = common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI).sort(looks.SortOrder.DESCENDING)
    legend_below = common.VizLegendOptions().display_mode(looks.LegendDisplayMode.LIST).show_legend(True)
    legend_below = legend_below.placement(looks.LegendPlacement.BOTTOM).calcs([])
    panel = panel.show_points(looks.VisibilityMode.NEVER).tooltip(tooltip).legend(legend_below)
    return described(panel, title, says).height(8).span(8)


def rows(title: str, says: str, exprs: Mapping[str, str]) -> table.Panel:
    """A table of the newest values; `exprs` maps a letter, by which Grafana names the column, to its expression."""
    panel = table.Panel()
    for ref, expr in exprs.items():
        panel = panel.with_target(query(expr, ref=ref, table=True))
    return described(panel, title, says).height(10).span(24)


def column(*, unit: str = "none", steps: Steps = ()) -> list[DynamicConfigValue]:
    """How a column of a table is shown: its unit, and coloured where there are steps."""
    properties = [DynamicConfigValue("unit", unit)]
    if steps:
        colours = [{"value": value, "color": colour} for value, colour in steps]
        properties.append(DynamicConfigValue("thresholds", {"mode": "absolute", "steps": colours}))
        properties += COLOURED
    return properties


def timeline(
    title: str, says: str, expr: str, legend: str, values: Mapping[int, tuple[str, str]]
) -> statetimeline.Panel:
    """A band a series, coloured by what each value means."""
    panel = statetimeline.Panel().with_target(query(expr, legend)).mappings([meanings(values)])
    panel = panel.show_value(looks.VisibilityMode.NEVER).merge_values(True).row_height(0.85)
    return described(panel, title, says).height(8).span(8)


def described(panel: Styled, title: str, says: str) -> Styled:
    """Gives a panel its title, its explanation and the dashboard's data source."""
    return panel.title(title).description(says).datasource(DATA_SOURCE)


def thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    """Colours by value."""
    colours = [Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colours)


def meanings(values: Mapping[int, tuple[str, str]]) -> ValueMap:
    """What numbers stand for: a text and a colour each."""
    return ValueMap(
        {
            str(value): ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, (text, colour)) in enumerate(values.items())
        }
    )


def newest() -> common.ReduceDataOptions:
    """One number of a series: its last."""
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def machine_link(instance: str, *, device: bool = False) -> dashboard.DashboardLink:
    """A link down to one machine, or to one device; `instance` is Grafana's expression for its name."""
    link = dashboard.DashboardLink("Show this device" if device else "Show this machine").type(DashboardLinkType.LINK)
    address = f"/d/{NETWORK}?var-device={instance}" if device else f"/d/{MACHINE}?var-instance={instance}"
    return link.url(f"{address}&{chosen_in_link()}")


def chosen_in_link() -> str:
    """The part of a link that keeps the time and what is chosen above."""
    kept = ("datasource", "site", "role", "system", "fund")
    return "&".join(["${__url_time_range}", *(f"${{{name}:queryparam}}" for name in kept)])


def site_link(site: str) -> dashboard.DashboardLink:
    """A link down to one site; `site` is Grafana's expression for its name."""
    link = dashboard.DashboardLink("Show this site").type(DashboardLinkType.LINK)
    return link.url(f"/d/{SITES}?var-site={site}&${{__url_time_range}}&${{datasource:queryparam}}")


def linked_to_machines(panel: table.Panel, *, device: bool = False) -> table.Panel:
    """Names of machines lead to the machine, those of sites to the site."""
    down = machine_link("${__data.fields.instance}", device=device).build()
    panel = panel.override_by_name("instance", [DynamicConfigValue("links", [down])])
    return panel.override_by_name("site", [DynamicConfigValue("links", [site_link("${__data.fields.site}").build()])])


def listed(
    title: str,
    says: str,
    first: str,
    columns: Mapping[str, Column],
    *,
    by: str,
    labels: list[str],
    device: bool = False,
) -> table.Panel:
    """A table with a line a `by`: `labels` of the query `first`, then a column a query of `columns`."""
    letters = dict(zip("BCDEFGHIJ"[: len(columns)], columns, strict=True))
    exprs = {"A": first, **{letter: columns[name][0] for letter, name in letters.items()}}
    panel = rows(title, says, exprs)
    panel = panel.with_transformation(DataTransformerConfig("joinByField", options={"byField": by, "mode": "outer"}))
    names = {f"Value #{letter}": name for letter, name in letters.items()}
    panel = panel.with_transformation(only_columns([*labels, *names], names))
    for name, (_, shown) in columns.items():
        panel = panel.override_by_name(name, shown)
    return linked_to_machines(panel, device=device)


def only_columns(columns: list[str], renamed: dict[str, str]) -> DataTransformerConfig:
    """Keeps these columns of a table, in this order, and renames some."""
    order = {column: index for index, column in enumerate(columns)}
    options = {"includeByName": dict.fromkeys(columns, True), "indexByName": order, "renameByName": renamed}
    return DataTransformerConfig("organize", options=options)


def meant(values: Mapping[int, tuple[str, str]]) -> list[DynamicConfigValue]:
    """A column whose numbers stand for a text and a colour."""
    return [DynamicConfigValue("mappings", [meanings(values)]), *COLOURED]
