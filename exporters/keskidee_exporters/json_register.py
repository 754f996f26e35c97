"""The register as one JSON document: every asset with its items and its history. Written an asset at a time."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_collector.view import WholeAsset

SCHEMA = 1


def write(assets: Iterable[WholeAsset], out: TextIO, exported_at: float) -> None:
    """`{"schema", "exported_at", "assets": [{..., "items": {kind: [...]}, "history": [...]}]}`, an asset a line.

    The fields of an asset are the columns of the CSV, its items are as in an inventory; times are UTC epoch seconds,
    unknown ones null.
    """
    out.write(f'{{"schema":{SCHEMA},"exported_at":{exported_at:.3f},"assets":[')
    for number, asset in enumerate(assets):
        out.write(",\n" if number else "\n")
        out.write(_text({**asdict(asset.row), "items": items_of(asset), "history": _history(asset)}))
    out.write("\n]}\n")


def items_of(asset: WholeAsset) -> dict[str, list[dict[str, Any]]]:
    """Items by kind, each with its key, as an inventory has them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for item in asset.items:
        found.setdefault(item.kind, []).append({"key": item.key, **item.fields})
    return found


def _history(asset: WholeAsset) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = msgspec.to_builtins(asset.history)
    return [{name: said for name, said in row.items() if name != "asset_id"} for row in rows]


def _text(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
