"""A server board that answers Redfish: resources by their paths, sessions, ETags, and what a test makes of it."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from keskidee_agent.devices.redfish.board import Board, board_of
from keskidee_agent.devices.redfish.read import BoardReading, Reader
from keskidee_agent.devices.redfish.service import Budget, Service
from keskidee_agent.devices.redfish.wire import Answer
from tests.agent.listening import Certified

USER, PASSWORD = "monitor", "s3cret: of a board"
ROOT = "/redfish/v1/"
SESSIONS = "/redfish/v1/SessionService/Sessions"
Resources = dict[str, dict[str, Any]]
Odd = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(30)

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        board = self.server.board
        self.path = unquote(self.path)
        board.asked.append(f"GET {self.path}")
        path, _, query = self.path.partition("?")
        if (odd := board.odd.get(self.path) or board.odd.get(path)) is not None:
            odd(self)
        elif path.rstrip("/") != ROOT.rstrip("/") and not self._is_known():
            self.say(401, {})
        elif (resource := board.at(path)) is None:
            self.say(404, {"error": {"code": "Base.1.8.ResourceMissingAtURI"}})
        else:
            self._give(board.expanded(resource) if query.startswith("$expand") else resource)

    def do_POST(self) -> None:
        board = self.server.board
        board.asked.append(f"POST {self.path}")
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if (odd := board.odd.get(f"POST {self.path}")) is not None:
            odd(self)
        elif told != {"UserName": USER, "Password": PASSWORD}:
            self.say(401, {})
        else:
            token = f"token-{len(board.asked)}"
            board.tokens.add(token)
            self.say(201, {}, {"X-Auth-Token": token, "Location": f"https://another.example{SESSIONS}/{token}"})

    def do_DELETE(self) -> None:
        board = self.server.board
        board.asked.append(f"DELETE {self.path}")
        board.tokens.discard(self.path.rpartition("/")[2])
        self.say(204, None)

    def say(self, status: int, body: dict[str, Any] | None, headers: dict[str, str] | None = None) -> None:
        """An answer in JSON."""
        self.send(status, b"" if body is None else json.dumps(body).encode(), headers)

    def send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        """An answer as it is."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content)

    def _is_known(self) -> bool:
        board = self.server.board
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return (
            board.is_open
            or self.headers.get("X-Auth-Token") in board.tokens
            or self.headers.get("Authorization") == f"Basic {basic}"
        )

    def _give(self, resource: dict[str, Any]) -> None:
        etag = resource.get("@odata.etag", "")
        if etag and self.headers.get("If-None-Match") == etag:
            self.server.board.unchanged.append(resource["@odata.id"])
            self.send(304, b"", {"ETag": etag})
            return
        packed = gzip.compress(json.dumps(resource).encode())
        self.send(200, packed, {"Content-Encoding": "gzip", **({"ETag": etag} if etag else {})})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    board: FakeBoard

    def handle_error(self, *_: Any) -> None:
        pass  # a client that hangs up is what some tests are about


class FakeBoard:
    """`resources` by path. `odd` answers a path (or `POST /path`) in its own way; `asked` is what came, in order."""

    def __init__(self, resources: Resources, tls: Certified | None) -> None:
        self.resources = {path.rstrip("/"): {"@odata.id": path, **each} for path, each in resources.items()}
        self.odd: dict[str, Odd] = {}
        self.asked: list[str] = []
        self.unchanged: list[str] = []
        self.tokens: set[str] = set()
        self.is_open = False
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.board = self
        if tls is not None:
            self._server.socket = tls.context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def at(self, path: str) -> dict[str, Any] | None:
        return self.resources.get(path.rstrip("/"))

    def expanded(self, resource: dict[str, Any]) -> dict[str, Any]:
        members = [self.at(member["@odata.id"]) or member for member in resource.get("Members", ())]
        return resource | {"Members": members}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def served(resources: Resources, tls: Certified | None = None) -> Iterator[FakeBoard]:
    """A board that is switched off at the end."""
    board = FakeBoard(resources, tls)
    try:
        yield board
    finally:
        board.close()


class InHand(Service):
    """A service that is asked for nothing: its resources are here."""

    def __init__(self, resources: Resources) -> None:
        self.resources = {path.rstrip("/"): resource for path, resource in resources.items()}

    def open(self, budget: Budget, *, anew: bool = True) -> None:
        self.root, self.budget = self.resources["/redfish/v1"], budget

    def get(self, path: str, *, etag: str = "") -> Answer:
        self.budget.answered += 1
        resource = self.resources.get(path.rstrip("/"))
        body = b"" if resource is None else json.dumps(resource).encode()
        return Answer(status=404 if resource is None else 200, headers={}, body=body)

    def path_of(self, link: str) -> str:
        return link

    def close(self) -> None:
        pass


def recorded(folder: Path) -> Resources:
    """The resources of a fixture."""
    found: Resources = json.loads((folder / "resources.json").read_text(encoding="utf-8"))
    return found


def known(board: FakeBoard, **options: Any) -> Board:
    """How the board is asked by its user."""
    usual: dict[str, Any] = {"user": USER, "password": PASSWORD, "timeout_seconds": 10.0}
    return board_of(board.url, **usual | options)


def read(board: FakeBoard, **options: Any) -> BoardReading:
    """One reading."""
    reader = Reader(Service(known(board, **options)))
    try:
        return reader.read()
    finally:
        reader.close()


def collection(path: str, *names: str) -> Resources:
    """A collection of members by name."""
    return {path: {"Members": [{"@odata.id": f"{path}/{name}"} for name in names], "Members@odata.count": len(names)}}


def link(path: str) -> dict[str, str]:
    return {"@odata.id": path}
