"""`POST /v1/backup`: a copy of the running collector, as a tar that is not yet packed; the command packs it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from keskidee_collector.answers import problem
from keskidee_collector.backup import archive
from keskidee_collector.backup.backup import NoCopy, copy_running, discard

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_collector.backup.backup import Copy
    from keskidee_collector.state import State

logger = logging.getLogger(__name__)


class Backups:
    """Makes one backup at a time: two would need twice the disk."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._is_making = False
        discard(state.directory)

    async def answer(self) -> Response:
        """200 with the tar, 409 while another is made, 507 where no copy can be made."""
        if self._is_making:
            return problem(409, "busy", "another backup is being made")
        self._is_making = True
        try:
            copy = await copy_running(self._state)
        except NoCopy as error:
            self._is_making = False
            logger.warning("no backup was made error=%s", error)
            return problem(507, "disk", str(error))
        except BaseException:
            self._is_making = False
            raise
        return _Sending(copy, self._sent)

    def _sent(self) -> None:
        self._is_making = False


class _Sending(StreamingResponse):
    """The tar; when it is sent, or the one who asked is gone, the copy is discarded."""

    def __init__(self, copy: Copy, done: Callable[[], None]) -> None:
        size = {"Content-Length": str(archive.length(copy.manifest))}
        super().__init__(copy.pieces(), headers=size, media_type="application/x-tar")
        self._copy = copy
        self._done = done

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._copy.discard()
            self._done()
