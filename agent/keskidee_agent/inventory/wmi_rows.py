"""Rows of WMI in the forms that they come in: `wmic ... /format:list`, its CSV, ConvertTo-Json; in whichever encoding.

A row answers by property and in its type, whichever form it came in.
"""

from __future__ import annotations

import json
import re

from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.days import day_of
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DAYS = ("DriverDate", "InstalledOn", "ReleaseDate")
EMPTY_LINES = re.compile(r"\n{2,}")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_DECODER = json.JSONDecoder()
_LIST = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,;{}\s][^,;{}]*)')
NAME = re.compile(r"[A-Za-z_]\w{0,99}\Z")


class Row:
    """One instance: its properties by name, as text, number, flag, list or day. What is empty is not there."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = properties
        self._by_lower: Mapping[str, Any] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self._properties == other._properties

    __hash__ = None  # type: ignore[assignment]

    def _value(self, name: str) -> Any:
        """A property, out of what PowerShell wraps lists and times in. Names have no case: Select-Object keeps the one
        that it was asked with.
        """
        value = self._properties.get(name)
        if value is None and name not in self._properties:
            if self._by_lower is None:
                self._by_lower = {each.lower(): told for each, told in self._properties.items()}
            value = self._by_lower.get(name.lower())
        return value.get("value") if isinstance(value, dict) else value

    def text(self, name: str) -> str:
        """A property as text without placeholders; empty where nothing is known."""
        return said(self.raw(name), name)

    def raw(self, name: str) -> str:
        """A property as text, as it is; numbers in decimal, TRUE or FALSE for a flag."""
        value = self._value(name)
        if isinstance(value, bool):
            return str(value).upper()
        return "" if value is None or isinstance(value, dict | list) else str(value).strip()

    def number(self, name: str) -> int | None:
        """A property as a whole number from 0 on."""
        text = self.raw(name)
        return int(text) if text.isdecimal() and len(text) < 19 else None

    def flag(self, name: str) -> bool | None:
        """A property as yes or no."""
        return {"TRUE": True, "FALSE": False}.get(self.raw(name).upper())

    def texts(self, name: str) -> list[str]:
        """A property that is a list: JSON's, or `{"a","b"}` as wmic writes it."""
        value = self._value(name)
        if isinstance(value, list):
            return [str(each) for each in value if each is not None]
        text = self.raw(name)
        if not (text.startswith("{") and text.endswith("}")):
            return [text] if text else []
        return [(quoted or bare).strip() for quoted, bare in _LIST.findall(text[1:-1])]

    def day(self, name: str) -> str | None:
        """A property that is a time, as its day in ISO 8601; those of DAYS have no time of day."""
        return day_of(self.raw(name), midnight=name in DAYS)


def text_of(content: bytes) -> str:
    """A text that Windows wrote: UTF-16 with or without its mark, UTF-8, or what is left of an old code page."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if b"\0" in content[:2] and len(content.strip(b"\0")) > 0:
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def from_json(content: bytes) -> list[Row]:
    """The rows of a JSON array, or the one row of an object. Raises Malformed."""
    text = text_of(content).strip("\ufeff \r\n\t")
    try:
        found = _documents(text)
    except (ValueError, RecursionError):
        raise Malformed("not JSON", text) from None
    if isinstance(found, dict):
        found = found.get("value", [found]) if set(found) == {"value", "Count"} else [found]
    if not isinstance(found, list):
        raise Malformed("no rows in the JSON", text)
    return [Row(each) for each in found if isinstance(each, dict)]


def _documents(text: str) -> Any:
    """What the JSON holds; several objects one after the other, as of rows that were written each on its own, as one
    list. Raises ValueError.
    """
    found: list[Any] = []
    at = 0
    while at < len(text):
        told, at = _DECODER.raw_decode(text, at)
        found.append(told)
        at += len(text[at:]) - len(text[at:].lstrip())
    if len(found) > 1 and not all(isinstance(each, dict) for each in found):
        raise ValueError("several things that are no rows")
    return found[0] if len(found) == 1 else found


def from_list(content: bytes) -> list[Row]:
    """The rows of `/format:list`: `Name=Value` lines, empty lines between rows. Raises Malformed for another text."""
    text = text_of(content).replace("\r", "")
    if text.lstrip("\ufeff\n ").startswith("Node,"):
        return _from_csv(text)
    if not re.search(r"[^\n]\n[^\n]", text):  # every line end was doubled on its way here
        text = text.replace("\n\n", "\n")
    found, lines = [], 0
    for paragraph in EMPTY_LINES.split(text):
        properties: dict[str, str] = {}
        for line in paragraph.split("\n"):
            name, equals, value = line.partition("=")
            if not equals or not NAME.match(name.strip()):
                continue
            lines += 1
            if name.strip() in properties:
                found.append(Row(properties))
                properties = {}
            properties[name.strip()] = _plain(value)
        if properties:
            found.append(Row(properties))
    if text.strip() and not lines:
        raise Malformed("no Name=Value line", text.strip())
    return found


def _from_csv(text: str) -> list[Row]:
    """The rows of `/format:csv`: a line of names from `Node` on, and a line a row. wmic puts no quotes around commas:
    a row with another number of fields is passed over, since nobody knows where one ends.
    """
    names, *lines = [line.split(",") for line in text.split("\n") if line.strip()]
    return [
        Row({name.strip(): _plain(value) for name, value in zip(names, values, strict=True) if name.strip() != "Node"})
        for values in lines
        if len(values) == len(names)
    ]


def _plain(value: str) -> str:
    for entity, character in ENTITIES:
        value = value.replace(entity, character)
    return value
