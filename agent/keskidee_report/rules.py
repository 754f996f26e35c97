"""What a name, a label and a text may be, on both ends of the wire.

Source: Prometheus data model (metric names `[a-zA-Z_:][a-zA-Z0-9_:]*`, label names `[a-zA-Z_][a-zA-Z0-9_]*`);
colons are for recording rules, so no family may carry one.
"""

from __future__ import annotations

NAME_LENGTH = 200
LABEL_VALUE_LENGTH = 1024
HELP_LENGTH = 1024
REASON_LENGTH = 200

RESERVED_LABELS = frozenset({"job", "instance", "site", "role", "le", "quantile"})
"""Given by the collector or by the scrape, or with a meaning of their own: no report may carry them."""

RESERVED_PREFIX = "keskidee_"
"""Families that only keskidee itself may name."""

_FIRST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_REST = _FIRST | frozenset("0123456789")
_ENDINGS = ("_total", "_created", "_bucket", "_sum", "_count", "_info")


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a family or a label (no colon, ASCII, 1 to 200 characters)."""
    return 0 < len(text) <= NAME_LENGTH and text[0] in _FIRST and _REST.issuperset(text)


def is_label(text: str) -> bool:
    """Whether a report may carry this label name: `__*` and the collector's own are refused."""
    return is_name(text) and not text.startswith("__") and text not in RESERVED_LABELS


def clash_key(name: str, kind: str) -> str:
    """The name under which two families would collide on one OpenMetrics page.

    There the counter `foo_total` is the family `foo` with the sample `foo_total`; a gauge `foo` beside it would be
    a second family of that name. A name that only ends like a counter (a gauge `foo_total`) keeps its whole name.
    """
    return name.removesuffix("_total") if kind == "counter" else name


def clean_text(text: str, limit: int) -> str:
    """`text` without NUL, lone surrogates and control characters but newline and tab, cut to `limit` characters."""
    if text.isascii() and text.isprintable():
        return text[:limit]
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in text if c in "\n\t" or (ord(c) >= 32 and ord(c) != 127))[:limit]
