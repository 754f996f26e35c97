"""What a device is, by its sysObjectID and sysDescr: vendor, system, kind, and the profiles that know more.

The longest known prefix of the sysObjectID decides, and words of sysDescr that a vendor's file names go before it.
Otherwise the maker by its enterprise number says what it mostly builds; where it builds everything, and where the agent
calls itself Net-SNMP or nothing, general words decide (`words.py`).
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from keskidee_agent.devices import vendors
from keskidee_agent.devices.enterprises import maker_of
from keskidee_agent.devices.families import FAMILIES
from keskidee_agent.devices.profile import full
from keskidee_agent.devices.words import kind_in_words, system_in_words, vendor_in_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from keskidee_agent.devices.enterprises import Maker
    from keskidee_agent.devices.profile import Profile


KERNEL = re.compile(r"(Linux|FreeBSD) (\S+ )?\d")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a device before its tables are read. None: nobody knows."""

    vendor: str | None
    system: str | None
    kind: str | None
    profiles: tuple[Profile, ...]


@cache
def all_profiles() -> tuple[Profile, ...]:
    """Every profile of every file in `vendors/`; a new file is found by itself."""
    names = sorted(module.name for module in pkgutil.iter_modules(vendors.__path__))
    modules = [importlib.import_module(f"{vendors.__name__}.{name}") for name in names]
    return tuple(profile for module in modules for profile in module.PROFILES)


@cache
def probes() -> tuple[str, ...]:
    """Names to ask of a device that calls itself Net-SNMP: one that answers tells the vendor."""
    return tuple(full(profile.probe) for profile in all_profiles() if profile.probe)


def identify(sys_object_id: str | None, sys_descr: str | None, answered: Collection[str] = ()) -> Known:
    """What a device is; `answered` are those of `probes()` that it has."""
    oid, words = (sys_object_id or "").lstrip("."), sys_descr or ""
    matches = sorted(_matches(oid, words, answered), key=lambda match: match[0])
    profiles = tuple(dict.fromkeys(match[1] for match in matches if match[1] is not None))
    maker = maker_of(oid)
    told = matches[-1][2:] if matches else (None, None)
    vendor = next((profile.vendor for profile in reversed(profiles) if profile.vendor), None)
    own_maker = None if _generic(oid) else maker
    return Known(
        vendor or (own_maker.name if own_maker else vendor_in_words(words)),
        told[0] or system_in_words(words),
        told[1] or _usual_kind(own_maker, words),
        profiles,
    )


def _usual_kind(maker: Maker | None, words: str) -> str | None:
    """What the words say, unless the maker builds one thing, or they only name the kernel inside."""
    general = kind_in_words(words)
    if maker is None:
        return general
    only_kernel = KERNEL.match(words) or (general == "server" and system_in_words(words))
    return general if maker.many_kinds and general and not only_kernel else maker.kind


def _generic(oid: str) -> bool:
    """The number is the agent's, not the maker's: Net-SNMP, UCD-SNMP, FreeBSD's."""
    return oid.startswith(tuple(full(f"~{number}.") for number in (8072, 2021, 12325)))


def _matches(
    oid: str, words: str, answered: Collection[str]
) -> Iterator[tuple[int, Profile | None, str | None, str | None]]:
    """Each match with its weight: the length of a prefix; words weigh more, and a probe most."""
    for prefix, (system, kind) in FAMILIES.items():
        if below(oid, full(prefix)):
            yield len(full(prefix)), None, system, kind
    for profile in all_profiles():
        if profile.probe and full(profile.probe) in answered and profile.probed:
            yield 2000, profile, *profile.probed
        for prefix, (system, kind) in profile.object_ids.items():
            if below(oid, full(prefix)):
                yield len(full(prefix)), profile, system or None, kind or None
        for pattern, system, kind in profile.patterns:
            if words and re.search(pattern, words):
                yield 1000, profile, system, kind


def below(oid: str, prefix: str) -> bool:
    """Whether an OID is the prefix or stands below it; a prefix with a dot at its end matches only below."""
    return oid == prefix or oid.startswith(prefix if prefix.endswith(".") else prefix + ".")
