"""How the fields of parts and programs are written on the pages: names in words, numbers in units that people use."""

from __future__ import annotations

import math
from typing import Any

UNITS = ("bytes", "hertz", "watts", "volts", "seconds", "celsius", "metres", "millimetres")
BINARY = ("KiB", "MiB", "GiB", "TiB", "PiB")


def words(name: str) -> str:
    """A field's name without its unit: "size", "maximum speed"."""
    if name == "machine_id":
        return "machine"
    for unit in ("bits_per_second", "transfers_per_second", *UNITS, "ratio"):
        name = name.removesuffix(f"_{unit}")
    return name.replace("_", " ")


def value(name: str, said: Any) -> str:
    """A field's value in text, with its unit."""
    if name == "machine_id":
        return str(said)[:8]  # as much as an instance's name has of it
    if isinstance(said, bool):
        return "yes" if said else "no"
    if isinstance(said, list):
        return ", ".join(map(str, said))
    if isinstance(said, int | float):
        return _number(name, said)
    return str(said)


def summary(fields: dict[str, Any], at_most: int = 6) -> str:
    """The first few fields in one line."""
    return ", ".join(f"{words(name)} {value(name, said)}" for name, said in list(fields.items())[:at_most])


def _number(name: str, said: float) -> str:
    if name.endswith("_bytes"):
        return _binary(said)
    if name.endswith("_ratio"):
        return f"{said:.0%}"
    if name.endswith("_hertz"):
        return f"{said / 1e9:g} GHz" if said >= 1e9 else f"{said / 1e6:g} MHz"
    if name.endswith("_transfers_per_second"):
        return f"{said / 1e6:g} MT/s"
    if name.endswith("_bits_per_second"):
        return f"{said / 1e6:g} Mbit/s"
    unit = next((unit for unit in UNITS if name.endswith(f"_{unit}")), "")
    return f"{said} {unit}".rstrip()


def _binary(size: float) -> str:
    if size < 1024:
        return f"{int(size)} bytes"
    power = min(int(math.log(size, 1024)), len(BINARY))
    return f"{size / 1024**power:.3g} {BINARY[power - 1]}"
