"""What an inventory is made of: items. The register, history and exports handle kinds and fields they never heard of.

Only short-lived commands and the collector import this module.
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | tuple[str, ...]
"""What a field may say. Units end its name (`size_bytes`); what is not known has no field."""

LONGEST_TEXT = 4096


class Item(NamedTuple):
    """One thing a machine has: a kind (`memory`), a key that names its place in the machine, and what is known of it.

    The key is unique among the machine's items of the kind, and stays while the place does: a memory module's slot,
    not its serial number, so that a module that was exchanged is told as a change of what is in the slot.
    """

    kind: str
    key: str
    fields: Mapping[str, Value]


def item(kind: str, key: str, fields: Mapping[str, Value | None]) -> Item:
    """An item of the fields that say something; None and empty texts are left out, texts are made fit to be stored."""
    known: dict[str, Value] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            value = _line(value)[:LONGEST_TEXT]  # noqa: PLW2901 - a thousand programs have ten texts each
        elif isinstance(value, tuple):
            value = tuple([_line(text)[:LONGEST_TEXT] for text in value])  # noqa: PLW2901 - as above
        if value is not None and value != "" and value != ():
            known[name] = value
    return Item(kind, _line(key), known)


def unique(items: Iterable[Item]) -> list[Item]:
    """The items in their order, with ` #2`, ` #3` ... behind keys that came before for the same kind."""
    count: dict[tuple[str, str], int] = {}
    found, taken = [], set()
    for each in items:
        key = each.key
        while (each.kind, key) in taken:
            number = count[each.kind, each.key] = count.get((each.kind, each.key), 1) + 1
            key = f"{each.key} #{number}"
        taken.add((each.kind, key))
        found.append(each if key == each.key else Item(each.kind, key, each.fields))
    return found


def _line(text: str) -> str:
    """The text in one line, without control characters and lone surrogates, which no store and no page takes."""
    if text.isascii() and text.isprintable():  # nearly all are
        return text.strip()
    text = text.encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
