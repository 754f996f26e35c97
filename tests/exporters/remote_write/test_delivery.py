"""What becomes of a request that a destination does not take at once."""

from __future__ import annotations

from base64 import b64encode
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING

import pytest

from keskidee_exporters.remote_write import client, sender
from tests.exporters.remote_write.receiver import Receiver, Reply, values
from tests.exporters.remote_write.standin import LOAD, NOON_MS, Log, Passed, log_of
from tests.processes import find_free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.exporters.remote_write.conftest import Sending

pytestmark = pytest.mark.slow  # waits between tries: seconds together


def test_a_request_names_its_format_and_says_who_sends(receiver: Callable[..., Receiver], sending: Sending) -> None:
    log, there = log_of(1), receiver()
    sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    wanted = {
        "content-encoding": "snappy",
        "content-type": "application/x-protobuf",
        "x-prometheus-remote-write-version": "0.1.0",
        "user-agent": "keskidee/0.1.0",
    }
    assert {name: there.headers[name] for name in wanted} == wanted


def test_requests_share_a_connection(receiver: Callable[..., Receiver], sending: Sending) -> None:
    log, there = log_of(1), receiver()
    sending(log, url=there.url)
    for at in range(1, 5):
        wait_until(lambda: log.is_read_by("a"))
        log.add("a", NOON_MS + at * 15_000, (LOAD, [1.0]))
    wait_until(lambda: log.is_read_by("a"))
    assert (there.requests, there.connections) == (5, 1)


@pytest.mark.parametrize("status", [500, 503, 429, 401, 404, 302])
def test_what_may_pass_is_tried_again_until_it_does(
    receiver: Callable[..., Receiver], sending: Sending, counted: Callable[..., float], status: int
) -> None:
    tries = count()
    log, there = log_of(3), receiver(lambda _: Reply(status, "not now") if next(tries) < 5 else Reply())
    if status >= 500:  # nothing else passes either, so it is not the request
        there.judge = lambda _: Reply(status) if there.requests < 20 else Reply()
    sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    assert values(there) == [0.0, 1.0, 2.0]
    assert counted("sent_samples_total") == 3.0
    assert [counted("dropped_samples_total", reason=reason) for reason in ("refused", "fault")] == [0.0, 0.0]


def test_a_destination_that_is_not_there_yet_gets_everything_later(
    receiver: Callable[..., Receiver], sending: Sending, counted: Callable[..., float]
) -> None:
    log, port = log_of(3), find_free_port()
    sending(log, url=f"http://127.0.0.1:{port}/")
    wait_until(lambda: counted("failed_requests_total") > 2)
    assert (counted("up"), counted("pending_reports")) == (0.0, 3.0)
    there = receiver(port=port)
    wait_until(lambda: log.is_read_by("a"))
    assert (values(there), counted("up")) == ([0.0, 1.0, 2.0], 1.0)
    wait_until(lambda: counted("pending_reports") == 0.0)


def test_a_dead_destination_holds_up_no_other(receiver: Callable[..., Receiver], sending: Sending) -> None:
    log, there, dead = log_of(3), receiver(), receiver(lambda _: Reply(503))
    sending(log, url=dead.url, name="dead")
    sending(log, url=there.url, name="well")
    wait_until(lambda: log.is_read_by("well"))
    for at in range(3, 6):
        log.add("a", NOON_MS + at * 15_000, (LOAD, [float(at)]))
    wait_until(lambda: log.is_read_by("well"))
    assert (values(there), log.cursors["dead"], dead.taken) == ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 0, [])


def test_retry_after_is_waited_for(
    receiver: Callable[..., Receiver], sending: Sending, counted: Callable[..., float]
) -> None:
    log = log_of(1)
    there = receiver(lambda _: Reply(429, headers=(("Retry-After", "300"),)))
    sender = sending(log, url=there.url)
    wait_until(lambda: counted("failed_requests_total") >= 1)
    sender.stop()
    sender.join(5)
    assert there.requests == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("99999999", 600.0),
        (formatdate(0, usegmt=True), 0.0),
        ("Tue, 15 Nov 99999 08:12:31 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(said: str, seconds: float | None) -> None:
    assert client.retry_seconds(said) == seconds


def test_what_is_live_overtakes_a_backlog_and_is_sent_once(
    receiver: Callable[..., Receiver], sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_READ", "REPORTS_READ"):
        monkeypatch.setattr(sender, name, 2)
    log, there = Log(), receiver()
    for at in range(6):
        log.add("a", NOON_MS - 10**6 + at, (LOAD, [float(at)]), live=False)
    log.add("a", NOON_MS, (LOAD, [99.0]))
    log.add("a", NOON_MS - 10**6 + 6, (LOAD, [6.0]), live=False)
    sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    assert values(there) == [99, 0, 1, 2, 3, 4, 5, 6]


def test_a_bearer_token_is_read_anew_for_each_request(
    receiver: Callable[..., Receiver], sending: Sending, tmp_path: Path
) -> None:
    token, log = tmp_path / "token", log_of(1)
    token.write_text("old\n")
    there = receiver()
    there.judge = lambda _: Reply(204 if there.headers["authorization"] == "Bearer new" else 401)
    sending(log, url=there.url, bearer_token_file=str(token))
    wait_until(lambda: there.requests > 1)
    token.write_text("new\n")
    wait_until(lambda: log.is_read_by("a"))
    assert values(there) == [0.0]


def test_a_token_file_that_is_not_there_yet_is_waited_for(
    receiver: Callable[..., Receiver], sending: Sending, tmp_path: Path, counted: Callable[..., float]
) -> None:
    log, there = log_of(1), receiver()
    sending(log, url=there.url, bearer_token_file=str(tmp_path / "token"))
    wait_until(lambda: counted("failed_requests_total") > 1)
    (tmp_path / "token").write_text("new\n")
    wait_until(lambda: log.is_read_by("a"))
    assert values(there) == [0.0]


def test_a_name_and_password_are_sent_as_basic_authentication(
    receiver: Callable[..., Receiver], sending: Sending, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("pässword:x\n", encoding="utf-8")
    log, there = log_of(1), receiver()
    sending(log, url=there.url, username="us", password_file=str(tmp_path / "password"))
    wait_until(lambda: log.is_read_by("a"))
    assert there.headers["authorization"] == "Basic " + b64encode("us:pässword:x".encode()).decode()


def test_a_sender_that_was_stopped_begins_again_where_it_was(
    receiver: Callable[..., Receiver], sending: Sending
) -> None:
    log, there = log_of(2), receiver()
    first = sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    first.stop()
    first.join(5)
    log.add("a", NOON_MS + 30_000, (LOAD, [2.0]))
    sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    assert values(there) == [0.0, 1.0, 2.0]


def test_a_log_that_fails_interrupts_and_is_read_again(
    receiver: Callable[..., Receiver], sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "TROUBLE_SECONDS", 0.01)
    failures = iter([OSError("the disk"), OSError("is full")])

    class Failing(Log):
        def read(self, after: int, limit: int) -> list[Passed]:
            for failure in failures:
                raise failure
            return super().read(after, limit)

    log, there = Failing(log_of(2).reports), receiver()
    sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    assert values(there) == [0.0, 1.0]
