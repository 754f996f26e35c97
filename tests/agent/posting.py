"""The agent's way to a collector that a test stands in for, and why a post failed."""

from pathlib import Path

import pytest

from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.transport import DeliveryError, Transport
from keskidee_agent.transport.waiting import Waiter

SECONDS = 5.0


def transport_to(url: str, ca_file: Path | str = "") -> Transport:
    return Transport(origin_of(url), "ab12", "secret", str(ca_file), Waiter())


def failure_of(transport: Transport, seconds: float = SECONDS) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        transport.post(b"body", seconds)
    return caught.value
