"""The values that other projects expect of their recordings: ours too, or a reason why not."""

from collections import Counter
from pathlib import Path

import pytest

from tests.agent.inventory.expected import EQUAL, MISSING, REASONED, Verdict, verdicts
from tests.agent.inventory.reasons import REASONS

pytestmark = pytest.mark.slow  # all recordings are read first: three seconds

SHARE = 0.97


@pytest.fixture(scope="module")
def found(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return verdicts(shared_data, tmp_path_factory.mktemp("expected"))


def test_every_value_is_ours_or_differs_for_a_reason(found: list[Verdict]) -> None:
    assert [each for each in found if each.outcome == MISSING] == []


def test_no_reason_is_kept_that_is_not_needed(found: list[Verdict]) -> None:
    needed = {(each.file, case, each.field) for each in found if each.outcome == REASONED for case in (each.case, "*")}
    assert [key for key in REASONS if key not in needed] == []


def test_the_share_that_is_equal_by_meaning(found: list[Verdict]) -> None:
    for file in sorted({each.file for each in found}):
        count = Counter(each.outcome for each in found if each.file == file)
        print(f"{file:28}", ", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items())))
    share = sum(each.outcome == EQUAL for each in found) / len(found)
    print(f"{share:.1%} of {len(found)} equal by meaning")
    assert share >= SHARE
