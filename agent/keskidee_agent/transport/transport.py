"""A report's way to the collector: one POST, and what its answer means. Errors say whether they are for good."""

from __future__ import annotations

import os

from keskidee_agent.host import clock
from keskidee_agent.transport.answer import retry_after_seconds
from keskidee_agent.transport.connection import Connection
from keskidee_agent.transport.tls import is_of_another_authority
from keskidee_report.model import Malformed
from keskidee_report.wire import CONTENT_TYPE, SPEAKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.transport.answer import Answer
    from keskidee_agent.transport.origin import Origin
    from keskidee_agent.transport.proxy import Proxy
    from keskidee_agent.transport.waiting import Waiter

LONGEST_RETRY_AFTER_SECONDS = 3600.0
INTERVAL_SECONDS = range(1, 3601)
BATCH_AT_MOST = 32
PERMANENT = (400, 413, 415, 422)
"""This POST will never be accepted."""
NOT_READ = (415, 422)
"""The report is not as the collector knows reports; where it speaks less than we do, it may just be older."""
UNKNOWN_CREDENTIAL = 401
CREDENTIAL_REFUSED = (401, 403, 404, 410)
"""Revoked or retired: nothing that is sent will be accepted until somebody acts."""
UNREACHABLE_CAP_SECONDS = 60.0
"""Longest pause while nobody answers: a try costs the collector nothing then, and a link that is back is used soon."""
TROUBLE_CAP_SECONDS = 300.0
"""Longest pause while a collector answers that it cannot."""
SPREAD_SECONDS = 30.0
"""So long agents take to come back that were all asked to wait as long (a full disk); or an interval, if longer."""


class DeliveryError(Exception):
    """A POST that was not accepted. `permanent`: it never will be, so drop it. Otherwise try again after a pause.

    `pause_seconds` is (shortest, longest); `names_missing` asks for a longer form: without a base, or with all names.
    `is_older`: the collector speaks less than this agent, and may read the report once it is upgraded.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        names_missing: bool = False,
        is_older: bool = False,
        unknown_credential: bool = False,
        shortest_seconds: float = 0.0,
        longest_seconds: float = TROUBLE_CAP_SECONDS,
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.names_missing = names_missing
        self.is_older = is_older
        self.unknown_credential = unknown_credential
        self.shortest_seconds = shortest_seconds
        self.longest_seconds = longest_seconds


class Wishes:
    """What the collector asks of this agent: seconds between reports, reports a POST, bytes an hour (0: as many).

    `renew` asks for a new credential; `user_names` is how much of a user's name may be told (people.py); `polls` says
    that this agent is to ask devices that stand at the collector.
    """

    __slots__ = ("batch", "bytes_per_hour", "interval_seconds", "polls", "renew", "user_names")

    def __init__(
        self,
        interval_seconds: int,
        batch: int = 1,
        bytes_per_hour: int = 0,
        *,
        renew: bool = False,
        user_names: int = 0,
        polls: bool = False,
    ) -> None:
        self.interval_seconds = interval_seconds
        self.batch = batch
        self.bytes_per_hour = bytes_per_hour
        self.renew = renew
        self.user_names = user_names
        self.polls = polls


class Transport:
    """POSTs bodies as one machine. `connection` is public so that its handshakes can be counted; it may be shared."""

    def __init__(
        self,
        origin: Origin,
        machine_id: str,
        credential: str,
        ca_file: str,
        waiter: Waiter,
        *,
        proxy: Proxy | None = None,
        connection: Connection | None = None,
    ) -> None:
        self.connection = connection or Connection(origin, ca_file, waiter, proxy)
        self._waiter = waiter
        self._understood: tuple[Answer, Wishes] | None = None
        self._forwarder = None if origin.tls else proxy  # with TLS it sees nothing, and only the tunnel is its
        whole, fields = (f"http://{origin.authority}", self._forwarder.fields) if self._forwarder else ("", "")
        self._path = f"POST {whole}{origin.prefix}/v1/machines/{machine_id}/"
        self._fields = f" HTTP/1.1\r\nHost: {origin.authority}\r\n{fields}Authorization: Bearer {credential}\r\n"
        head = f"{self._path}reports{self._fields}Content-Type: {CONTENT_TYPE}\r\nContent-Length: "
        self._head = head.encode("ascii")

    def post(self, body: bytes, seconds: float) -> Wishes:
        """Delivers the body within `seconds`; returns what the collector wishes.

        On return everything in the body is durable at the collector. Raises DeliveryError.
        """
        answer = self._exchange(b"%b%d\r\n\r\n%b" % (self._head, len(body), body), seconds)
        if answer.status == 200:
            if self._understood is None or self._understood[0] is not answer:
                self._understood = (answer, wishes_of(answer.body))
            return self._understood[1]
        raise older_error_of(answer) or error_of(answer)

    def post_to(self, path: str, body: bytes, seconds: float) -> Answer:
        """POSTs to a path below this machine's, within `seconds`. Raises DeliveryError where nobody answers."""
        head = f"{self._path}{path}{self._fields}Content-Length: {len(body)}\r\n\r\n"
        return self._exchange(head.encode("ascii") + body, seconds)

    def _exchange(self, request: bytes, seconds: float) -> Answer:
        try:
            answer = self.connection.exchange(request, self._waiter.after(seconds))
        except (OSError, Malformed) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            if isinstance(error, OSError) and is_of_another_authority(error):
                reason = f"{reason}: not the authority that this machine knows; if it was replaced, enrol with --force"
            raise DeliveryError(
                f"unreachable: {reason}",
                longest_seconds=UNREACHABLE_CAP_SECONDS,
            ) from None
        if self._forwarder is not None and (refusal := self._forwarder.refusal_in(answer)):
            raise DeliveryError(refusal)
        return answer


