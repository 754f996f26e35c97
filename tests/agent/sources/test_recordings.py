"""Every recorded machine gives the reading that lies beside it. `pytest --update` writes it; review the diff."""

from collections.abc import Callable
from pathlib import Path

import pytest

from keskidee_agent.gather.gather import Source
from keskidee_agent.gather.output import as_prometheus
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_report.model import ABSENT
from keskidee_report.rules import is_label, is_name
from tests.agent.recordings import FIXTURES, SOURCES, cases, reading_at

CASES = [pytest.param(case, id=f"{case.parent.name}/{case.name}") for case in cases()]


@pytest.mark.parametrize("case", CASES)
def test_a_recorded_machine_reads_as_expected(case: Path, golden: Callable[[Path, str], None]) -> None:
    reading = reading_at(case.parent.name, case)
    outcome = f"# outcome {reading.outcome} {reading.reason}".rstrip()
    golden(case / "expected.prom", f"{outcome}\n{as_prometheus(reading.samples)}")


@pytest.mark.parametrize("case", CASES)
def test_a_recorded_machine_says_where_it_is_from(case: Path) -> None:
    assert (case / "ORIGIN").read_text(encoding="utf-8").endswith(".\n")


@pytest.mark.parametrize("case", CASES)
def test_names_and_labels_are_what_a_collector_takes(case: Path) -> None:
    samples = reading_at(case.parent.name, case).samples
    names = {family.name for family, _, _ in samples} | {name for _, labels, _ in samples for name in labels}
    assert [name for name in names if not (is_name(name) and is_label(name))] == []


def rounded(value: float, digits: int) -> float:
    """To a multiple of 10**-digits, or of 2**-digits below 0."""
    return round(value, digits) if digits >= 0 else value // 2**-digits * 2**-digits


@pytest.mark.parametrize("case", CASES)
def test_declared_digits_lose_nothing_of_a_value(case: Path) -> None:
    samples = reading_at(case.parent.name, case).samples
    assert [
        (family.name, value)
        for family, _, value in samples
        if family.digits is not None and abs(rounded(value, family.digits) - value) > 1e-9 * max(1, abs(value))
    ] == []


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_a_recorded_machine(source: str) -> None:
    assert list((FIXTURES / source).glob("*/ORIGIN"))


@pytest.mark.parametrize("case", CASES)
def test_what_a_source_needs_is_there_where_it_reads_anything(case: Path) -> None:
    source = SOURCES[case.parent.name]
    machine = RecordedMachine(str(case))
    there = not source.needs or any(map(machine.present, source.needs))
    reading = reading_at(source.name, case)
    assert there or (reading.outcome, reading.samples) == (ABSENT, [])


@pytest.mark.parametrize("source", [source for source in SOURCES.values() if source.needs], ids=lambda s: s.name)
def test_a_source_without_what_it_needs_is_absent(source: Source, tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    assert (reading_at(source.name, tmp_path).outcome, reading_at(source.name, tmp_path).samples) == (ABSENT, [])
