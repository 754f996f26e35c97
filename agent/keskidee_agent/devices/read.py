"""Reads one device: who it is, then each table it may have, then what stands in them.

All is asked first and parsed afterwards, so that a device that dies on the way leaves what it has said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_agent.devices import standard
from keskidee_agent.devices.answers import Answers
from keskidee_agent.devices.engine import NoAnswer
from keskidee_agent.devices.identify import Known, identify, probes
from keskidee_agent.devices.mibs import bridge, entity, host, printer, system, ups
from keskidee_agent.devices.parts import Identity, Parts
from keskidee_agent.devices.profile import fact, full
from keskidee_agent.devices.tables import add_table
from keskidee_agent.devices.walk import MOST_ROWS, SIZES, got, walked
from keskidee_agent.devices.words import vendor_in_words
from keskidee_agent.host.placeholders import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keskidee_agent.devices.engine import Engine


APPLIANCES = (("power", ups.BATTERY), ("printer", full(printer.MARKER) + ".4"))
"""Kinds of devices by a column that only such have."""
SOFTWARE = re.compile(r"\b(?:soft|firm)ware,? version:? *v?(?=\w*[\d.])([\w.()-]*\d[\w.()-]*)", re.IGNORECASE)
ONE_WORD = re.compile(r"(?=\S*\d)[A-Z][\w/+.-]{2,30}")  # such as GS1900-24
IN_SENTENCE = re.compile(r"(?:^| )(?:[Vv]ersion +|[Vv])(\d[^\s,]*)[ ,]")
KERNEL = re.compile(r"(?:Linux|\w+BSD|DragonFly|SunOS|Darwin) (?!\d+\.)\S+ (\d\S*)")  # as uname has them
VERSION = re.compile(r"\b[Vv](?:ersion|er)?[ :.]*(\d+(?:\.\w+)+)")


@dataclass(slots=True, kw_only=True)
class DeviceReading:
    """One device, what it is made of, and what could not be read of it (a line each)."""

    known: Known
    identity: Identity
    parts: Parts
    answers: Answers
    troubles: list[str] = field(default_factory=list)


async def read_device(engine: Engine) -> DeviceReading:
    """One reading. Raises NoAnswer, Refused or Garbled where not even the system group was answered."""
    answers = Answers()
    answers.add_scalars(await got(engine, system.ALL))
    known = await _known(engine, answers)
    troubles = await _walk_all(engine, answers, _roots(known))
    parts = parsed(known, answers)
    return DeviceReading(
        known=known, identity=identity_of(known, answers), parts=parts, answers=answers, troubles=troubles
    )


async def _known(engine: Engine, answers: Answers) -> Known:
    """Who it is; a device whose agent is Net-SNMP, or that does not say, is asked what only certain makers answer."""
    object_id, words = answers.first(system.OBJECT_ID), answers.first(system.DESCRIPTION)
    known = identify(object_id, words)
    if known.profiles and object_id and not object_id.startswith(full("~8072.")):
        return known
    answered = await got(engine, probes())
    return identify(object_id, words, [oid for oid, _ in answered])


def _roots(known: Known) -> list[str]:
    """The subtrees to walk, none inside another."""
    roots = [*standard.WALKS, *(full(oid) for profile in known.profiles for oid in profile.walks)]
    unique = list(dict.fromkeys(roots))
    return [root for root in unique if not any(root.startswith(other + ".") for other in unique)]


async def _walk_all(engine: Engine, answers: Answers, roots: Iterable[str]) -> list[str]:
    """Walks each subtree; gives a line for each that was not read to its end. Stops where the device has gone."""
    troubles = []
    sizes = list(SIZES)
    for at, root in enumerate(remaining := list(roots)):
        most_rows = standard.MOST_ROWS.get(root, MOST_ROWS)
        rows, reason = await walked(engine, root, most_rows=most_rows, sizes=sizes)
        answers.add_walk(root, rows)
        if reason is None:
            continue
        troubles.append(f"{root}: {reason}")
        if reason.startswith("no answer") and not await _alive(engine):
            left = len(remaining) - at - 1
            troubles.append(f"the device answers no more; {left} tables were not asked for, what was read stays")
            break
    return troubles


async def _alive(engine: Engine) -> bool:
    try:
        await got(engine, [system.UPTIME])
    except NoAnswer:
        return False
    return True


def parsed(known: Known, answers: Answers, *, moving: bool = False) -> Parts:
    """What the answers say of a device that is known; a sensor that two tables name counts once.

    Where only what is `moving` is wanted, ports and neighbours are left out.
    """
    parts = Parts()
    standard.add_standard(answers, parts, readers=standard.MOVING if moving else standard.READERS)
    for profile in known.profiles:
        add_table(profile, answers, parts)
    parts.sensors = list({sensor.oid: sensor for sensor in parts.sensors}.values())
    return parts


def identity_of(known: Known, answers: Answers) -> Identity:
    """Model, serial and version as the vendor's table says, else as the standard MIBs do."""
    facts = {
        what: told_by(fact(getattr(profile, what), answers) for profile in reversed(known.profiles))
        for what in ("model", "serial", "version")
    }
    uptime = answers.scalar(system.UPTIME)
    return Identity(
        name=answers.first(system.NAME),
        vendor=known.vendor or _usual_name(told_by([answers.first(ups.MAKER), entity.maker(answers)])),
        model=facts["model"] or told_by([entity.model(answers), *_usual_models(known, answers)]),
        serial=facts["serial"] or told_by([entity.serial(answers), answers.first(full(printer.SERIAL))]),
        version=facts["version"] or _usual_version(known, answers),
        system=known.system,
        kind=_kind(known, answers),
        location=answers.first(system.LOCATION),
        contact=answers.first(system.CONTACT),
        uptime_seconds=uptime / system.HUNDREDTHS if isinstance(uptime, int) else None,
        sys_object_id=answers.first(system.OBJECT_ID),
    )


