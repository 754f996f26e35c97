"""Every report that was taken is delivered, waits, or is counted as dropped: after any kill, and on a full disk."""

import contextlib
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keskidee_agent.spool.cursor import DISK, REFUSED
from keskidee_agent.spool.record import REPORTS as RECORDS_OF_REPORTS
from keskidee_agent.spool.record import records
from keskidee_agent.spool.spool import Spool
from keskidee_report.codec import Report
from tests.agent.spooling import (
    ALL,
    INTERVAL_MS,
    A,
    B,
    Clock,
    Told,
    dropped,
    filled,
    is_balanced,
    kill,
    largest_file,
    numbers,
    report,
    segments,
    spool_at,
)

OPTIONS: dict[str, Any] = {
    "max_bytes": 40_000,
    "max_age_seconds": 6000,
    "full_rate_seconds": 700,
    "minute_rate_seconds": 1400,
}
CALLS = ("pwrite", "rename", "replace", "unlink", "fsync", "ftruncate", "utime", "open")
"""What the spool asks of the system that leaves a trace."""


class Killed(BaseException):
    """Stands for the end of the process: no code of ours catches it."""


class Machine:
    """One machine over several agents, and what its collector has heard."""

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self.folder = folder
        self.options = options
        self.clock = Clock()
        self.told = Told()
        self.held = 0
        self.heard: list[int] = []
        self.spool = self.start()

    def start(self) -> Spool:
        return spool_at(self.folder, now_ms=self.clock, warn=self.told, **self.options)

    def hold(self, next_report: Report | None = None) -> None:
        self.spool.hold(next_report or report(self.held))
        self.held += 1
        self.clock.ms += INTERVAL_MS

    def send_live(self) -> None:
        if self.spool.live is not None:
            self.heard.append(self.spool.live.sequence)
            self.spool.acknowledge_live()

    def send_batch(self, max_reports: int, reason: str = "") -> None:
        batch = self.spool.oldest(max_reports, ALL)
        if batch is not None:
            if not {*self.heard}.isdisjoint(numbers(batch.reports)):
                reason = ""  # a collector knows a repeat by its number, and never refuses it
            self.heard += [] if reason else numbers(batch.reports)
            self.spool.acknowledge(batch, reason)

    def send_all(self) -> None:
        self.send_live()
        while self.spool.reports:
            self.send_batch(7)


REPORTS = [report(number, B if number % 30 == 29 else A, size=160) for number in range(200)]


def busy_hour(machine: Machine) -> None:
    """Some minutes with the collector, more without, some of the backlog delivered, and without again."""
    for _ in range(3):
        machine.hold(REPORTS[machine.held])
        machine.send_live()
    for _ in range(70):
        machine.hold(REPORTS[machine.held])
    machine.send_live()
    machine.send_batch(5)
    machine.send_batch(1, REFUSED)
    machine.send_batch(50)
    for _ in range(60):
        machine.hold(REPORTS[machine.held])
    machine.send_live()
    machine.send_batch(50)


