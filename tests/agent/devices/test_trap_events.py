"""What notifications are put together to: events that grow and end, polls that are asked for, and a storm of both."""

from keskidee_agent.devices.traps.events import GROWN_SECONDS, MOST_EVENTS, MOST_OPEN, OTHERS, QUIET_SECONDS, Events
from keskidee_agent.devices.traps.ledger import (
    LEAST_SECONDS_BETWEEN_POLLS,
    MOST_DEVICES,
    MOST_KINDS,
    MOST_POLLS_AT_ONCE,
)
from keskidee_agent.devices.traps.message import Told
from tests.agent.devices.encoding import number
from tests.agent.devices.notifying import DEVICE, LINK_DOWN, LINK_UP, PORT_7, Heard, counts_of, trap


def test_what_is_told_again_and_again_is_one_event_until_it_was_quiet() -> None:
    heard = Heard().hear(trap(LINK_DOWN, PORT_7))
    heard.clock.now += 60
    heard.hear(trap(LINK_DOWN, PORT_7), trap(LINK_DOWN, ("1.3.6.1.2.1.2.2.1.1.8", number(8))))
    heard.clock.now += QUIET_SECONDS
    heard.hear(trap(LINK_DOWN, PORT_7))
    told = [(event.kind, event.subject, event.count, event.last_at - event.first_at) for event in heard.ledger.events]
    assert told == [("linkDown", "7", 2, 60), ("linkDown", "8", 1, 0), ("linkDown", "7", 1, 0)]
    assert [event.variables for event in heard.ledger.events][-1] == {"1.3.6.1.2.1.2.2.1.1.7": "7"}


def test_an_event_is_told_at_once_then_each_minute_as_it_grows_and_is_kept_until_it_was_told() -> None:
    heard = Heard().hear(trap(LINK_DOWN, PORT_7))
    events = heard.ledger.events

    def tell() -> list[int]:
        untold = [(event, event.count) for event in events.untold(10)]
        events.took(untold)
        return [count for _, count in untold]

    assert (tell(), tell()) == ([1], [])
    heard.hear(trap(LINK_DOWN, PORT_7))
    assert tell() == []
    heard.clock.now += GROWN_SECONDS
    assert (tell(), tell()) == ([2], [])
    heard.hear(trap(LINK_DOWN, PORT_7))
    heard.clock.now += QUIET_SECONDS
    events.sweep()
    assert (len(events), tell(), len(events)) == (1, [3], 0)


def test_what_was_not_told_goes_on_in_another_process() -> None:
    heard = Heard().hear(trap(LINK_DOWN, PORT_7))
    again = Events(heard.clock)
    again.restore([*heard.ledger.events.as_rows(), {"key": "of another program"}, None])
    assert list(again) == list(heard.ledger.events)


def test_what_presses_asks_for_a_poll_once_each_half_minute() -> None:
    heard = Heard().hear(trap("1.3.6.1.6.3.1.1.5.5"), *[trap(LINK_DOWN, PORT_7), trap(LINK_UP, PORT_7)] * 5)
    assert heard.polls == [DEVICE[0]]
    heard.clock.now += LEAST_SECONDS_BETWEEN_POLLS
    assert heard.hear(trap(LINK_DOWN, PORT_7)).polls == [DEVICE[0]] * 2


def storm(heard: Heard, rounds: range) -> None:
    """Each round tells of another port, tells what nobody knows, and is no BER at all."""
    for at in rounds:
        port = (f"1.3.6.1.2.1.2.2.1.1.{at}", number(at))
        heard.hear(trap(LINK_DOWN, port), trap(LINK_DOWN, PORT_7), trap(f"1.3.6.1.4.1.99999.{at}"), b"\xff" * 40)


def test_a_storm_is_counted_and_takes_no_more_room() -> None:
    heard = Heard()
    for at in range(MOST_DEVICES + 100):
        heard.ledger.note(f"2001:db8::{at:x}", Told(trap=LINK_UP, ticks=None, rows=()))
    assert (len(heard.ledger.events), len(heard.polls)) == (MOST_EVENTS, MOST_POLLS_AT_ONCE)
    storm(heard, range(600))
    counts = counts_of(heard.ledger, OTHERS)
    assert (len(counts), sum(counts.values()) - counts["linkUp"]) == (MOST_KINDS + 1, 1_800)
    assert (heard.counts, heard.ledger.refused["garbled"], len(heard.ledger.events)) == ({}, 600, MOST_EVENTS)
    of_it = [event for event in heard.ledger.events if event.device == DEVICE[0]]
    assert len(of_it) == MOST_OPEN + 1
    assert sum(event.count for event in of_it) == 1_800
