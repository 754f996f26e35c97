"""Windows, macOS, disks and programs beside what other projects expect of the same recordings."""

from collections import Counter
from pathlib import Path

import pytest

from tests.agent.inventory.expected import MISSING, REASONED, Verdict
from tests.agent.inventory.expected_systems import equal, of_smart, of_systems
from tests.agent.inventory.reasons_systems import REASONS

SHARE = 0.96


@pytest.fixture(scope="module")
def found(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return [*of_systems(shared_data, tmp_path_factory.mktemp("systems")), *of_smart(shared_data)]


def test_every_value_is_ours_or_differs_for_a_reason(found: list[Verdict]) -> None:
    assert [each for each in found if each.outcome == MISSING] == []


def test_no_reason_is_kept_that_is_not_needed(found: list[Verdict]) -> None:
    needed = {
        (each.file, case, field)
        for each in found
        if each.outcome == REASONED
        for case in (each.case, "*")
        for field in (each.field, "*")
    }
    assert [key for key in REASONS if key not in needed] == []


def test_the_share_that_is_equal_by_meaning(found: list[Verdict]) -> None:
    for file in sorted({each.file for each in found}):
        count = Counter(each.outcome for each in found if each.file == file)
        print(f"{file:28}", ", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items())))
    print(f"{equal(found):.1%} of {len(found)} equal by meaning")
    assert equal(found) >= SHARE
