"""The text of a settings file as settings, by way of PyYAML's nodes, which know their lines."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from keskidee_config.check import ConfigError, OneOf
from keskidee_config.secret import Secret

Settings = TypeVar("Settings")

KINDS = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:int": "a whole number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:null": "an empty value",
    "tag:yaml.org,2002:seq": "a list",
    "tag:yaml.org,2002:map": "a section",
    "tag:yaml.org,2002:timestamp": "a date",
}
WANTED = {str: "text", Secret: "text", int: "a whole number", float: "a number", bool: "true or false"}
TAGS = {
    str: {"tag:yaml.org,2002:str"},
    Secret: {"tag:yaml.org,2002:str"},
    int: {"tag:yaml.org,2002:int"},
    float: {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"},
    bool: {"tag:yaml.org,2002:bool"},
}
# YAML also reads 010 as eight, 1:30 as ninety and 1_0 as ten: nobody means that in a settings file.
NUMBERS = {int: re.compile(r"-?(0|[1-9][0-9]*)"), float: re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")}


def read_text(model: type[Settings], text: str, path: Path) -> Settings:
    """Settings from YAML; `path` is what errors name. Raises ConfigError."""
    root = _compose(text, path) or _compose("~", path)  # a file without settings is an empty section
    assert root is not None
    settings: Settings = _Reader(path, model).section(model, root, ())
    return settings


def _compose(text: str, path: Path) -> yaml.Node | None:
    """The tree of YAML nodes, which know their lines; None for a file that holds comments only."""
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise ConfigError(f"{path}:{line}: a character that YAML does not allow: U+{error.character:04X}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(error.problem or error.context).split())
        if r"'\t'" in problem:
            problem = "a tab, where only spaces may indent"
        raise _refusal(f"{path}:{mark.line + 1 if mark else 1}: not valid YAML: {problem}") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deep") from None
    return root


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns the nodes of one file into settings."""

    path: Path
    model: Any

    def section(self, model: Any, node: yaml.Node, keys: tuple[str, ...]) -> Any:
        """One section as its class. A section that is named but empty is all defaults."""
        types = get_type_hints(model, include_extras=True)
        given: dict[str, Any] = {}
        for key_node, name, value_node in self.pairs(node, keys):
            if name not in types:
                raise self.error(key_node, (*keys, name), f"unknown key, {self.advice(name, types)}")
            given[name] = self.value(types[name], value_node, (*keys, name))
        if missing := [name for name in _needed(model) if name not in given]:
            raise self.error(node, (*keys, missing[0]), "is missing")
        try:
            return model(**given)
        except ValueError as error:  # raised by __post_init__, for settings that do not fit each other
            raise self.error(node, keys, str(error)) from None

    def pairs(self, node: yaml.Node, keys: tuple[str, ...]) -> Iterator[tuple[yaml.Node, str, yaml.Node]]:
        """Each key with its name and its value; none where there is nothing. A name that comes twice is refused."""
        if node.tag == "tag:yaml.org,2002:null":
            return
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, keys, f"expected settings (`name: value`), not {KINDS.get(node.tag, node.tag)}")
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            name = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if name in lines:
                raise self.error(key_node, (*keys, name), f"given twice, first on line {lines[name]}")
            lines[name] = key_node.start_mark.line + 1
            yield key_node, name, value_node

    def advice(self, name: str, types: dict[str, Any]) -> str:
        """The nearest valid name in this section, or else anywhere in the file, or else all of this section."""
        import difflib  # for who needs the hint

        if near := difflib.get_close_matches(name, types, n=1):
            return f"did you mean {near[0]}?"
        last = {path[-1]: ".".join(path) for path in _all_keys(self.model)}
        if near := difflib.get_close_matches(name, last, n=1):
            return f"did you mean {last[near[0]]}?"
        return f"known here are {', '.join(types)}"

    def value(self, kind: Any, node: yaml.Node, keys: tuple[str, ...]) -> Any:
        kind, checks = _unwrap(kind)
        if is_dataclass(kind):
            return self.section(kind, node, keys)
        if get_origin(kind) is tuple:
            value: Any = self.sequence(get_args(kind)[0], node, keys)
        elif get_origin(kind) is Mapping:
            value = {
                name: self.value(get_args(kind)[1], item, (*keys, name)) for _, name, item in self.pairs(node, keys)
            }
        elif any(isinstance(check, OneOf) and node.value in check.words for check in checks):
            value = node.value
        else:
            value = self.scalar(kind, node, keys)
        for check in checks:
            if value is not None and (problem := check.problem(value)):
                raise self.error(node, keys, problem)
        return value

    def sequence(self, kind: Any, node: yaml.Node, keys: tuple[str, ...]) -> tuple[Any, ...]:
        if node.tag == "tag:yaml.org,2002:null":
            return ()
        if not isinstance(node, yaml.SequenceNode):
            wanted = "a list (`- name: value`)" if is_dataclass(kind) else "a list such as [a, b]"
            raise self.error(node, keys, f"expected {wanted}, not {_described(node)}")
        if is_dataclass(kind):  # each says which of the list it is
            places = [(*keys[:-1], f"{keys[-1]}[{index}]") for index in range(len(node.value))]
            return tuple(self.section(kind, item, place) for item, place in zip(node.value, places, strict=True))
        return tuple(self.value(kind, item, keys) for item in node.value)

    def scalar(self, kind: Any, node: yaml.Node, keys: tuple[str, ...]) -> Any:
        optional = isinstance(kind, UnionType) or get_origin(kind) is Union
        if optional:
            kind = next(member for member in get_args(kind) if member is not NoneType)
            if node.tag == "tag:yaml.org,2002:null":
                return None
        if node.tag not in TAGS[kind]:
            quote = (
                "; put it in quotes"
                if kind in (str, Secret) and isinstance(node, yaml.ScalarNode) and node.value
                else ""
            )
            raise self.error(node, keys, f"expected {WANTED[kind]}, not {_described(node)}{quote}")
        if kind is bool:
            return node.value.lower() in ("true", "yes", "on")
        if kind in NUMBERS and not NUMBERS[kind].fullmatch(node.value):
            raise self.error(node, keys, f"write {WANTED[kind]} in plain decimal digits, not {node.value!r}")
        return kind(node.value)

    def error(self, node: yaml.Node, keys: tuple[str, ...], problem: str) -> ConfigError:
        place = f"{self.path}:{node.start_mark.line + 1}"
        return _refusal(f"{place}: {'.'.join(keys)}: {problem}" if keys else f"{place}: {problem}")


