"""Writes agent.example.yml and collector.example.yml from the model: `python -m keskidee_config.example`."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_origin, get_type_hints

import yaml

from keskidee_config.agent import AgentSettings
from keskidee_config.check import Shown
from keskidee_config.collector import CollectorSettings
from keskidee_config.nodes import listed

EXAMPLES = {"agent": AgentSettings, "collector": CollectorSettings}
FOLDER = Path(__file__).parents[1]
WIDTH = 110


def example(name: str) -> str:
    """The example file of `agent` or `collector`: each setting with its meaning, commented out at its default."""
    model = EXAMPLES[name]
    head = (
        f"{model.__doc__} Copy it to /etc/keskidee/{name}.yml and change what you need: "
        "a line that is commented out shows the default."
    )
    return "\n".join([*_comment(head), "", *_section(model, 0)]).rstrip("\n") + "\n"


def _section(model: type[Any], depth: int) -> Iterator[str]:
    types = get_type_hints(model, include_extras=True)
    meanings = field_docstrings(model)
    indent = "  " * depth
    for each in fields(model):
        if is_dataclass(types[each.name]):
            section: Any = types[each.name]
            yield ""
            yield from _comment(section.__doc__, indent)
            yield f"{indent}{each.name}:"
            yield from _section(section, depth + 1)
        elif section := listed(types[each.name]):
            yield ""
            yield from _comment(meanings[each.name], indent)
            yield from _one_of_a_list(section, indent)
            yield f"{indent}#{each.name}: []"
        else:
            yield from _comment(meanings[each.name], indent)
            yield from _setting(each, types[each.name], indent)


def _one_of_a_list(section: type[Any], indent: str) -> Iterator[str]:
    """A section of a list with all its settings, none of which is in force: to be copied below the list's name."""
    sign = "-"
    for line in _section(section, 2):
        is_setting = not line.lstrip().startswith("# ")
        shown = line.replace("#", "", 1) if is_setting else line
        yield f"{indent}# {f'  - {shown[4:]}' if is_setting and sign else shown}"
        sign = "" if is_setting else sign


def _setting(each: "Field[Any]", kind: Any, indent: str) -> Iterator[str]:
    shown = next((note for note in _notes(kind) if isinstance(note, Shown)), None)
    if shown is not None:
        yield f"{indent}{'' if shown.needed else '#'}{each.name}: {shown.text}"
        return
    assert each.default is not MISSING, f"{each.name} has neither a default nor Shown"
    value = list(each.default) if isinstance(each.default, tuple) else each.default
    yield f"{indent}#{each.name}: {_as_yaml(value)}"


def _notes(kind: Any) -> tuple[Any, ...]:
    return tuple(kind.__metadata__) if get_origin(kind) is Annotated else ()


def _as_yaml(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _comment(text: str | None, indent: str = "") -> list[str]:
    assert text, "every section and setting says what it is for"
    lines = textwrap.wrap(" ".join(text.split()), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in lines]


def field_docstrings(model: type[Any]) -> dict[str, str]:
    """The string under each field of a class, by the field's name. Python drops them, so its source is read."""
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, following in zip(definition.body, definition.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            found[statement.target.id] = following.value.value
    return found


def example_file(name: str) -> Path:
    """Where the example of `agent` or `collector` lies in a checkout."""
    return FOLDER / f"{name}.example.yml"


if __name__ == "__main__":
    for each_name in EXAMPLES:
        example_file(each_name).write_text(example(each_name), encoding="utf-8")