def _kind(known: Known, answers: Answers) -> str | None:
    """What a device is; of one that nobody knows, or whose agent names only the kernel it runs on, by its tables."""
    if known.kind is None:
        return _kind_by_tables(answers, (*APPLIANCES, ("network", bridge.PORTS)))
    only_kernel = known.kind == "server" and known.vendor is None
    return (_kind_by_tables(answers, APPLIANCES) if only_kernel else None) or known.kind


def _kind_by_tables(answers: Answers, tables: Iterable[tuple[str, str]]) -> str | None:
    return next((kind for kind, column in tables if answers.column(column)), None)


def _usual_name(maker: str | None) -> str | None:
    """A maker's name as it is written here, of what its own tables call it."""
    return maker and (vendor_in_words(maker) or maker)


def _usual_models(known: Known, answers: Answers) -> Iterator[str | None]:
    """Where the standard MIBs have it: of a UPS, of a printer as the host's first device; or all of sysDescr."""
    yield fact(ups.STANDARD.model, answers)
    if known.kind == "printer":
        yield answers.first(f"{host.DEVICE}.3")
    words = answers.first(system.DESCRIPTION) or ""
    if known.vendor and ONE_WORD.fullmatch(words):
        yield words


def told_by(facts: Iterable[str | None]) -> str | None:
    """The first fact that a maker has filled in. A row of digits may be a serial here, unlike in a PC's firmware."""
    return next((words for words in facts if words and (said(words) or _digits(words))), None)


def _digits(words: str) -> bool:
    return words.isdigit() and len(set(words)) > 2


def _usual_version(known: Known, answers: Answers) -> str | None:
    """The version where the standard MIBs have it, else one that sysDescr names; a kernel's where nobody made it."""
    told = told_by([entity.version(answers), fact(ups.STANDARD.version, answers)])
    if told:
        found = IN_SENTENCE.search(told)
        return found[1] if found else told
    words = answers.first(system.DESCRIPTION) or ""
    found = SOFTWARE.search(words) or VERSION.search(words) or (None if known.vendor else KERNEL.match(words))
    return found[1] if found else None
