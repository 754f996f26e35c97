"""Inventories for GLPI: a document an asset, as its inventory_format has it (keskidee_report/glpi.py)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TextIO

from keskidee_exporters.json_register import items_of
from keskidee_report.glpi import as_glpi

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from keskidee_collector.view import WholeAsset


def documents(assets: Iterable[WholeAsset]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A name for a file and the document, of each asset that has an inventory: GLPI takes nothing else."""
    for asset in assets:
        if asset.items:
            row = asset.row
            name, identity = row.hostname or row.name, row.id or row.asset_id
            machine = {"hostname": name, "machine_id_hash": identity}
            made = as_glpi({"machine": machine, "items": items_of(asset)})
            if row.asset_tag:
                made["content"].setdefault("bios", {})["assettag"] = row.asset_tag
            yield f"{re.sub(r'[^A-Za-z0-9.-]', '_', name)[:60].lstrip('.')}-{identity}.json", made


def write(assets: Iterable[WholeAsset], out: TextIO) -> None:
    """A document a line."""
    out.writelines(_text(document) + "\n" for _, document in documents(assets))


def write_files(assets: Iterable[WholeAsset], folder: Path) -> None:
    """A file an asset, as `glpi-injector --directory` takes them."""
    for name, document in documents(assets):
        (folder / name).write_text(_text(document) + "\n", encoding="utf-8")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
