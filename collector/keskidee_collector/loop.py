"""The event loop that the collector runs on: uvloop, which does not exist for Windows.

asyncio's own loop keeps 256 KiB of buffer for every TLS connection.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from keskidee_collector.memory import return_large_pieces

if TYPE_CHECKING:
    from collections.abc import Coroutine


def run(main: Coroutine[Any, Any, None]) -> None:
    """As asyncio.run."""
    return_large_pieces()
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
