"""Rules about packages that import-linter cannot state."""

import ast
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
REPORT = sorted((CHECKOUT / "agent" / "keskidee_report").glob("*.py"))


def imported(path: Path) -> set[str]:
    """The first names of all that a file imports, at its top or inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    dotted = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in plain | dotted}


@pytest.mark.parametrize("path", REPORT, ids=lambda path: path.name)
def test_the_report_imports_the_standard_library_only(path: Path) -> None:
    assert imported(path) - sys.stdlib_module_names - {"keskidee_report"} == set()
