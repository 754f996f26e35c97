"""Inventories for GLPI: a document an asset, as its inventory_format has it (keskidee_report/glpi.py)."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any, TextIO

from keskidee_exporters.json_register import items_of
from keskidee_report.glpi import as_glpi
from keskidee_report.glpi_devices import as_glpi_device, is_device

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import TypeAlias

    from keskidee_collector.view import WholeAsset

    Form: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]

WRONG = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a field of another type than it should have does to the conversion."""

logger = logging.getLogger(__name__)


def documents(assets: Iterable[WholeAsset]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A name for a file and the document, of each thing that has an inventory: GLPI takes nothing without one."""
    for asset in assets:
        if asset.items:
            row = asset.row
            name, identity = row.hostname or row.name, row.id or row.asset_id
            machine = {"hostname": name, "machine_id_hash": identity}
            form = as_glpi_device if is_device(item.kind for item in asset.items) else as_glpi
            made = form({"machine": machine, "items": _sound(form, items_of(asset), row.asset_id)})
            if row.asset_tag:
                section = "bios" if form is as_glpi else "network_device"
                made["content"].setdefault(section, {})["assettag"] = row.asset_tag
            yield f"{re.sub(r'[^A-Za-z0-9.-]', '_', name)[:60].lstrip('.')}-{identity}.json", made


def _sound(form: Form, items: dict[str, list[dict[str, Any]]], asset_id: str) -> dict[str, list[dict[str, Any]]]:
    """The kinds of which a document can be made: what a machine told is no agent's of ours for sure, and must not cost
    the others their export. A kind with a size in words, say, is left out, and named.
    """
    try:
        form({"machine": {}, "items": items})
    except WRONG:
        found = {kind: told for kind, told in items.items() if _is_sound(form, kind, told)}
        logger.warning("kinds are left out asset=%s kinds=%s", asset_id, ",".join(sorted(items.keys() - found)))
        return found
    return items


def _is_sound(form: Form, kind: str, told: list[dict[str, Any]]) -> bool:
    try:
        form({"machine": {}, "items": {kind: told}})
    except WRONG:
        return False
    return True


def write(assets: Iterable[WholeAsset], out: TextIO) -> None:
    """A document a line."""
    out.writelines(_text(document) + "\n" for _, document in documents(assets))


def write_files(assets: Iterable[WholeAsset], folder: Path) -> None:
    """A file an asset, as `glpi-injector --directory` takes them."""
    for name, document in documents(assets):
        (folder / name).write_text(_text(document) + "\n", encoding="utf-8")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
