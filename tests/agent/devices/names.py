"""The OIDs that declared tables name."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from keskidee_agent.devices.profile import full

OID = re.compile(r"[~@][\d.]+$|1\.[0-3]\.[\d.]+$")


def names_in(declared: object) -> Iterator[str]:
    """Every OID that stands somewhere in a declared table."""
    if isinstance(declared, str) and OID.match(declared):
        yield full(declared)
    elif isinstance(declared, dict):
        yield from (name for pair in declared.items() for name in names_in(pair))
    elif isinstance(declared, (tuple, list)):
        yield from (name for one in declared for name in names_in(one))
    elif is_dataclass(declared):
        yield from names_in([getattr(declared, field.name) for field in fields(declared)])
