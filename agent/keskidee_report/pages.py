"""Histograms and summaries on a page: which rows make one family, and in which order its lines stand.

Each of `x_bucket`, `x_sum`, `x_count` is read and travels as a family of its own; on a page they are the family `x`.
Source: Prometheus text format 0.0.4; OpenMetrics 1.0, "Histogram" and "Summary".
"""

from __future__ import annotations

from keskidee_report.model import HISTOGRAM, SUMMARY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SUFFIXES = {HISTOGRAM: ("_bucket", "_sum", "_count", "_created"), SUMMARY: ("_sum", "_count", "_created")}
GO_EXPONENT_FROM = 6
BOUNDS = {HISTOGRAM: "le", SUMMARY: "quantile"}


class Unfit(ValueError):
    """These rows make no family that a page could show; the text says why."""


def page_family(name: str, kind: str, labels: Collection[str]) -> str:
    """The family on the page that a family of the report belongs to: itself, or what is before its suffix.

    Raises Unfit for a histogram or summary with a name or a label that no row of it can have.
    """
    bound = BOUNDS.get(kind)
    if bound is None:
        return name
    carries = bound in labels
    if kind == SUMMARY and carries:
        return name
    for suffix in SUFFIXES[kind]:
        family = name.removesuffix(suffix)
        if family not in ("", name) and carries == (suffix == "_bucket"):
            return family
    raise Unfit(f"{name} is no part of a {kind}")


def arranged(family: str, kind: str, rows: Sequence[tuple[str, dict[str, str]]]) -> list[int]:
    """The positions of the rows (name, labels) of one histogram or summary in the order in which they must stand.

    Those of one label set stand together: bounds ascending, then sum and count. Raises Unfit where a bound is no number
    or comes twice, a bucket +Inf is missing, or sum and count do not go with the buckets.
    """
    bound = BOUNDS[kind]
    groups: dict[frozenset[tuple[str, str]], dict[str, list[tuple[float, int]]]] = {}
    for position, (name, labels) in enumerate(rows):
        key = frozenset([pair for pair in labels.items() if pair[0] != bound])
        suffix = name[len(family) :]
        has_bound = suffix == ("_bucket" if kind == HISTOGRAM else "")
        if has_bound != (bound in labels):
            raise Unfit(f"{family} has a row with no {bound}")
        place = number(labels[bound]) if has_bound else 0.0
        groups.setdefault(key, {}).setdefault(suffix, []).append((place, position))
    order: list[int] = []
    for group in groups.values():
        (_check_histogram if kind == HISTOGRAM else _check_summary)(family, group)
        for suffix in ("", *SUFFIXES[HISTOGRAM]):
            found = sorted(group.get(suffix, []))
            if len({place for place, _ in found}) != len(found):
                raise Unfit(f"{family} has a series twice")
            order += [position for _, position in found]
    return order


def _check_histogram(family: str, group: dict[str, list[tuple[float, int]]]) -> None:
    bounds = [place for place, _ in group.get("_bucket", [])]
    if float("inf") not in bounds:
        raise Unfit(f"{family} has no bucket le=+Inf")
    if ("_sum" in group) != ("_count" in group):
        raise Unfit(f"{family} has one of sum and count without the other")
    if "_sum" in group and min(bounds) < 0:
        raise Unfit(f"{family} has a bucket below 0 and a sum, which OpenMetrics does not allow")


def _check_summary(family: str, group: dict[str, list[tuple[float, int]]]) -> None:
    if any(not 0 <= place <= 1 for place, _ in group.get("", [])):
        raise Unfit(f"{family} has a quantile that is not from 0 to 1")


def number(bound: str) -> float:
    """A bound as a number. Raises Unfit for what is none, and for NaN."""
    try:
        found = float(bound)
    except ValueError:
        raise Unfit(f"{bound[:80]!r} is no bound") from None
    if found != found or "_" in bound:
        raise Unfit(f"{bound[:80]!r} is no bound")
    return found


def bound_text(bound: str) -> str:
    """A bound as OpenMetrics writes it: `1.0`, `0.25`, `1e+06`, `+Inf`. Both formats have it, so a series is one."""
    text = shortest(number(bound))
    return text if "." in text or "e" in text or "Inf" in text else text + ".0"


def shortest(value: float) -> str:
    """A number as Go prints it (strconv, format 'g'): the fewest digits that read back, an exponent from 1e+06 on."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    sign = "-" if repr(value)[0] == "-" else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    point -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    if not digits:
        return sign + "0"
    if not -4 <= point - 1 < GO_EXPONENT_FROM:
        power = point - 1
        head = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{head}e{'-' if power < 0 else '+'}{abs(power):02}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"
