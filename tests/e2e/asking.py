"""Asking a Prometheus, and hearing why it cannot answer."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen


class Refused(Exception):
    """Prometheus could not answer: a mistake in the query, or a match of many to many."""


def ask(prometheus: str, expr: str) -> list[dict[str, Any]]:
    """The series that an instant query gives. Raises Refused with the reason that Prometheus gives."""
    try:
        with urlopen(f"{prometheus}/api/v1/query?{urlencode({'query': expr})}", timeout=20) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    except HTTPError as error:
        raise Refused(f"{expr}: {error.read().decode()}") from None
    return found
