"""How an asset was bought: days, prices, currencies and shares of funds, as people write them and as they are kept."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PURCHASE = ("supplier", "order_number", "bought_on", "warranty_until", "price", "currency", "funds")
FUNDS_AT_MOST = 8
HIGHEST_PRICE = Decimal(10) ** 12
WHOLE = Decimal(100)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:([., ])\d{3})(?:\1\d{3})*(?:(?!\1)[.,](\d{1,2}))?", re.ASCII)


class BadField(Exception):
    """A text that its field cannot say, in one line that names the field."""


def read(name: str, text: str) -> str:
    """A field's text as it is kept. Raises BadField."""
    return READERS[name](text) if text and name in READERS else text


def shares(funds: str) -> list[tuple[str, Decimal]]:
    """The funds that paid for an asset with their shares in percent, in order, of `EDF 11 60%, CDB 40%`.

    One fund without a share paid all of it. Raises BadField where they do not add up to 100 %.
    """
    found = [_share(piece) for piece in funds.split(",") if piece.strip()]
    if len(found) == 1 and found[0][1] is None:
        return [(found[0][0], WHOLE)]
    known = [(name, percent) for name, percent in found if percent is not None]
    if len(known) < len(found) or sum(percent for _, percent in known) != WHOLE:
        raise BadField(f"funds: shares add up to 100%, as in 'EDF 11 60%, CDB 40%', not {funds[:80]!r}")
    if len(known) > FUNDS_AT_MOST or len({name for name, _ in known}) < len(known):
        raise BadField(f"funds: at most {FUNDS_AT_MOST}, each named once")
    return known


def largest(funds: str) -> str:
    """The fund with the largest share, the first of those that are alike; empty where there is none."""
    return max(shares(funds), key=lambda share: share[1])[0] if funds else ""


def _share(piece: str) -> tuple[str, Decimal | None]:
    name, space, last = piece.strip().rpartition(" ")
    if not (space and last.endswith("%")):
        return piece.strip(), None
    percent = _decimal(last[:-1])
    if percent is None or percent == 0:
        raise BadField(f"funds: a share is a percentage over 0, not {last[:80]!r}")
    return name.strip(), percent


def _funds(text: str) -> str:
    found = shares(text)
    if len(found) == 1:
        return found[0][0]
    return ", ".join(f"{name} {percent.normalize():f}%" for name, percent in found)


def _day(name: str) -> Callable[[str], str]:
    def day(text: str) -> str:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise BadField(f"{name}: a day is YYYY-MM-DD (a cell formatted yyyy-mm-dd), not {text[:80]!r}") from None

    return day


def _price(text: str) -> str:
    """Before the cents a point or a comma, between thousands the other one or a space."""
    grouped = _THOUSANDS.fullmatch(text)
    if grouped and grouped[1] in ".," and text.count(grouped[1]) == 1 and not grouped[2]:
        plain = text.replace(",", ".")
        raise BadField(
            f"price: {text!r} could be {plain.replace('.', '')} or {plain}: write it without thousands' marks"
        )
    if grouped:
        cents = grouped[2] or ""
        text = re.sub(r"\D", "", text.removesuffix(cents)) + (f".{cents}" if cents else "")
    price = _decimal(text.replace(",", "."))
    if price is None or price >= HIGHEST_PRICE:
        raise BadField(f"price: a number such as 1249.50, without a currency's sign, not {text[:80]!r}")
    return f"{price:f}"


def _currency(text: str) -> str:
    code = text.upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise BadField(f"currency: three letters (ISO 4217) such as XCD, not {text[:80]!r}")
    return code


def _decimal(text: str) -> Decimal | None:
    """A plain number of digits with at most one point."""
    if not (text.isascii() and text.replace(".", "", 1).isdecimal() and len(text) < 30):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


READERS: dict[str, Callable[[str], str]] = {
    "bought_on": _day("bought_on"),
    "warranty_until": _day("warranty_until"),
    "price": _price,
    "currency": _currency,
    "funds": _funds,
}
"""How the texts of some fields are read; any other text is kept as it is."""
