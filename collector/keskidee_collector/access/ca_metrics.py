"""How far another authority is, and when each ends, as metrics: the agents' authority is nobody's daily thought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from keskidee_collector.access.rotation import HANDING_OUT, IN_USE, SETTLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from keskidee_collector.access.rotation import Rotation

STAGES = (SETTLED, HANDING_OUT, IN_USE)


class AuthorityMetrics(Collector):
    """Read at each scrape."""

    def __init__(self, rotation: Rotation) -> None:
        self._rotation = rotation

    def collect(self) -> Iterator[Metric]:
        """The three families."""
        progress = self._rotation.progress()
        expiry = GaugeMetricFamily(
            "keskidee_ca_expiry_timestamp_seconds", "When an authority of the agents ends", labels=["authority"]
        )
        for authority, at in zip(progress.authorities, self._rotation.expiries, strict=True):
            expiry.add_metric([authority], at)
        yield expiry
        stage = GaugeMetricFamily(
            "keskidee_ca_stage", "How far another authority is, 1 for its stage", labels=["stage"]
        )
        for name in STAGES:
            stage.add_metric([name], float(name == progress.stage))
        yield stage
        yield GaugeMetricFamily(
            "keskidee_ca_machines_behind",
            "Machines heard in two weeks that lack the newest authority",
            value=len(progress.lacking),
        )
