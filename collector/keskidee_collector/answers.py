"""Answers and small bodies of the JSON routes, alike on all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

SMALL_BODY_BYTES = 64 * 1024
Asked = TypeVar("Asked")


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """An error as RFC 9457 has it."""
    body = {"title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def disk_problem() -> Response:
    """The answer where a commit failed."""
    return problem(503, "store", "the collector cannot write to its disk", {"Retry-After": "30"})


class NoBody(Exception):
    """A body that was too long, too slow or cut short: the status and the reason to answer with."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title

    def answer(self) -> Response:
        """The answer, after which the connection ends: the rest of the body may still be coming."""
        return problem(self.status, self.title, str(self), {"Connection": "close"})


async def bounded_body(request: Request, limit: int, seconds: float) -> bytes:
    """The body, of at most `limit` bytes and within `seconds`. Raises NoBody."""
    body = b""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise NoBody(413, "too_large", f"a body of more than {limit} bytes")
    except TimeoutError as error:
        raise NoBody(408, "slow", f"the body took more than {seconds:g} s") from error
    except ClientDisconnect as error:
        raise NoBody(400, "disconnected", "the connection ended before the body did") from error
    return body


def decoded(body: bytes, kind: type[Asked]) -> Asked:
    """What a JSON body asks for. Raises msgspec.MsgspecError, also for the two things that msgspec leaves to Python."""
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError:  # in a field that nobody knows, which is passed over
        raise msgspec.DecodeError("nested too deep") from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"a text that is not UTF-8: {error.reason}") from None
