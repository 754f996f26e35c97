"""What remote write reads: the collector's durable log of reports, with a cursor for each destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class PartNames(Protocol):
    """The series of one source, shared by all machines that name the same. It is compared by identity."""

    @property
    def series(self) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """Sample name as on the page, and the series' own labels without `instance`; in the order of the values."""


class PassedReport(Protocol):
    """One report of one machine. `taken_ms` is UTC epoch ms on the collector's clock."""

    @property
    def position(self) -> int:
        """Its place in the log: grows, may skip."""

    @property
    def machine_id(self) -> str: ...

    @property
    def instance(self) -> str: ...

    @property
    def site(self) -> str: ...

    @property
    def role(self) -> str: ...

    @property
    def os(self) -> str: ...

    @property
    def taken_ms(self) -> int: ...

    @property
    def live(self) -> bool:
        """False: it comes from a backlog."""

    @property
    def parts(self) -> tuple[tuple[PartNames, Sequence[float]], ...]: ...


class Feed(Protocol):
    """The log. Its methods block, and are called from a destination's thread."""

    def read(self, after: int, limit: int) -> Sequence[PassedReport]:
        """At most `limit` reports behind a position, in order; none where there is nothing newer."""

    def read_live(self, after: int, limit: int) -> tuple[Sequence[PassedReport], int]:
        """At most `limit` live reports behind a position, in order, and the position up to which these are all."""

    def wait(self, after: int, seconds: float) -> bool:
        """Whether something newer than `after` is durable, at the latest after this time."""

    def cursor(self, name: str) -> int:
        """How far a destination is. One that is new begins at the end of the log."""

    def advance(self, name: str, position: int) -> None:
        """Moves that on. What no destination needs any more goes."""

    def lost(self, name: str) -> tuple[int, int]:
        """Reports and samples that left the log, which has bounds, before this destination had them."""
