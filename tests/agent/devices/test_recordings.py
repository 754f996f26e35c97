"""All recorded devices, read, beside what others found in them."""

from collections import Counter
from pathlib import Path

from tests.agent.devices.expectations import facts_of


def test_nearly_all_that_others_found_in_recorded_devices_is_found_here_too(shared_data: Path) -> None:
    recordings = sorted((shared_data / "snmp").glob("*.snmprec"))
    facts = [fact for recording in recordings for fact in facts_of(recording)]
    whole, right = Counter(fact.about for fact in facts), Counter(fact.about for fact in facts if fact.right)
    for about, count in whole.items():
        print(f"{about}: {right[about]} of {count}, {right[about] / count:.1%}")
    print(f"all: {right.total()} of {whole.total()}, {right.total() / whole.total():.1%}")
    for fact in facts:
        if not fact.right:
            print(f"  {fact.device}: {fact.which}")
    assert {about: right[about] / count >= 0.95 for about, count in whole.items()} == dict.fromkeys(whole, True)
