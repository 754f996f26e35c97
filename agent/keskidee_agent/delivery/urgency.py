"""What cannot wait for the next batch: a change that somebody should hear of at once.

Loaded only by agents whose reports wait for each other (`batch`) or for their share of a thin link.
"""

from __future__ import annotations

from keskidee_report.model import FAILED, TIMED_OUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_report.model import Reading

SOURCES = frozenset({"bonding", "edac", "filesystem", "mdadm", "powersupplyclass", "zfs"})
FAMILIES = frozenset(
    {
        "node_filesystem_readonly",
        "node_filesystem_device_error",
        "node_md_disks",
        "node_md_state",
        "node_edac_uncorrectable_errors_total",
        "node_power_supply_online",
        "node_zfs_zpool_state",
        "node_bonding_active",
    }
)
"""A value of these says that something broke, or works again."""


def state_of(readings: Iterable[Reading]) -> tuple[object, ...]:
    """Everything urgent that the readings say; where it differs from the round before, the report goes at once."""
    state: list[object] = []
    for reading in readings:
        if reading.outcome in (FAILED, TIMED_OUT):
            state.append((reading.source, reading.outcome))
        samples = reading.samples
        if samples and any(sample[0].name in FAMILIES for sample in samples):
            state += [
                (family.name, *labels.values(), value) for family, labels, value in samples if family.name in FAMILIES
            ]
    return tuple(state)
