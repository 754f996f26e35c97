"""What came of reading a service once: samples by name, and in one word why it failed."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TypeAlias

Sample: TypeAlias = tuple[str, dict[str, str], float]
"""A family's name, its labels beside `service`, and the value."""


class Failed(Exception):
    """A service is not as it should be. `reason` is one of a few words, and never what a server sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Outcome:
    """The samples of one reading, collected while it goes on; those of a failed one stay as far as it came."""

    samples: list[Sample] = field(default_factory=list)
    reason: str = ""

    def add(self, name: str, value: float, **labels: str) -> None:
        """Another sample."""
        self.samples.append((name, labels, value))


def reason_of(error: Exception) -> str:
    """The word for what a socket, TLS or HTTP raised."""
    if isinstance(error, Failed):
        return error.reason
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "network" if isinstance(error, OSError) else "protocol"
