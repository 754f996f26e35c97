"""Remote write as a whole: a look at the collector for all, and a sender for each destination."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from keskidee_exporters.remote_write.counters import Counters
from keskidee_exporters.remote_write.outlook import Outlook
from keskidee_exporters.remote_write.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keskidee_collector.view import View
    from keskidee_exporters.remote_write.feed import Feed
    from keskidee_exporters.remote_write.settings import Settings

STOP_SECONDS = 5.0


class RemoteWrite:
    """The running outlet."""

    def __init__(self, outlook: Outlook, senders: Sequence[Sender]) -> None:
        self._senders = senders
        self._looking = asyncio.create_task(outlook.keep_looking())
        for sender in senders:
            sender.start()

    async def close(self) -> None:
        """Ends all senders; what they had not delivered, the log keeps for the next start."""
        self._looking.cancel()
        with suppress(asyncio.CancelledError):
            await self._looking
        for sender in self._senders:
            sender.stop()
        for sender in self._senders:
            await asyncio.to_thread(sender.join, STOP_SECONDS)


def start(view: View, feed: Feed, settings: Sequence[Settings], instance: str = "") -> RemoteWrite:
    """Begins to send to each destination; call it on the event loop on which the view's state lives.

    `instance` is the label of the collector's own series: by default this host's name.
    """
    outlook = Outlook(view)
    counters = Counters(view.registry)
    name = instance or socket.gethostname()
    return RemoteWrite(outlook, [Sender(view, feed, outlook, each, counters.of(each.name), name) for each in settings])
