"""What is told of an inventory: what changed since the one that was acknowledged; nothing of sources that failed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from keskidee_agent.delivery.stock import STATE_FILE
from keskidee_agent.inventory.delivery import Known, Taken, difference, read_known, write_known
from keskidee_agent.inventory.gather import Found, source_of
from keskidee_report.inventory import digest, whole
from keskidee_report.items import Item
from keskidee_report.model import ABSENT, DENIED, FAILED, OK, TIMED_OUT

A, B = Item("memory", "A", {"size_bytes": 1}), Item("memory", "B", {"size_bytes": 2})


def found(outcome: str, *kinds: str, items: tuple[Item, ...] = ()) -> Found:
    source = source_of("one", SimpleNamespace(KINDS=kinds))
    return Found(source=source, outcome=outcome, items=items)


def after(*items: Item) -> Known:
    digests = {(each.kind, each.key): digest(each.kind, each.key, each.fields) for each in items}
    return Known(hash=whole(digests, {"memory"}), digests=digests)


def test_the_first_time_everything_is_told() -> None:
    body, known = difference(Taken.of([found(OK, "memory", items=(A, B))]), Known(digests={}))
    assert body == {
        "base": "",
        "hash": after(A, B).hash,
        "told": ["memory"],
        "moving": [],
        "changed": [
            {"kind": "memory", "key": "A", "fields": {"size_bytes": 1}},
            {"kind": "memory", "key": "B", "fields": {"size_bytes": 2}},
        ],
        "gone": [],
    }
    assert known == after(A, B)


def test_where_nothing_changed_only_the_hash_is_told() -> None:
    body, known = difference(Taken.of([found(OK, "memory", items=(A, B))]), after(B, A))
    assert (body["base"], body["changed"], body["gone"], known) == (body["hash"], [], [], after(A, B))


def test_what_changed_and_what_is_gone_is_told_and_nothing_else() -> None:
    larger = Item("memory", "B", {"size_bytes": 4})
    body, known = difference(Taken.of([found(OK, "memory", items=(larger,))]), after(A, B))
    told = [{"kind": "memory", "key": "B", "fields": {"size_bytes": 4}}]
    assert (body["base"], body["changed"], body["gone"]) == (after(A, B).hash, told, [("memory", "A")])
    assert known == after(larger)


@pytest.mark.parametrize(
    ("outcome", "gone"), [(OK, ["B"]), (ABSENT, ["B"]), (DENIED, []), (FAILED, []), (TIMED_OUT, [])]
)
def test_of_a_source_that_could_not_read_nothing_is_gone(outcome: str, gone: list[str]) -> None:
    body, known = difference(Taken.of([found(outcome, "memory", items=(A,))]), after(A, B))
    assert [key for _, key in body["gone"]] == gone
    assert len(known.digests) == 2 - len(gone)


def test_a_kind_of_two_sources_is_told_where_both_read() -> None:
    results = [found(OK, "memory", "cache", items=(A,)), found(FAILED, "memory")]
    assert Taken.of(results).told == ["cache"]


def test_what_was_acknowledged_is_kept(tmp_path: Path) -> None:
    write_known(tmp_path / STATE_FILE, after(A, B))
    assert read_known(tmp_path) == after(A, B)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"hash": "x", "items": {"a": {"b": "no"}}}', b"\xff"])
def test_where_that_file_is_damaged_everything_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STATE_FILE).write_bytes(content)
    assert read_known(tmp_path) == Known(digests={})
