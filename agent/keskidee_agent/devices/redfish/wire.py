"""Requests to one board: TLS that is verified or pinned, and answers whose size, redirects and seconds are bounded."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.redfish.certificate import authorities_of, distrust, innermost, pinning
from keskidee_agent.devices.redfish.lifeline import POOLS, within
from keskidee_report import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_agent.devices.redfish.board import Board

LONGEST_BODY_BYTES = 2 << 20
"""Of one answer, inflated. A collection of a hundred sensors, expanded, takes some 100 KB; JSON takes forty times its
bytes where somebody means harm.
"""
CHUNK_BYTES = 1 << 16
CONNECT_SECONDS = 10.0
"""With the handshake, over which a board's processor may think for some seconds."""
REDIRECTS_AT_MOST = 3
LONGEST_LINK = 1024
REDIRECTS = (301, 302, 303, 307, 308)
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "OData-Version": "4.0",
    "User-Agent": f"keskidee/{__version__}",
}
INFLATED = ("gzip", "x-gzip", "deflate")
EITHER_FORM = 47
"""Of zlib's window sizes: takes the headers of gzip and of deflate alike."""


class Elsewhere(Garbled):
    """A link that leads to another host, or is no path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `body` is inflated."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The object in the body. Raises Garbled."""
        try:
            found = json.loads(self.body.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            raise Garbled(f"no JSON: {self.body[:60]!r}") from None
        if not isinstance(found, dict):
            raise Garbled("JSON that is no object")
        return found


class Wire:
    """The connection to one board, kept open between requests; of one thread at a time."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.taken_bytes = 0
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands before a board, and no .netrc opens it
        self._session.headers.clear()
        self._session.verify = authorities_of(board)
        self._session.mount(board.url + "/", _Adapter(board.fingerprint))

    def ask(
        self,
        method: str,
        path: str,
        *,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The answer to one request, whatever its status; redirects are followed on this host.

        Raises NoAnswer, Refused (a certificate that is not trusted), Garbled, Elsewhere.
        """
        for _ in range(REDIRECTS_AT_MOST + 1):
            answer = self._once(method, path, seconds or self.board.timeout_seconds, headers or {}, told)
            if method != "GET" or answer.status not in REDIRECTS:
                return answer
            path = self.path_of(answer.headers.get("Location", ""))
        raise Garbled(f"more than {REDIRECTS_AT_MOST} redirects")

    def path_of(self, link: str) -> str:
        """The path, with its query, of a link on this board. Raises Elsewhere for every other."""
        link = link.partition("#")[0]
        try:
            parts = urlsplit(link)
        except ValueError:
            raise Elsewhere(f"no link: {link[:80]!r}") from None
        own = f"{parts.scheme}://{parts.netloc}".lower() == self.board.url if parts.scheme else not parts.netloc
        if len(link) > LONGEST_LINK:
            raise Elsewhere(f"a link of {len(link)} characters")
        if not own or not parts.path.startswith("/") or parts.path.startswith("//") or not link.isprintable():
            raise Elsewhere(f"a link that leads elsewhere: {link[:80]!r}")
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def close(self) -> None:
        """Lets go of the connection."""
        self._session.close()

    def _once(
        self, method: str, path: str, seconds: float, headers: Mapping[str, str], told: Mapping[str, Any] | None
    ) -> Answer:
        """One request. Where a kept connection was closed meanwhile it is made again, once, if that does no harm."""
        for is_last in (False, True) if method == "GET" else (True,):
            with within(seconds) as lifeline:
                try:
                    with self._session.request(
                        method,
                        self.board.url + path,
                        headers={**HEADERS, **headers},
                        json=told,
                        timeout=(min(seconds, CONNECT_SECONDS), seconds),
                        allow_redirects=False,
                        stream=True,
                    ) as response:
                        return Answer(status=response.status_code, headers=response.headers, body=self._body(response))
                except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
                    raise NoAnswer(f"no answer within {seconds:g} s") from None
                except (requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError, OSError) as error:
                    if not lifeline.is_cut and (why := distrust(error, self.board)):
                        raise Refused(why) from None
                    if is_last and not lifeline.is_cut:
                        raise NoAnswer(f"no answer: {innermost(error)}") from None
                except (ValueError, zlib.error) as error:  # of requests: a URL or a header that is none
                    raise Garbled(f"no HTTP: {str(error)[:80]}") from None
                if lifeline.is_cut:
                    raise NoAnswer(f"no answer within {seconds:g} s")
        raise NoAnswer("no answer")

    def _body(self, response: requests.Response) -> bytes:
        """The body, inflated, up to its bound. Raises Garbled."""
        coding = response.headers.get("Content-Encoding", "identity").strip().lower()
        inflater = zlib.decompressobj(EITHER_FORM) if coding in INFLATED else None
        if inflater is None and coding not in ("", "identity"):
            raise Garbled(f"packed as {coding[:40]!r}, which was not asked for")
        found = bytearray()
        for chunk in response.raw.stream(CHUNK_BYTES, decode_content=False):
            room = LONGEST_BODY_BYTES - len(found) + 1
            found += inflater.decompress(chunk, room) if inflater else chunk
            if len(found) > LONGEST_BODY_BYTES:
                raise Garbled(f"more than {LONGEST_BODY_BYTES >> 20} MiB")
        self.taken_bytes += len(found)
        return bytes(found)


class _Adapter(HTTPAdapter):
    """Connections that can be cut, and whose certificate may be pinned; the pin is compared before anything is sent."""

    def __init__(self, fingerprint: str | None) -> None:
        self._fingerprint = fingerprint
        super().__init__(pool_maxsize=1)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """As requests makes it, with our connections."""
        if self._fingerprint:
            pin = {"assert_fingerprint": self._fingerprint, "assert_hostname": False}
            options |= pin | {"ssl_context": pinning()}
        super().init_poolmanager(connections, maxsize, block, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS
