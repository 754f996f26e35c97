"""Schemas as the collector holds them: the names of a report, compiled, and shared by all machines that have the same.

A part is known by the first 128 bits of its SHA-256, so two desktops of one model share its template. A schema (the
list of a machine's parts) is known to its machine by 64 bits, and only to it: nobody can plant one for somebody else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from weakref import WeakSet, WeakValueDictionary

from keskidee_collector.families.definitions import OWN_PREFIXES, Definition, Refused
from keskidee_collector.families.render import ROWS_AT_ONCE, PartTemplate, page_families, paged
from keskidee_report.decode import OverLimit

if TYPE_CHECKING:
    from keskidee_collector.families.definitions import Definitions
    from keskidee_collector.families.render import PageFamily
    from keskidee_config import LimitSettings
    from keskidee_report.decode import Index, Part

    Pages = dict[bytes, tuple[list[PageFamily], dict[str, str]]]
    """The families of parts by hash, as they stand on a page, and those that fit none with the reason."""


class UnknownSchema(Exception):
    """Names that the collector does not have; the agent sends them again."""


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True, eq=False)
class Schema:
    """A compiled schema.

    `sources` in report order; `templates` with the byte offset of each one's words; `families` in chunk order;
    `refused` names each family that was left out, with the reason.
    """

    sources: tuple[str, ...]
    templates: tuple[tuple[PartTemplate, int], ...]
    samples: int
    series: int
    families: tuple[str, ...]
    refused: dict[str, str]

    def chunks(self, words: bytes, instance: bytes) -> list[bytes]:
        """One chunk a family, in the order of `families`."""
        out: list[bytes] = []
        for template, offset in self.templates:
            out += template.fill(words, offset, instance)
        return out

    def chunks_after(self, chunks: list[bytes], before: bytes, words: bytes, instance: bytes) -> list[bytes]:
        """The same, where `chunks` were made of `before`: a source whose words are the same is not rendered again."""
        out, first = chunks.copy(), 0
        for template, offset in self.templates:
            end, last = offset + template.size, first + template.families
            if words[offset:end] != before[offset:end]:
                out[first:last] = template.fill(words, offset, instance)
            first = last
        return out


class Schemas:
    """Compiles schemas; what no machine uses any more is forgotten by itself."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._templates: WeakValueDictionary[tuple[bytes, tuple[str, ...] | None, frozenset[str]], PartTemplate] = (
            WeakValueDictionary()
        )
        self._schemas: WeakValueDictionary[bytes, Schema] = WeakValueDictionary()
        self._families_last: tuple[str, ...] = ()
        self._in_use: WeakSet[Schema] = WeakSet()

    async def page(self, parts: dict[bytes, Part]) -> Pages:
        """What `compile` will need of long parts that came, and costs most of it: others have their turns between."""
        known = {part_hash for part_hash, _, _ in self._templates}
        pages: Pages = {}
        for part_hash, part in parts.items():
            if part.count > ROWS_AT_ONCE and part_hash not in known:
                refused: dict[str, str] = {}
                steps = paged(part, refused)
                try:
                    while True:
                        next(steps)
                        await asyncio.sleep(0)
                except StopIteration as done:
                    pages[part_hash] = done.value, refused
        return pages

    def compile(
        self,
        index: Index,
        parts: dict[bytes, Part],
        sender: str = "",
        limits: LimitSettings | None = None,
        *,
        pages: Pages | None = None,
    ) -> Schema:
        """The schema of `index`; `parts` are those that came with it. Raises UnknownSchema where one is missing.

        A family belongs to the first source of the schema that names it, so no series can be there twice. New families
        count against `sender`, the id of the machine that brings them. Raises OverLimit; what is stored has no limits.
        """
        key = _key_of(index)
        known = self._schemas.get(key)
        if known is not None:
            return known
        templates: list[tuple[PartTemplate, int]] = []
        owners: dict[str, str] = {}
        refused: dict[str, str] = {}
        offset = 0
        for source, part_hash in index.sources:
            if not part_hash:
                continue
            template = self._template(source, part_hash, parts, frozenset(), sender, pages=pages or {})
            taken = owners.keys() & template.names
            if taken:
                template = self._template(source, part_hash, parts, frozenset(taken), sender, pages=pages or {})
            templates.append((template, offset))
            owners.update(dict.fromkeys(template.names, source))
            refused |= template.refused
            offset += template.size
            if limits is not None:
                _check(limits, offset // 8, len(owners) + len(refused))
        schema = Schema(
            sources=tuple([source for source, _ in index.sources]),
            templates=tuple(templates),
            samples=offset // 8,
            series=sum(template.series for template, _ in templates),
            families=self._shared([name for template, _ in templates for name in template.names]),
            refused=refused,
        )
        self._in_use.add(schema)
        if not any(template.passing for template, _ in templates):
            self._schemas[key] = schema
        return schema

    def _shared(self, families: list[str]) -> tuple[str, ...]:
        """The names as a tuple: the same as for the schema before, where that one differs in its labels only."""
        names = tuple(families)
        if names != self._families_last:
            self._families_last = names
        return self._families_last

    def families(self) -> set[str]:
        """The families of every schema that a machine uses, or that a POST on its way will make it use."""
        return {name for schema in self._in_use for name in schema.families}

    def _template(
        self,
        source: str,
        part_hash: bytes,
        parts: dict[bytes, Part],
        taken: frozenset[str],
        sender: str,
        *,
        pages: Pages,
    ) -> PartTemplate:
        key = (part_hash, OWN_PREFIXES.get(source), taken)
        template = self._templates.get(key)
        if template is None:
            part = parts.get(part_hash)
            if part is None:
                raise UnknownSchema(f"part {part_hash.hex()} of source {source}")
            refused = dict.fromkeys(taken, "given by another source of this machine already")
            if part_hash in pages:
                families, unfit = pages[part_hash]
                refused = unfit | refused
            else:
                families = page_families(part, refused)
            template = self._compile_part(source, part, families, refused, sender)
            if not template.passing:  # what one machine may not bring, because it brought too much, another may
                self._templates[key] = template
        return template

    def _compile_part(
        self, source: str, part: Part, families: list[PageFamily], refused: dict[str, str], sender: str
    ) -> PartTemplate:
        accepted: list[PageFamily] = []
        passing = False
        for family in families:
            if family.name in refused:
                continue
            wanted = Definition(name=family.name, kind=family.kind, help=family.help)
            try:
                self._definitions.settle(wanted, family.labels, source=source, sender=sender)
            except Refused as reason:
                refused[family.name] = str(reason)
                passing = passing or reason.passing
            else:
                accepted.append(family)
        return PartTemplate(part, accepted, refused, passing=passing)


def _key_of(index: Index) -> bytes:
    """What the sources of a schema are known by: each machine has its own schema, and they weigh 30 times as much."""
    return sha256(repr(index.sources).encode()).digest()


def _check(limits: LimitSettings, samples: int, families: int) -> None:
    if samples > limits.samples:
        raise OverLimit(f"more than the {limits.samples} samples a report that are allowed")
    if families > limits.families:
        raise OverLimit(f"more than the {limits.families} families a report that are allowed")
