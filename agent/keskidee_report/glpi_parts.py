"""What a GLPI inventory tells of parts together, and of cards by what they do; glpi.py uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    Fields = Mapping[str, Any]

MIB = 1 << 20
PHYSICAL = "Physical"
SOUND_CLASSES = frozenset({"0401", "0403"})
"""Audio among the classes of PCI devices (PCI Code and ID Assignment): multimedia audio, High Definition Audio."""


def hardware(items: Mapping[str, list[Fields]]) -> dict[str, Any]:
    """Of their `hardware`: the memory of all modules in MiB, and whether the machine is one of metal."""
    memory = sum(fields.get("size_bytes", 0) for fields in items.get("memory", ()))
    row: dict[str, Any] = {"memory": memory // MIB} if memory else {}
    is_physical = [fields.get("virtual") is False for fields in items.get("platform", ())]
    return row | ({"vmsystem": PHYSICAL} if is_physical and is_physical[0] else {})


def sounds(items: Mapping[str, list[Fields]]) -> list[dict[str, str]]:
    """The sound cards among the PCI devices."""
    return [_sound(fields) for fields in items.get("pci", ()) if fields.get("class_code", "") in SOUND_CLASSES]


def _sound(fields: Fields) -> dict[str, str]:
    revision = f"rev {fields['revision']}" if "revision" in fields else ""
    made_by = f"{fields.get('maker', '')} {fields.get('model', '')}".strip()
    row = {"name": str(fields.get("class", "")), "manufacturer": made_by, "description": revision}
    return {name: value for name, value in row.items() if value}


def board_of(fields: Fields) -> dict[str, str]:
    """Whose board a PCI device is on, as `1028:0704`."""
    both = [fields.get(f"subsystem_{of}_id", "") for of in ("vendor", "device")]
    return {"pcisubsystemid": ":".join(map(str, both))} if all(both) else {}
