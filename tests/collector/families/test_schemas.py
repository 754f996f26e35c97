"""Names are compiled once, shared by machines that have the same, and forgotten with the last of them."""

from __future__ import annotations

import asyncio
import gc
import struct

import pytest

from keskidee_collector.families.definitions import Definitions
from keskidee_collector.families.render import ROWS_AT_ONCE
from keskidee_collector.families.schemas import Schema, Schemas, UnknownSchema
from keskidee_config import LimitSettings
from keskidee_report.codec import Encoder
from keskidee_report.decode import Index, OverLimit, Part, decode_index, decode_part
from keskidee_report.model import Family, Reading
from keskidee_report.wire import PART, SCHEMA
from tests.report.reading_back import frames_of

LOAD = Family("node_load1", "gauge", "Load.")
CPU = Family("node_cpu_seconds_total", "counter", "CPU.")
DMI = Family("node_dmi_info", "gauge", "DMI.")
WORD = struct.Struct("<d")


def names_of(*readings: Reading) -> tuple[Index, dict[bytes, Part]]:
    encoder = Encoder(bytes(8))
    report = encoder.report(readings, sequence=0, boot_ms=0, wall_ms=0)
    frames = frames_of(b"".join(encoder.schema_frames(report.schema_id)[0]))
    [index] = [decode_index(payload) for kind, payload in frames if kind == SCHEMA]
    parts = [decode_part(payload) for kind, payload in frames if kind == PART]
    return index, {part.hash: part for part in parts}


def reading(source: str, *families: Family) -> Reading:
    return Reading(source, "ok", samples=[family(float(n)) for n, family in enumerate(families)])


@pytest.fixture
def schemas() -> Schemas:
    return Schemas(Definitions(limit=100, sender_limit=100))


def test_a_schema_gives_a_chunk_a_family(schemas: Schemas) -> None:
    schema = schemas.compile(*names_of(reading("load", LOAD), Reading("dmi", "absent"), reading("cpu", CPU)))
    chunks = schema.chunks(WORD.pack(0.5) + WORD.pack(7.0), b"pc-01")
    assert (schema.sources, schema.families, schema.samples, schema.series) == (
        ("load", "dmi", "cpu"), ("node_load1", "node_cpu_seconds_total"), 2, 2,
    )  # fmt: skip
    assert chunks == [b'node_load1{instance="pc-01"} 0.5\n', b'node_cpu_seconds_total{instance="pc-01"} 7.0\n']


def test_two_machines_with_the_same_names_share_them(schemas: Schemas) -> None:
    first = schemas.compile(*names_of(reading("load", LOAD)))
    assert schemas.compile(*names_of(reading("load", LOAD))) is first


def test_machines_that_differ_in_labels_only_have_one_list_of_families(schemas: Schemas) -> None:
    here, there = [
        schemas.compile(*names_of(Reading("dmi", "ok", samples=[DMI(1.0, serial=serial)]), reading("load", LOAD)))
        for serial in ("A1", "B2")
    ]
    assert here is not there
    assert here.families == ("node_dmi_info", "node_load1")
    assert there.families is here.families


def test_a_source_that_says_the_same_is_not_rendered_again(schemas: Schemas) -> None:
    schema = schemas.compile(*names_of(reading("load", LOAD), reading("cpu", CPU)))
    before, after = WORD.pack(0.5) + WORD.pack(7.0), WORD.pack(0.5) + WORD.pack(8.0)
    first = schema.chunks(before, b"i")
    second = schema.chunks_after(first, before, after, b"i")
    assert first == [b'node_load1{instance="i"} 0.5\n', b'node_cpu_seconds_total{instance="i"} 7.0\n']
    assert second == [b'node_load1{instance="i"} 0.5\n', b'node_cpu_seconds_total{instance="i"} 8.0\n']
    assert second[0] is first[0]


def test_names_that_are_known_need_not_be_sent(schemas: Schemas) -> None:
    first = schemas.compile(*names_of(reading("load", LOAD)))
    index, _ = names_of(reading("load", LOAD), Reading("dmi", "absent"))
    assert schemas.compile(index, {}).templates[0][0] is first.templates[0][0]


def test_names_that_nobody_uses_are_forgotten(schemas: Schemas) -> None:
    index, parts = names_of(reading("load", LOAD))
    schema = schemas.compile(index, parts)
    assert schemas.families() == {"node_load1"}
    del schema
    gc.collect()
    assert schemas.families() == set()
    with pytest.raises(UnknownSchema, match="of source load"):
        schemas.compile(index, {})


