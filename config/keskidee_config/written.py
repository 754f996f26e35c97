"""Settings as the text of a file that gives them again."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any


def written(settings: Any) -> str:
    """YAML of what differs from the defaults; nothing but `{}` where nothing does."""
    import yaml  # `agent once` without settings needs none

    text: str = yaml.safe_dump(_changed(settings), sort_keys=False, allow_unicode=True)
    return text


def _changed(section: Any) -> dict[str, Any]:
    values = {each.name: getattr(section, each.name) for each in fields(section)}
    return {each.name: _plain(values[each.name]) for each in fields(section) if values[each.name] != _default(each)}


def _default(each: "Field[Any]") -> object:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return each.default


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _changed(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return dict(value)
    return value
