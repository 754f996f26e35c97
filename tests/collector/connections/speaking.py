"""Requests as strangers send them, what is answered to them, and what was counted meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.collector.served import Line, Served, difference

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST


def counted(collector: Served, during: Callable[[], object]) -> dict[str, float]:
    before = collector.counts()
    during()
    return difference(before, collector.counts())


def answered(line: Line) -> int:
    try:
        return line.answer().status
    except (EOFError, OSError):
        return 0
