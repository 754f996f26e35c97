"""Why a machine was away before it came back, as its agent tells it with the first report after a start or a sleep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS = ("shutdown", "sleep", "power_loss", "crash", "stop", "upgrade")
"""first_start was no absence, and what a newer agent may say is nothing that this collector can count."""
LONGEST_SECONDS = 100 * 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """One absence. `seconds` and `since` (epoch, by the machine's own clock) are None where its clock does not tell."""

    reason: str
    seconds: int | None
    since: int | None


def away_of(facts: Mapping[str, str]) -> Away | None:
    """The last absence that a machine told of; None where there was none."""
    reason = facts.get("away_reason", "")
    if reason not in REASONS:
        return None
    return Away(reason=reason, seconds=_number(facts, "away_seconds"), since=_number(facts, "away_since"))


def _number(facts: Mapping[str, str], name: str) -> int | None:
    text = facts.get(name, "")
    return min(int(text), LONGEST_SECONDS) if text.isascii() and text.isdigit() and len(text) < 16 else None
