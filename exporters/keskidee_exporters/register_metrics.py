"""The register in numbers: how many assets there are of what, and what a machine's series are joined with for money.

Counts stay under a fixed number of series a family (standing.COUNTS_AT_MOST). Of the register's texts only site, kind,
state, fund and asset tag are labels. Moments are told, never ages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_collector.view import Definition, labels_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keskidee_collector.view import MachineView, Standing


def families(standing: Standing, machines: list[MachineView]) -> Iterator[tuple[Definition, list[str]]]:
    """Definition and lines of each family."""
    yield _counts("keskidee_assets", "Assets in the register", ("site", "kind", "state"), standing.assets)
    yield _counts(
        "keskidee_assets_by_warranty",
        "Assets by their warranty: valid, ending within 90 days, ended, unknown",
        ("site", "warranty"),
        standing.warranty,
    )
    yield _counts(
        "keskidee_assets_by_age",
        "Assets by the whole years since they were bought",
        ("site", "age_years"),
        standing.ages,
    )
    yield _counts(
        "keskidee_assets_by_fund",
        "Assets by the fund that paid for them; one of several funds counts as its shares",
        ("fund", "state"),
        standing.funds,
    )
    yield _counts(
        "keskidee_assets_unbooked",
        "Machines that report, and of whose asset no person has entered anything",
        ("site",),
        standing.unbooked,
    )
    yield _counts(
        "keskidee_assets_parts_removed",
        "Parts that went out of assets in the last 7 days",
        ("site", "kind"),
        standing.removed,
    )
    yield from _of_machines(standing, machines)


def _of_machines(standing: Standing, machines: list[MachineView]) -> Iterator[tuple[Definition, list[str]]]:
    known = [(m.instance, standing.machines[m.id]) for m in machines if m.id in standing.machines]
    yield (
        Definition(
            name="keskidee_asset_fund_share_ratio", kind="gauge", help="What share of a machine a fund has paid"
        ),
        [
            f"keskidee_asset_fund_share_ratio{labels_text({'instance': instance, 'fund': fund})} {ratio:.6g}\n"
            for instance, of_machine in known
            for fund, ratio in of_machine.shares
        ],
    )
    yield (
        Definition(
            name="keskidee_asset_warranty_expiry_timestamp_seconds",
            kind="gauge",
            help="When the warranty of a machine ends",
        ),
        [
            f"keskidee_asset_warranty_expiry_timestamp_seconds{labels_text({'instance': instance})} {until:.0f}\n"
            for instance, of_machine in known
            if (until := of_machine.warranty_until) is not None
        ],
    )


def _counts(
    name: str, help: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], float]
) -> tuple[Definition, list[str]]:
    lines = [
        f"{name}{labels_text(dict(zip(labels, key, strict=True)))} {count:.10g}\n"
        for key, count in sorted(counts.items())
    ]
    return Definition(name=name, kind="gauge", help=help), lines