def test_a_family_belongs_to_the_first_source_that_names_it(schemas: Schemas) -> None:
    schema = schemas.compile(*names_of(reading("a", LOAD), reading("b", LOAD, CPU)))
    words = b"".join(map(WORD.pack, [1.0, 2.0, 3.0]))
    assert schema.families == ("node_load1", "node_cpu_seconds_total")
    assert schema.chunks(words, b"i") == [
        b'node_load1{instance="i"} 1.0\n', b'node_cpu_seconds_total{instance="i"} 3.0\n',
    ]  # fmt: skip
    assert schema.refused == {"node_load1": "given by another source of this machine already"}


def test_a_source_all_of_whose_families_are_refused_gives_nothing(schemas: Schemas) -> None:
    schema = schemas.compile(*names_of(reading("textfile", Family("up", "gauge", "")), reading("load", LOAD)))
    assert schema.chunks(WORD.pack(1.0) + WORD.pack(2.0), b"i") == [b'node_load1{instance="i"} 2.0\n']


def test_the_agents_own_names_are_refused_to_a_textfile_of_the_same_content(schemas: Schemas) -> None:
    own = Family("keskidee_agent_info", "gauge", "")
    agent, textfile = (schemas.compile(*names_of(reading(source, own))) for source in ("agent", "textfile"))
    assert (agent.families, textfile.families) == (("keskidee_agent_info",), ())


def test_a_refusal_for_too_much_is_not_shared_with_the_next_machine() -> None:
    schemas = Schemas(Definitions(limit=100, sender_limit=1))
    index, parts = names_of(reading("textfile", LOAD, CPU))
    first = schemas.compile(index, parts, "a")
    then = schemas.compile(index, parts, "b")
    assert (first.families, then.families) == (("node_load1",), ("node_load1", "node_cpu_seconds_total"))
    assert schemas.families() == {"node_load1", "node_cpu_seconds_total"}


@pytest.mark.parametrize("limits", [LimitSettings(samples=1), LimitSettings(families=1)])
def test_limits_hold_for_all_sources_together(schemas: Schemas, limits: LimitSettings) -> None:
    index, parts = names_of(reading("load", LOAD), reading("cpu", CPU))
    with pytest.raises(OverLimit, match="more than the 1 "):
        schemas.compile(index, parts, "a", limits)


def test_many_sources_of_one_part_are_over_the_limit_before_they_take_memory(schemas: Schemas) -> None:
    wide = [Family(f"my_{n}", "gauge", "") for n in range(100)]
    index, parts = names_of(*[reading(f"s{n}", *wide) for n in range(200)])
    with pytest.raises(OverLimit, match="more than the 150 samples"):
        schemas.compile(index, parts, "a", LimitSettings(samples=150))


def test_many_new_names_are_compiled_in_steps_between_which_others_have_their_turns(schemas: Schemas) -> None:
    many = [LOAD(1.0, core=str(core)) for core in range(4 * ROWS_AT_ONCE)]
    index, parts = names_of(Reading("load", "ok", samples=many), reading("cpu", CPU))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def compiled() -> Schema:
        beside = asyncio.create_task(others())
        pages = await schemas.page(parts)
        beside.cancel()
        assert len(pages) == 1  # the short one is not worth it
        return schemas.compile(index, parts, pages=pages)

    words = WORD.pack(0.5) * (len(many) + 1)
    in_steps = asyncio.run(compiled()).chunks(words, b"pc-01")
    assert turns >= 8  # twice through all rows
    at_once = Schemas(Definitions(limit=100, sender_limit=100)).compile(index, parts)
    assert in_steps == at_once.chunks(words, b"pc-01")


def test_of_many_names_those_of_another_source_are_left_out_all_the_same(schemas: Schemas) -> None:
    many = [LOAD(1.0, core=str(core)) for core in range(2 * ROWS_AT_ONCE)]
    index, parts = names_of(reading("load", LOAD), Reading("copy", "ok", samples=[*many, CPU(2.0)]))
    schema = schemas.compile(index, parts, pages=asyncio.run(schemas.page(parts)))
    assert schema.families == ("node_load1", "node_cpu_seconds_total")
    assert schema.refused == {"node_load1": "given by another source of this machine already"}
