"""The fifteen offices of the pretend institution and the clock on their walls."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An office: its name, its clock's distance from UTC in seconds (winter time the year round), its weight.

    `weight` says how many of 34 machines stand there; servers stand at headquarters and in the larger offices.
    """

    name: str
    utc_offset_seconds: int
    weight: int


SITES = (
    Site(name="castries", utc_offset_seconds=-4 * HOUR, weight=10),  # headquarters and the data centre
    Site(name="bridgetown", utc_offset_seconds=-4 * HOUR, weight=4),
    Site(name="georgetown", utc_offset_seconds=-4 * HOUR, weight=4),
    Site(name="kingstown", utc_offset_seconds=-4 * HOUR, weight=3),
    Site(name="port-of-spain", utc_offset_seconds=-4 * HOUR, weight=2),
    Site(name="kingston", utc_offset_seconds=-5 * HOUR, weight=2),
    Site(name="roseau", utc_offset_seconds=-4 * HOUR, weight=1),
    Site(name="basseterre", utc_offset_seconds=-4 * HOUR, weight=1),
    Site(name="saint-johns", utc_offset_seconds=-4 * HOUR, weight=1),
    Site(name="saint-georges", utc_offset_seconds=-4 * HOUR, weight=1),
    Site(name="brades", utc_offset_seconds=-4 * HOUR, weight=1),
    Site(name="nassau", utc_offset_seconds=-5 * HOUR, weight=1),
    Site(name="belmopan", utc_offset_seconds=-6 * HOUR, weight=1),
    Site(name="port-au-prince", utc_offset_seconds=-5 * HOUR, weight=1),
    Site(name="paramaribo", utc_offset_seconds=-3 * HOUR, weight=1),
)

_SEATS = tuple(site for turn in range(max(s.weight for s in SITES)) for site in SITES if site.weight > turn)
"""Each site as often as its weight, and every site once before any comes twice."""


def site_of(number: int) -> Site:
    """The site of the machine `number`: sites come round in turn, so that fifteen machines already stand in fifteen."""
    return _SEATS[number % len(_SEATS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A site's link that is down for a while (Unix seconds): nothing that its machines send arrives."""

    site: str
    begins_at: float
    ends_at: float

    def severs(self, site: str, now: float) -> bool:
        """Whether a machine of this site reaches nobody now."""
        return site == self.site and self.begins_at <= now < self.ends_at
