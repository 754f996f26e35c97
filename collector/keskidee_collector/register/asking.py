"""Who may write to the register, which version they saw, and how they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from keskidee_collector.access import access
from keskidee_collector.access.access import API_WRITE, NotAllowed
from keskidee_collector.answers import problem
from keskidee_collector.register import carried, hand, taking

if TYPE_CHECKING:
    from starlette.requests import Request

    from keskidee_collector.register.assets import Asset
    from keskidee_collector.state import State

REFUSALS = {
    hand.NO_ASSET: (404, "unknown", "there is no such asset"),
    hand.OTHER_VERSION: (412, "other_version", "it was changed meanwhile: read it again"),
    carried.OLDER: (409, "older", "the asset has an inventory that is as new"),
    carried.SEVERAL: (409, "several", "more than one asset is like that"),
    taking.TOO_MANY: (422, "limit", "more items than a machine may have (limits.items)"),
    hand.TAG_TAKEN: (409, "asset_tag", "another asset has this tag"),
}
"""Status, title and detail for what came of a job of the writer."""


class Refused(Exception):
    """The answer to a request that writes nothing."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


def writer_of(state: State, admin: bytes, request: Request) -> str:
    """Who writes: the id of the token. A browser never sends a bearer by itself, so no other page can write.

    `admin` is the digest of this host's token. Raises Refused.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if access.matches(secret.strip(), admin):
            return "admin"
        try:
            return state.access.check(secret.strip(), API_WRITE, state.now()).id
        except NotAllowed:
            pass
    raise Refused(problem(401, "credential", "writing here needs an api-write token as bearer"))


def etag(asset: Asset) -> str:
    """The version of an asset's own fields (RFC 9110, 8.8.3)."""
    return f'"{asset.version}"'


def version_of(if_match: str) -> int | None:
    """The version that a person saw; None for any."""
    if if_match == "*":
        return None
    text = if_match.removeprefix("W/").strip('"')
    if not text:
        raise Refused(problem(428, "version", "If-Match with the ETag of the asset as you saw it, or *"))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def answer(told: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON of a struct."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(told), status, kept, media_type="application/json")