class Pauses:
    """When to try again: full jitter between nothing and a cap that doubles with each failure in a row."""

    __slots__ = ("failures",)

    def __init__(self) -> None:
        self.failures = 0

    def after(self, error: DeliveryError, interval_seconds: float) -> float:
        """Seconds to wait after this failure: what the collector asked for, and then some, since it asked everybody."""
        self.failures += 1
        shortest, longest = error.shortest_seconds, error.longest_seconds
        if not shortest:
            longest = max(interval_seconds, min(longest, interval_seconds * 2.0 ** min(self.failures - 1, 30)))
        return shortest + _random() * max(longest - shortest, interval_seconds, min(shortest, SPREAD_SECONDS))


def _random() -> float:
    return int.from_bytes(os.urandom(4)) / 2**32  # the random module is 1 MB of hashes and distributions


def wishes_of(body: bytes) -> Wishes:
    """The wishes in a JSON object: so few numbers that the json module (1.2 MB) is not imported for them."""
    interval = number_in(body, b"interval_seconds")
    if interval is None or not body.lstrip().startswith(b"{"):
        raise DeliveryError(f"an answer that is not the collector's: {body[:80]!r}")
    interval = min(max(interval, INTERVAL_SECONDS[0]), INTERVAL_SECONDS[-1])
    batch = min(max(number_in(body, b"batch") or 1, 1), BATCH_AT_MOST)
    renew = number_in(body, b"renew_credential") == 1
    user_names = number_in(body, b"user_names") or 0
    polls = number_in(body, b"devices") == 1
    share = number_in(body, b"bytes_per_hour") or 0
    return Wishes(interval, batch, share, renew=renew, user_names=user_names, polls=polls)


def number_in(body: bytes, key: bytes) -> int | None:
    """The whole number behind a key of a JSON object; None where there is none."""
    _, found, after = body.partition(b'"%b"' % key)
    digits = after.lstrip(b" \t\r\n").removeprefix(b":").lstrip(b" \t\r\n")
    end = len(digits) - len(digits.lstrip(b"0123456789"))
    whole = digits[end : end + 1] in (b",", b"}", b" ", b"\r", b"\n", b"\t")
    return int(digits[:end]) if found and whole and 0 < end < 16 else None


def older_error_of(answer: Answer) -> DeliveryError | None:
    """What a refused report means where the collector is older than this agent. One that does not tell speaks 1."""
    speaks = number_in(answer.body, b"speaks") or 1
    if answer.status not in NOT_READ or speaks >= SPEAKS:
        return None
    return DeliveryError(
        f"the collector is older than this agent and cannot read its reports, which are kept until it is upgraded"
        f" (it speaks {speaks}, this agent {SPEAKS}): {_quoted(answer)}",
        is_older=True,
        shortest_seconds=TROUBLE_CAP_SECONDS,
        longest_seconds=2 * TROUBLE_CAP_SECONDS,
    )


def _quoted(answer: Answer) -> str:
    return f"status {answer.status}: {_said(answer.body)}"


def _said(body: bytes) -> str:
    """Why a collector refuses, in its words; of another's answer the beginning."""
    _, found, after = body.partition(b'"detail":"')
    words = after.partition(b'"')[0] if found else body
    text = words[:200].decode("utf-8", "replace")
    return text if found else repr(text)


def error_of(answer: Answer) -> DeliveryError:
    """What an answer means that accepts nothing."""
    status, reason = answer.status, _quoted(answer)
    if status == 409:
        return DeliveryError(reason, names_missing=True)
    if status in PERMANENT:
        return DeliveryError(reason, permanent=True)
    if status in CREDENTIAL_REFUSED:
        return DeliveryError(
            reason,
            unknown_credential=status == UNKNOWN_CREDENTIAL,
            shortest_seconds=TROUBLE_CAP_SECONDS,
            longest_seconds=2 * TROUBLE_CAP_SECONDS,
        )
    asked = retry_after_seconds(answer.fields, clock.wall_ms() / 1000)
    if asked is None:
        return DeliveryError(reason)
    asked = min(asked, LONGEST_RETRY_AFTER_SECONDS)
    return DeliveryError(reason, shortest_seconds=asked, longest_seconds=asked)