def _refusal(text: str) -> ConfigError:
    """A ConfigError on one line, whatever the file holds."""
    return ConfigError("".join(each if each.isprintable() else ascii(each)[1:-1] for each in text))


def _unwrap(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """`(str, (check, ...))` of `Annotated[str, check, ...]`."""
    if get_origin(kind) is Annotated:
        return kind.__origin__, kind.__metadata__
    return kind, ()


def _described(node: yaml.Node) -> str:
    """A node in words: `the text "15s"`, `a list`."""
    kind = KINDS.get(node.tag, f"a value of type {node.tag}")
    if not isinstance(node, yaml.ScalarNode) or not node.value:
        return kind
    shown = node.value if len(node.value) <= 40 else node.value[:37] + "..."
    return f"{kind} ({shown!r})"


def _needed(model: Any) -> list[str]:
    """The settings of a section that have no default."""
    return [each.name for each in fields(model) if each.default is MISSING and each.default_factory is MISSING]


def _all_keys(model: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    types = get_type_hints(model)
    for name in (each.name for each in fields(model)):
        yield (*above, name)
        inner = listed(types[name]) or types[name]
        if is_dataclass(inner):
            yield from _all_keys(inner, (*above, name))


def listed(kind: Any) -> Any:
    """The class of the sections in `tuple[Section, ...]`; None for any other type."""
    kind, _ = _unwrap(kind)
    if get_origin(kind) is tuple and is_dataclass(get_args(kind)[0]):
        return get_args(kind)[0]
    return None
