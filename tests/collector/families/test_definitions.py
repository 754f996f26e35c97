"""One definition a family name, first come; what would contradict it is refused, for that family alone."""

import pytest

from keskidee_collector.families.definitions import Definition, Definitions, Refused


def settle(
    definitions: Definitions, name: str, kind: str = "gauge", *labels: str, source: str = "textfile", sender: str = "a"
) -> str:
    """The help text in force, or why it is refused."""
    wanted = Definition(name=name, kind=kind, help=f"{sender}: {name}")
    try:
        return definitions.settle(wanted, labels, source=source, sender=sender).help
    except Refused as reason:
        return str(reason)


@pytest.fixture
def definitions() -> Definitions:
    return Definitions(limit=10, sender_limit=6)


def test_the_first_definition_of_a_name_stays(definitions: Definitions) -> None:
    assert [settle(definitions, "x"), settle(definitions, "x", sender="b")] == ["a: x", "a: x"]


CLASHES = [
    ("foo_total", "counter", "foo", "gauge", "foo clashes with foo_total"),
    ("foo_total", "counter", "foo_created", "gauge", "foo_created clashes with foo_total"),
    ("foo", "gauge", "foo_total", "counter", "foo_total clashes with foo"),
    ("foo_created", "gauge", "foo_total", "counter", "foo_total clashes with foo_created"),
    ("foo", "histogram", "foo_sum", "gauge", "foo_sum clashes with foo"),
    ("foo_count", "gauge", "foo", "summary", "foo clashes with foo_count"),
    ("x", "gauge", "x", "counter", "x is of the kind gauge in this fleet, not counter"),
    ("x", "untyped", "x", "gauge", "x is of the kind untyped in this fleet, not gauge"),
]


@pytest.mark.parametrize(("name", "kind", "then", "then_kind", "said"), CLASHES)
def test_two_families_that_one_page_cannot_hold(
    definitions: Definitions, name: str, kind: str, then: str, then_kind: str, said: str
) -> None:
    assert [settle(definitions, name, kind), settle(definitions, then, then_kind)] == [f"a: {name}", said]


@pytest.mark.parametrize(
    ("name", "kind", "then", "then_kind"),
    [
        ("foo_total", "gauge", "foo", "gauge"),
        ("foo", "counter", "foo_created", "gauge"),
        ("foo", "gauge", "foo_sum", "gauge"),
    ],
)
def test_two_families_that_one_page_can_hold(
    definitions: Definitions, name: str, kind: str, then: str, then_kind: str
) -> None:
    assert [settle(definitions, name, kind), settle(definitions, then, then_kind)] == [f"a: {name}", f"a: {then}"]


@pytest.mark.parametrize(
    "name",
    [
        "up", "scrape_duration_seconds", "scrape_series_added", "ALERTS", "ALERTS_FOR_STATE", "python_info",
        "process_cpu_seconds_total", "node_scrape_collector_success", "keskidee_machine_up", "keskidee_agent_info",
        "keskidee_collector_reports_total",
    ],
)  # fmt: skip
def test_a_name_that_is_made_here_is_no_strangers(definitions: Definitions, name: str) -> None:
    assert settle(definitions, name) == f"{name} is a name that keskidee keeps for itself"


def test_the_agents_own_source_may_name_what_is_its_own_and_no_more(definitions: Definitions) -> None:
    found = [settle(definitions, name, source="agent") for name in ("keskidee_agent_info", "keskidee_machine_up", "up")]
    kept = "is a name that keskidee keeps for itself"
    assert found == ["a: keskidee_agent_info", f"keskidee_machine_up {kept}", f"up {kept}"]


def test_what_the_last_inventory_counted_is_the_agents_own_too(definitions: Definitions) -> None:
    assert settle(definitions, "keskidee_inventory_items", source="inventoried") == "a: keskidee_inventory_items"


@pytest.mark.parametrize("label", ["job", "instance", "site", "role", "__name__", "__address__"])
def test_a_label_that_is_not_for_reports_to_give(definitions: Definitions, label: str) -> None:
    assert (
        settle(definitions, "x", "gauge", "ok", label)
        == f"x carries the label {label}, which is not for reports to give"
    )


def test_one_machine_cannot_use_up_the_fleets_families(definitions: Definitions) -> None:
    mine = [settle(definitions, f"mine_{n}") for n in range(7)]
    others = [settle(definitions, f"other_{n}", sender="b") for n in range(5)]
    assert mine[-1] == "mine_6 would be new family number 7 of this machine"
    assert others == [*[f"b: other_{n}" for n in range(4)], "other_4 would be family number 11 of the fleet"]
    assert settle(definitions, "mine_0", sender="c") == "a: mine_0"


def test_what_nobody_uses_any_more_makes_room(definitions: Definitions) -> None:
    for n in range(6):
        settle(definitions, f"mine_{n}_total", "counter")
    assert definitions.keep_only({"mine_0_total"}) == [f"mine_{n}_total" for n in range(1, 6)]
    assert list(definitions.all()) == ["mine_0_total"]
    assert settle(definitions, "mine_1") == "a: mine_1"
    assert settle(definitions, "mine_0") == "mine_0 clashes with mine_0_total"


def test_what_is_not_yet_durable_is_named_until_it_is(definitions: Definitions) -> None:
    settle(definitions, "x")
    first = definitions.unsaved()
    settle(definitions, "y")
    definitions.saved(first)
    assert [definition.name for definition in definitions.unsaved()] == ["y"]


def test_what_is_restored_is_in_force_and_durable(definitions: Definitions) -> None:
    definitions.restore(Definition(name="foo_total", kind="counter", help="stored"))
    assert settle(definitions, "foo_total", "counter") == "stored"
    assert settle(definitions, "foo") == "foo clashes with foo_total"
    assert definitions.unsaved() == []
