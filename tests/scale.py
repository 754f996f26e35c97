"""How long a test of endurance runs: a short round in `make test`, the full figures by `make soak`."""

import os
from typing import TypeVar

Number = TypeVar("Number", int, float)
FULL = os.environ.get("KESKIDEE_SOAK") == "full"


def scaled(short: Number, full: Number) -> Number:
    """The number for this run."""
    return full if FULL else short