def killing(monkeypatch: pytest.MonkeyPatch, at: int) -> list[str]:
    """Ends the process before its call of this number; the calls so far."""
    calls: list[str] = []

    def wrapped(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if len(calls) >= at:
                raise Killed
            calls.append(name)
            return None if name == "fsync" else call(*arguments, **options)

        return counted

    for name in CALLS:
        monkeypatch.setattr(os, name, wrapped(name, getattr(os, name)))
    return calls


@pytest.mark.parametrize("every", [29, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_a_kill_before_any_call_of_the_system_loses_nothing_and_counts_right(tmp_path: Path, every: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        machine = Machine(tmp_path / "whole", OPTIONS)
        calls = killing(patch, ALL)
        busy_hour(machine)
    assert {*CALLS} - {"ftruncate", "rename"} <= {*calls}
    assert machine.spool.dropped["thinned"] > 0
    for at in range(0, len(calls), every):
        machine = Machine(tmp_path / str(at), OPTIONS)
        with pytest.MonkeyPatch.context() as patch:
            killing(patch, at)
            with contextlib.suppress(Killed):
                busy_hour(machine)
        kill(machine.spool)
        machine.spool = machine.start()
        assert is_balanced(machine.spool)
        assert machine.spool.taken in (machine.held, machine.held + 1), at  # the second: it was killed behind the slot
        assert machine.spool.dropped[DISK] == 0
        machine.send_all()
        kept = {*machine.heard}
        assert machine.spool.taken - len(kept) == sum(machine.spool.dropped.values()), at
        kill(machine.spool)
        shutil.rmtree(tmp_path / str(at))


def test_what_a_power_cut_took_is_counted_where_a_later_report_is_still_there(tmp_path: Path) -> None:
    spool = filled(tmp_path, 20)
    kill(spool)
    [segment] = segments(tmp_path)
    whole = segment.read_bytes()
    ends = [end for kind, _, end in records(whole) if kind in RECORDS_OF_REPORTS]
    segment.write_bytes(whole[: ends[11]])  # what was not yet written out: seven reports; the slot was
    told = Told()
    following = spool_at(tmp_path, warn=told)
    assert (following.taken, following.reports, following.dropped) == (20, 13, dropped(disk=7))
    assert told == [f"spool=lost folder={tmp_path} reports=7"]


def test_what_comes_back_with_an_old_cursor_is_taken_once_more_and_nothing_is_lost(tmp_path: Path) -> None:
    spool = filled(tmp_path, 20)
    spool.drop_live(REFUSED)
    before = (tmp_path / "cursor").read_bytes()
    batch = spool.oldest(15, ALL)
    assert batch is not None
    spool.acknowledge(batch)
    spool.hold(report(20))
    kill(spool)
    (tmp_path / "cursor").write_bytes(before)
    following = spool_at(tmp_path)
    assert is_balanced(following)
    assert (following.reports, following.dropped) == (20, dropped(refused=1))


def test_counts_of_a_spool_that_did_not_count_what_it_took_go_on(tmp_path: Path) -> None:
    values = struct.pack("<QQ4Q", 0, 5, 1, 2, 3, 4)
    (tmp_path / "cursor").write_bytes(values + zlib.crc32(values).to_bytes(4, "little"))
    spool = filled(tmp_path, 3)
    assert spool.dropped == dropped(full=1, old=2, refused=3, disk=4)
    assert (spool.taken, is_balanced(spool)) == (13, True)


class Accounting(RuleBasedStateMachine):
    """Anything in any order. What the collector never heard is as many as are counted."""

    folder: Path

    @initialize()
    def begin(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.machine = Machine(self.folder, OPTIONS)
        self.was_full = False
        self.forgotten = 0

    @rule(count=st.integers(1, 60), schema=st.sampled_from([A, A, B]), size=st.sampled_from([40, 400]))
    def hold(self, count: int, schema: str, size: int) -> None:
        for _ in range(count):
            self.machine.hold(report(self.machine.held, schema, size))

    @rule(size=st.integers(0, 5000), count=st.integers(1, 20))
    def hold_on_a_full_disk(self, size: int, count: int) -> None:
        self.was_full = True
        with largest_file(size):
            self.hold(count, A, 40)

    @rule()
    def send_live(self) -> None:
        self.machine.send_live()

    @rule(max_reports=st.integers(1, 50))
    def send_batch(self, max_reports: int) -> None:
        self.machine.send_batch(max_reports)

    @rule()
    def refuse_the_oldest(self) -> None:
        self.machine.send_batch(1, REFUSED)

    @rule(minutes=st.integers(1, 60))
    def sleep(self, minutes: int) -> None:
        self.machine.clock.ms += minutes * 60_000

    @rule()
    def end(self) -> None:
        self.machine.spool.close()
        self.machine.spool = self.machine.start()

    @precondition(lambda self: not self.was_full)  # what a full disk refused is nowhere, so a kill takes it
    @rule()
    def be_killed(self) -> None:
        self.forgotten += self.machine.spool.live is None
        kill(self.machine.spool)
        self.machine.spool = self.machine.start()

    @invariant()
    def counts_are_right(self) -> None:
        spool = self.machine.spool
        assert is_balanced(spool)
        assert spool.taken == self.machine.held
        assert self.was_full or spool.dropped[DISK] == 0

    def teardown(self) -> None:
        if not hasattr(self, "machine"):
            return
        self.machine.send_all()
        missing = self.machine.held - len({*self.machine.heard})
        # the acknowledgement of the newest report dies with its process: it waits again, and may age before it is sent
        assert missing <= sum(self.machine.spool.dropped.values()) <= missing + self.forgotten
        kill(self.machine.spool)


@pytest.mark.slow
def test_whatever_happens_what_is_missing_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(Accounting, "folder", tmp_path / "spool", raising=False)
    run_state_machine_as_test(Accounting, settings=settings(stateful_step_count=30))
