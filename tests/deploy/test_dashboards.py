"""The Grafana dashboard: the JSON is the one that the Python makes, and holds what our panels promise."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.build import DASHBOARDS, FOLDER, ROWS, text_of

GRAFANA = FOLDER.parent
DASHBOARD: dict[str, Any] = json.loads(text_of("keskidee.json"))
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]
UNJUDGED = {"none", "dateTimeFromNow"}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_json_is_the_one_that_the_python_makes(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(FOLDER / name, text_of(name))


def test_dashboard_keeps_its_address_and_cannot_be_changed_in_grafana() -> None:
    assert (DASHBOARD["uid"], DASHBOARD["title"], DASHBOARD["editable"]) == ("keskidee-fleet", "keskidee", False)


def test_people_choose_data_source_site_role_and_machine() -> None:
    assert [(v["name"], v["type"], v.get("multi", False)) for v in DASHBOARD["templating"]["list"]] == [
        ("datasource", "datasource", False),
        ("site", "query", True),
        ("role", "query", True),
        ("instance", "query", False),
    ]


def test_panels_are_numbered_once_and_do_not_overlap() -> None:
    everything = DASHBOARD["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken = [cell for panel in everything for cell in cells_of(panel["gridPos"])]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) == 23


def cells_of(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    return ((place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"]))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_says_what_it_shows_in_which_unit_and_from_where(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["type"] in ("table", "state-timeline", "stat") or panel["fieldConfig"]["defaults"]["unit"]
    assert [target["datasource"] for target in panel["targets"]] == [
        {"type": "prometheus", "uid": "${datasource}"} for _ in panel["targets"]
    ]


@pytest.mark.parametrize(
    ("title", "target"), TARGETS, ids=lambda value: value if isinstance(value, str) else value["refId"]
)
def test_rates_run_over_two_minutes_at_least(title: str, target: dict[str, Any]) -> None:
    assert set(re.findall(r"\[(.+?)\]", target["expr"])) <= {"$__rate_interval"}, title
    assert target["interval"] == "30s"  # Grafana: $__rate_interval is never under four of these


def test_promtool_understands_every_query(tmp_path: Path, program: Callable[[str], Path]) -> None:
    rules = [{"record": "x", "expr": filled(target["expr"])} for _, target in TARGETS]
    named = [{**rule, "labels": {"n": str(number)}} for number, rule in enumerate(rules)]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": named}]}), encoding="utf-8")
    checked = subprocess.run([program("promtool"), "check", "rules", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def filled(expr: str) -> str:
    values = {"$site": ".*", "$role": ".*", "$instance": "files-1", "$__rate_interval": "2m"}
    for variable, value in values.items():
        expr = expr.replace(variable, value)
    assert "$" not in expr
    return expr


def test_readme_explains_each_row_in_order() -> None:
    text = (GRAFANA / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE) == list(ROWS)


def test_provisioning_names_our_folder_of_dashboards_and_one_fixed_data_source() -> None:
    [provider] = yaml.safe_load((GRAFANA / "provisioning/dashboards/keskidee.yml").read_text())["providers"]
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/keskidee.yml").read_text())["datasources"]
    assert (provider["type"], provider["allowUiUpdates"], provider["folderUid"]) == ("file", False, "keskidee")
    assert (source["uid"], source["type"], source["editable"]) == ("keskidee-prometheus", "prometheus", False)
