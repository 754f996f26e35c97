"""What a name, a label and a text may be, on both ends of the wire.

A broken syntax is the sender's fault and refuses its POST; a name that is taken or reserved refuses that family alone.
Source: Prometheus data model (metric names `[a-zA-Z_:][a-zA-Z0-9_:]*`, label names `[a-zA-Z_][a-zA-Z0-9_]*`);
colons are for recording rules, so no family may carry one.
"""

from __future__ import annotations

from keskidee_report.model import COUNTER, HISTOGRAM, LONGEST_NAME, SUMMARY

NAME_LENGTH = LONGEST_NAME
LABEL_VALUE_LENGTH = 1024
HELP_LENGTH = 1024
REASON_LENGTH = 200
LABELS_AT_MOST = 64
"""Label names of one family."""
SOURCES_AT_MOST = 256
"""Sources of one schema."""
FRAMES_AT_MOST = 4096
"""Frames of one POST."""

RESERVED_LABELS = frozenset({"job", "instance", "site", "role", "le", "quantile"})
"""Given by the collector or by the scrape: no report may carry them. `le` and `quantile` have a meaning of their own:
only the buckets of a histogram and the quantiles of a summary carry them (pages.py)."""

RESERVED_PREFIX = "keskidee_"
"""Families that only keskidee itself may name."""

USER_NAMES = ("off", "hashed", "clear")
"""How much of a user's name an agent may tell; the place of each word is its number on the wire."""

_FIRST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_REST = _FIRST | frozenset("0123456789")
_CONTROLS = frozenset(map(chr, [*range(32), 127])) - {"\n", "\t"}


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a family or a label (no colon, ASCII, 1 to 200 characters)."""
    return 0 < len(text) <= NAME_LENGTH and text[0] in _FIRST and _REST.issuperset(text)


def is_label(text: str) -> bool:
    """Whether a report may carry this label name: `__*` and the collector's own refuse their family."""
    return is_name(text) and not text.startswith("__") and text not in RESERVED_LABELS


def page_names(name: str, kind: str) -> tuple[str, ...]:
    """The names that a family takes on an OpenMetrics page; no other family may take one of them.

    There the counter `foo_total` is the family `foo` with the samples `foo_total` and perhaps `foo_created`.
    A name that only ends like a counter (a gauge `foo_total`) takes itself alone.
    """
    if kind in (HISTOGRAM, SUMMARY):
        return (name, *[name + suffix for suffix in ("_bucket", "_sum", "_count", "_created")])
    if kind != COUNTER or not name.endswith("_total"):
        return (name,)
    family = name.removesuffix("_total")
    return (family, name, f"{family}_created")


def is_clean(text: str) -> bool:
    """Whether `text` has no control characters but newline and tab: two texts that differ must look different."""
    return text.isprintable() or _CONTROLS.isdisjoint(text)


def clean_text(text: str, limit: int) -> str:
    """`text` without NUL, lone surrogates and control characters but newline and tab, cut to `limit` characters."""
    if text.isascii() and text.isprintable():
        return text[:limit]
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join([c for c in text if c not in _CONTROLS])[:limit]


def one_line(text: str, limit: int) -> str:
    """The same in one line without spaces around: what is told apart by it (a site, a role) must look different."""
    return " ".join(clean_text(text, limit).split())
