"""An agent whose rounds a test calls: encoder, spool and delivery, as the resident has them."""

from pathlib import Path

from keskidee_agent.delivery.courtesy import ROUNDS_AT_MOST
from keskidee_agent.delivery.delivery import Delivery
from keskidee_agent.host import clock
from keskidee_agent.spool.spool import Spool
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.transport import Transport
from keskidee_agent.transport.waiting import Waiter
from keskidee_report.codec import Encoder
from keskidee_report.model import OK, Family, Reading

TEMPERATURE = Family("node_cooling_device_cur_state", "gauge", "What cools, and how much")
LOAD = Family("node_load1", "gauge", "1m load average")


class Agent:
    """Encoder, spool and delivery as the resident has them, with a round that is called by the test."""

    def __init__(self, folder: Path, url: str, session: bytes = b"session1") -> None:
        self.told: list[str] = []
        self.facts = {"hostname": "pc-01"}
        self.encoder = Encoder(session)
        self.spool = Spool(str(folder), self.encoder.schema_frames, warn=self.told.append)
        transport = Transport(origin_of(url), "ab12", "secret", "", Waiter())
        self.delivery = Delivery(transport, self.spool, self.encoder, facts=lambda: self.facts, warn=self.told.append)
        self.sequence = 0
        self.zones = ["a"]
        self.cores: list[str] = []
        self.urgent = False
        self.courteous = False

    def round(self, *, send: bool = True) -> None:
        samples = [TEMPERATURE(20.0 + self.sequence, zone=zone) for zone in self.zones]
        loads = [LOAD(0.5), *[LOAD(0.5, core=core) for core in self.cores]]
        readings = [Reading("loadavg", OK, samples=loads), Reading("thermal", OK, samples=samples)]
        now, wall = clock.boot_ms(), clock.wall_ms()
        self.spool.hold(self.encoder.report(readings, sequence=self.sequence, boot_ms=now, wall_ms=wall))
        self.sequence += 1
        if send:
            self.deliver()

    def deliver(self) -> None:
        self.delivery._paused_until_ms = 0  # the pauses have tests of their own
        if not self.courteous:  # the machine of the test may be slow
            self.delivery._courtesy._rounds = ROUNDS_AT_MOST
        self.delivery.deliver(5, 15, urgent=self.urgent)

    def rounds(self, count: int, *, send: bool = True) -> None:
        for _ in range(count):
            self.round(send=send)
