"""What a URL of the register asks for: which assets, in which order; read strictly, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_collector.register.assets import FILTERS, PAGE_AT_MOST, SORTS, SORTS_BY_TIME, Question
from keskidee_collector.register.operations import Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TEXT = 200
ORDERS = (*SORTS, *SORTS_BY_TIME)
LISTING = (
    Parameter("q", "Words that all must be in the texts of an asset"),
    *[Parameter(name, "Assets of which this is exactly so") for name in FILTERS],
    Parameter("program", "Words that all must be in the name of a program that is installed on it"),
    Parameter("below", "Only where that program's version is older than this one"),
    Parameter(
        "sort", "What to sort by; with - in front the other way", choices=(*ORDERS, *[f"-{by}" for by in ORDERS])
    ),
    Parameter("page", "Which page, from 1", number=(1, 1_000_000)),
    Parameter("per_page", "Assets a page", number=(1, PAGE_AT_MOST)),
)
CHANGES = (
    Parameter("since", "From this moment on, in epoch seconds", number=(0, 2**53 - 1)),
    Parameter("after", "Behind the change with this id", number=(0, 2**53 - 1)),
)
EVENTS = (Parameter("since", "Told last from this moment on, in epoch seconds", number=(0, 2**53 - 1)),)


class BadQuestion(Exception):
    """A parameter that makes no sense, in one line."""


def question_of(asked: Mapping[str, str]) -> Question:
    """The question in a URL. Raises BadQuestion."""
    known = sorted(parameter.name for parameter in LISTING)
    if unknown := sorted(set(asked) - set(known)):
        raise BadQuestion(f"{unknown[0][:80]}: no such parameter; there are {', '.join(known)}")
    sort = asked.get("sort", "name")
    if sort.removeprefix("-") not in ORDERS:
        raise BadQuestion(f"sort: one of {', '.join(ORDERS)}, with - in front for the other way")
    page, per_page = number(asked, "page", 1), number(asked, "per_page", 100)
    if not (1 <= page <= 1_000_000 and 1 <= per_page <= PAGE_AT_MOST):
        raise BadQuestion(f"page: from 1; per_page: from 1 to {PAGE_AT_MOST}")
    if asked.get("below") and not asked.get("program", "").strip():
        raise BadQuestion("below: a version of the program that `program` names")
    return Question(
        text=asked.get("q", "")[:LONGEST_TEXT],
        filters={name: asked[name] for name in FILTERS if name in asked},
        program=asked.get("program", "")[:LONGEST_TEXT],
        below=asked.get("below", "")[:LONGEST_TEXT],
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        page=int(page),
        per_page=int(per_page),
    )


def number(asked: Mapping[str, str], name: str, default: float) -> float:
    """A number that is not negative. Raises BadQuestion."""
    text = asked.get(name, "")
    if not text:
        return default
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < 2**53:
        raise BadQuestion(f"{name}: a number, not {text[:80]!r}")
    return found
