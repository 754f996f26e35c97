"""How the register stands, in numbers for Prometheus: counts, and what machines' series are joined with. No list of
assets, no names of people: detail stays in the register. Looked at again only when something was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, func, select

from keskidee_collector.register.asset import THINGS
from keskidee_collector.register.changes import REMOVED
from keskidee_collector.register.programs import SOFTWARE
from keskidee_collector.register.purchase import shares
from keskidee_collector.store.tables import assets, changes, machines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

DAY_SECONDS = 86_400.0
LATELY_DAYS = 7
ENDING_DAYS = 90
OLDEST_YEARS = 6
VALID, ENDING, ENDED, UNKNOWN = "valid", "ending", "ended", "unknown"
COUNTS_AT_MOST = 500
"""Series of one family, because sites and kinds are texts that people type: what is over it is counted as `other`."""
OTHER = "other"


class OfMachine(NamedTuple):
    """What the register knows of a machine beside what its agent says; `warranty_until` in UTC epoch seconds."""

    asset_tag: str
    fund: str
    shares: tuple[tuple[str, float], ...]
    warranty_until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Assets, the key of each count being what its labels say.

    `assets` by site, kind, state; `warranty` by site and VALID, ENDING (within ENDING_DAYS), ENDED or UNKNOWN; `ages`
    by site and whole years since they were bought, the last being `6+`; `funds` by fund and state, an asset of several
    funds as its shares; `unbooked` by site: machines of whose asset no person has entered anything; `removed` by site
    and kind: parts that went within LATELY_DAYS. `machines` by id, those of which the register knows something.
    """

    assets: dict[tuple[str, ...], float] = field(default_factory=dict)
    warranty: dict[tuple[str, ...], float] = field(default_factory=dict)
    ages: dict[tuple[str, ...], float] = field(default_factory=dict)
    funds: dict[tuple[str, ...], float] = field(default_factory=dict)
    unbooked: dict[tuple[str, ...], float] = field(default_factory=dict)
    removed: dict[tuple[str, ...], float] = field(default_factory=dict)
    machines: dict[str, OfMachine] = field(default_factory=dict)


def standing_of(connection: Connection, now: float) -> Standing:
    """Counts all of it; some ten milliseconds for 10,000 assets, of which the database's part lets others run."""
    today = datetime.fromtimestamp(now, UTC).date()
    site, kind, state = assets.c.site, assets.c.kind, assets.c.state
    return Standing(
        assets=_count(connection, site, kind, state),
        warranty=_count(connection, site, _warranty(today)),
        ages=_count(connection, site, _age(today)),
        funds=_funds(connection),
        unbooked=_count(connection, site, where=(assets.c.by_hand == b"{}", _OF_MACHINE)),
        removed=_removed(connection, now - LATELY_DAYS * DAY_SECONDS),
        machines=_machines(connection),
    )


_OF_MACHINE = assets.c.machine_id.in_(select(machines.c.id).where(machines.c.retired_at.is_(None)))


def _count(
    connection: Connection, *by: ColumnElement[Any], where: Iterable[ColumnElement[bool]] = ()
) -> dict[tuple[str, ...], float]:
    query = select(*by, func.count()).select_from(assets).where(THINGS, *where).group_by(*by)
    return bounded({tuple(row[:-1]): row[-1] for row in connection.execute(query)})


def _warranty(today: date) -> ColumnElement[str]:
    until = assets.c.warranty_until
    return case(
        (until == "", UNKNOWN),
        (until < today.isoformat(), ENDED),
        (until < (today + timedelta(days=ENDING_DAYS)).isoformat(), ENDING),
        else_=VALID,
    )


def _age(today: date) -> ColumnElement[str]:
    bought = assets.c.bought_on
    younger = [(bought > _years_before(today, years + 1), str(years)) for years in range(OLDEST_YEARS)]
    return case((bought == "", UNKNOWN), *younger, else_=f"{OLDEST_YEARS}+")


def _years_before(today: date, years: int) -> str:
    """That day some years ago; what is not later is so old. 29 February is told as such, which sorts as it should."""
    return f"{today.year - years:04}{today.isoformat()[4:]}"


def _funds(connection: Connection) -> dict[tuple[str, ...], float]:
    query = select(assets.c.funds, assets.c.state, func.count()).where(THINGS, assets.c.funds != "")
    found: dict[tuple[str, ...], Decimal] = {}  # which add up exactly
    for funds, state, count in connection.execute(query.group_by(assets.c.funds, assets.c.state)):
        for name, percent in shares(funds):
            found[name, state] = found.get((name, state), Decimal(0)) + count * percent
    return bounded({key: float(count / 100) for key, count in found.items()})


def _removed(connection: Connection, since: float) -> dict[tuple[str, ...], float]:
    query = select(assets.c.site, changes.c.kind, func.count()).join(assets, assets.c.id == changes.c.asset_id)
    query = query.where(changes.c.at >= since, changes.c.what == REMOVED, changes.c.kind.not_like(f"{SOFTWARE}%"))
    rows = connection.execute(query.group_by(assets.c.site, changes.c.kind))
    return bounded({tuple(row[:-1]): row[-1] for row in rows})


def _machines(connection: Connection) -> dict[str, OfMachine]:
    columns = (assets.c.machine_id, assets.c.asset_tag, assets.c.fund, assets.c.funds, assets.c.warranty_until)
    known = assets.c.asset_tag.is_not(None) | (assets.c.funds != "") | (assets.c.warranty_until != "")
    rows = connection.execute(select(*columns).where(assets.c.machine_id.is_not(None), known, THINGS))
    return {row[0]: OfMachine(row[1] or "", row[2], _ratios(row[3]), _end(row[4])) for row in rows}


def _ratios(funds: str) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(percent / 100)) for name, percent in shares(funds)) if funds else ()


def _end(day: str) -> float | None:
    """The end of the last day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + DAY_SECONDS if day else None


def bounded(counts: dict[tuple[str, ...], float], at_most: int = COUNTS_AT_MOST) -> dict[tuple[str, ...], float]:
    """The largest counts, and the others together."""
    if len(counts) <= at_most:
        return counts
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum([count for _, count in ranked[at_most:]])
    return dict(ranked[:at_most]) | {(OTHER,) * len(ranked[0][0]): rest}
