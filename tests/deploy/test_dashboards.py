"""The Grafana dashboards: the JSON is the one that the Python makes, and holds what our panels promise."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.build import BOARDS, FOLDER, text_of
from deploy.grafana.queries import by_label
from tests.panels import filled, panels_of, queries

GRAFANA = FOLDER.parent
PANELS = [(name, panel) for name in BOARDS for panel in panels_of(name)]
TARGETS = [(f"{name} {panel['title']}", target) for name, panel in PANELS for target in panel["targets"]]

dashboards = pytest.mark.parametrize("name", BOARDS)


@dashboards
def test_json_is_the_one_that_the_python_makes(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(FOLDER / name, text_of(name))


def test_no_other_json_lies_beside_it() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(BOARDS)


@dashboards
def test_what_the_types_of_the_sdk_read_they_write_again(name: str) -> None:
    written = json.loads((FOLDER / name).read_text())
    assert json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder)) == written


@dashboards
def test_dashboard_keeps_its_address_and_cannot_be_changed_in_grafana(name: str) -> None:
    board = json.loads((FOLDER / name).read_text())
    assert (board["uid"], board["tags"], board["editable"]) == (name.removesuffix(".json"), ["keskidee"], False)
    assert board["title"].startswith("keskidee: ")


@dashboards
def test_people_cut_by_site_role_system_and_fund(name: str) -> None:
    chosen = [(v["name"], v.get("multi", False)) for v in json.loads((FOLDER / name).read_text())["templating"]["list"]]
    several = [(variable, True) for variable in ("site", "role", "system", "fund")]
    more = {"keskidee-machine.json": [("instance", False)], "keskidee-network.json": [("device", True)]}
    more["keskidee-services.json"] = [("service", True)]
    assert chosen == [("datasource", False), *several, *more.get(name, [])]


@dashboards
def test_links_lead_up_to_the_fleet_and_across(name: str) -> None:
    links = json.loads((FOLDER / name).read_text())["links"]
    up = [] if name == "keskidee-fleet.json" else ["link"]
    assert [link["type"] for link in links] == [*up, "dashboards"]
    assert [link["url"].startswith("/d/keskidee-fleet?") for link in links if link["type"] == "link"] == [True] * len(
        up
    )


def test_links_lead_down_to_dashboards_that_there_are() -> None:
    text = "".join((FOLDER / name).read_text() for name in BOARDS)
    assert {f"{uid}.json" for uid in re.findall(r'"/d/([\w-]+)', text)} <= set(BOARDS)
    assert {"keskidee-machine", "keskidee-network", "keskidee-sites"} <= set(re.findall(r'"/d/([\w-]+)', text))


@dashboards
def test_panels_are_numbered_once_and_do_not_overlap(name: str) -> None:
    everything = json.loads((FOLDER / name).read_text())["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken = [cell for panel in everything for cell in cells_of(panel["gridPos"])]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) == 23


def cells_of(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    return ((place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"]))


@pytest.mark.parametrize(
    ("name", "panel"), PANELS, ids=lambda value: value if isinstance(value, str) else value["title"]
)
def test_panel_says_what_it_shows_in_which_unit_and_from_where(name: str, panel: dict[str, Any]) -> None:
    assert panel["description"].endswith("."), name
    assert panel["type"] in ("table", "state-timeline", "stat") or panel["fieldConfig"]["defaults"]["unit"]
    assert [target["datasource"] for target in panel["targets"]] == [
        {"type": "prometheus", "uid": "${datasource}"} for _ in panel["targets"]
    ]


def test_rates_run_over_two_minutes_at_least() -> None:
    for title, target in TARGETS:
        assert set(re.findall(r"\[(.+?)\]", target["expr"])) <= {"$__rate_interval", "1d"}, title
        assert target["interval"] in ("30s", "1m"), title  # Grafana: $__rate_interval is never under four of these


def test_promtool_understands_every_query(tmp_path: Path, program: Callable[[str], Path]) -> None:
    rules = [{"record": "x", "expr": filled(expr)} for _, _, _, expr in queries()]
    named = [{**rule, "labels": {"n": str(number)}} for number, rule in enumerate(rules)]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": named}]}), encoding="utf-8")
    checked = subprocess.run([program("promtool"), "check", "rules", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_label_that_one_of_two_jobs_has_not_yet_read_anew_fails_no_query(
    tmp_path: Path, program: Callable[[str], Path]
) -> None:
    by_fund = by_label("keskidee_machine_info", "sum by (instance) (node_load15)", "fund")
    series = {
        'keskidee_machine_info{instance="pc-1",job="keskidee"}': 1,
        'keskidee_machine_info{instance="pc-1",job="whole-fleet",fund="Grant"}': 1,
        'keskidee_machine_info{instance="pc-2",job="keskidee",fund="Grant"}': 1,
        'node_load15{instance="pc-1"}': 2,
        'node_load15{instance="pc-2"}': 3,
    }
    test = {
        "input_series": [{"series": name, "values": str(value)} for name, value in series.items()],
        "promql_expr_test": [
            {"expr": f"sum({by_fund})", "eval_time": "0", "exp_samples": [{"labels": "", "value": 5}]}
        ],
    }
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump({"tests": [test]}))
    tested = subprocess.run([program("promtool"), "test", "rules", path], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_readme_explains_each_row_of_each_dashboard_in_order() -> None:
    text = (GRAFANA / "README.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"^### `(keskidee-[\w-]+\.json)`.*?\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL))
    told = {name: re.findall(r"^\| \*\*(.+?)\*\* \|", part, re.MULTILINE) for name, part in parts.items()}
    assert told == {name: list(board.rows) for name, board in BOARDS.items()}


def test_provisioning_names_our_folder_of_dashboards_and_one_fixed_data_source() -> None:
    [provider] = yaml.safe_load((GRAFANA / "provisioning/dashboards/keskidee.yml").read_text())["providers"]
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/keskidee.yml").read_text())["datasources"]
    assert (provider["type"], provider["allowUiUpdates"], provider["folderUid"]) == ("file", False, "keskidee")
    assert (source["uid"], source["type"], source["editable"]) == ("keskidee-prometheus", "prometheus", False)
