"""Which families outlast a long absence: those that our rules and panels name, no more and no fewer."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from keskidee_agent.spool.narrowing import is_needed

CHECKOUT = Path(__file__).parents[3]
NEEDED = CHECKOUT / "agent" / "keskidee_agent" / "spool" / "needed.py"
RULES = sorted((CHECKOUT / "deploy" / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((CHECKOUT / "deploy" / "grafana" / "dashboards").glob("*.json"))
HEAD = '''"""The families of agents that our alert rules and dashboards name; keskidee_* is needed anyhow.

Written by `pytest --update tests/agent/spool/test_needed.py`, and compared with the rules and dashboards by it.
"""

NEEDED = frozenset(
    (
'''
PROMETHEUS_MAKES = {"ALERTS", "ALERTS_FOR_STATE", "up"}
STRINGS = re.compile(r"""#.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
LABELS = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
NAME = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])")
WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}


def families_named_by(expr: str) -> set[str]:
    """The metrics in a PromQL expression."""
    expr = LABELS.sub(" ", STRINGS.sub(" ", expr))  # a matcher's strings may hold braces
    return {name for name in NAME.findall(expr) if name not in WORDS}


def exprs_in(value: Any) -> Iterator[str]:
    """Every `expr` in a tree of dictionaries and lists."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "expr" and isinstance(below, str):
                yield below
            else:
                yield from exprs_in(below)
    elif isinstance(value, list):
        for below in value:
            yield from exprs_in(below)


def test_what_is_kept_longest_is_what_rules_and_panels_name(golden: Callable[[Path, str], None]) -> None:
    trees = [yaml.safe_load(path.read_text()) for path in RULES] + [json.loads(path.read_text()) for path in DASHBOARDS]
    named = {name for tree in trees for expr in exprs_in(tree) for name in families_named_by(expr)}
    theirs = {name for name in named if not name.startswith("keskidee_") and ":" not in name} - PROMETHEUS_MAKES
    assert len(theirs) > 20
    golden(NEEDED, HEAD + "".join(f'        "{name}",\n' for name in sorted(theirs)) + "    )\n)\n")


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ('sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))', {"node_cpu_seconds_total"}),
        ('a{x="}"} / on (b) group_left (c) d offset 3h > 2e3', {"a", "d"}),
        ('label_replace(a, "x", "$1", "y", "(z)") unless on () ns:b:rate', {"a", "ns:b:rate"}),
    ],
)
def test_names_are_found_in_an_expression(expr: str, names: set[str]) -> None:
    assert families_named_by(expr) == names


def test_our_own_families_are_kept_whatever_they_are() -> None:
    assert [is_needed(name) for name in ("keskidee_agent_info", "node_load1", "node_netstat_Tcp_InSegs")] == [
        True,
        True,
        False,
    ]
