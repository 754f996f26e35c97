"""Assets: what there is, whose money it was, and what is due. Numbers only; names and serials are in the register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import Board
from deploy.grafana.panels import column, lines, listed, number
from deploy.grafana.queries import ANY_IS_WORTH_A_LOOK, AT, CHOSEN, of, or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

WARRANTY_LEFT = "max by (instance) (keskidee_asset_warranty_expiry_timestamp_seconds) - time()"
REMOVED = f"max by (site, kind) (keskidee_assets_parts_removed{{{AT}}})"


def total(name: str, *, label: str = "", where: str = AT) -> str:
    """A count of the register's, by one label or in all; told once where two jobs read the collector."""
    within = {"keskidee_assets": "site, kind, state", "keskidee_assets_by_fund": "fund, state"}.get(
        name, f"site, {label}"
    )
    once = (
        f"max by ({within}) ({name}{{{where}}})"
        if label or name == "keskidee_assets"
        else f"max by (site) ({name}{{{where}}})"
    )
    return f"sum by ({label}) ({once})" if label else f"sum({once}) or vector(0)"


def what_there_is() -> Iterator[AnyPanel]:
    """What is there, where, in which state?"""
    yield number("Assets", "In the register, whatever their state.", total("keskidee_assets"))
    stock = total("keskidee_assets", where=f'{AT}, state="in stock"')
    yield number("In stock", "Bought, and not in use.", stock)
    unbooked = total("keskidee_assets_unbooked")
    says = "Machines that report, and of which nobody has entered anything."
    yield number("Not entered", says, unbooked, steps=ANY_IS_WORTH_A_LOOK)
    removed = f"sum({REMOVED}) or vector(0)"
    yield number("Parts that went", "Within seven days.", removed, steps=ANY_IS_WORTH_A_LOOK)
    for words, warranty in (("Warranty ending", "ending"), ("Warranty ended", "ended")):
        due = f'sum(max by (site) (keskidee_assets_by_warranty{{{AT}, warranty="{warranty}"}})) or vector(0)'
        yield number(words, "Within ninety days." if warranty == "ending" else "Repairs cost money.", due)
    for label in ("kind", "state", "site"):
        counted = {f"{{{{{label}}}}}": total("keskidee_assets", label=label)}
        says = "In the register."
        yield lines(f"Assets by {label}", says, counted, unit="none", stacked=True).min(0)


def how_old() -> Iterator[AnyPanel]:
    """What will have to be replaced, and when?"""
    age = {"{{age_years}} years": total("keskidee_assets_by_age", label="age_years")}
    yield lines("Assets by age", "Whole years since they were bought.", age, unit="none", stacked=True).min(0)
    warranty = {"{{warranty}}": total("keskidee_assets_by_warranty", label="warranty")}
    yield lines("Assets by warranty", "Ending: within ninety days.", warranty, unit="none", stacked=True).min(0)
    went = {"{{kind}}": or_none(f"sum by (kind) ({REMOVED})", "kind")}
    yield lines("Parts that went, by kind", "Within the seven days before.", went, unit="none", stacked=True).min(0)


def whose_money() -> Iterator[AnyPanel]:
    """What has a fund paid for, and does it do its work?"""
    fund = {"{{fund}}": or_none(total("keskidee_assets_by_fund", label="fund", where=""), "fund")}
    says = "Assets by the fund that paid; one of several funds counts as its shares. Not cut by site."
    yield lines("Assets by fund", says, fund, unit="none", stacked=True).min(0).span(12)
    on = "max by (instance) (keskidee_machine_up)"
    shares = "max by (instance, fund) (keskidee_asset_fund_share_ratio)"
    use = {"{{fund}}": or_none(f"sum by (fund) ({shares} * on (instance) group_left () {on})", "fund")}
    says = "Machines that are on now, as shares of the funds that paid for them."
    yield lines("In use, by fund", says, use, unit="none", stacked=True).min(0).span(12)
    columns = {
        "on": (of(CHOSEN, on), column()),
        "warranty ends in": (of(CHOSEN, WARRANTY_LEFT), column(unit="s")),
        "started": (
            f"1000 * ({of(CHOSEN, 'max by (instance) (node_boot_time_seconds)')})",
            column(unit="dateTimeFromNow"),
        ),
    }
    labels = ["instance", "asset_tag", "fund", "site", "role", "model"]
    says = "Machines with the fund that paid the largest share. A click shows the machine."
    yield listed("Machines and their funds", says, CHOSEN, columns, by="instance", labels=labels)


BOARD = Board(
    uid="keskidee-assets",
    title="keskidee: assets",
    says="What there is, whose money it was, and what is due.",
    rows={"What there is": what_there_is, "How old it is": how_old, "Whose money it was": whose_money},
    since="now-30d",
)
