"""A receiver for Alertmanager's webhooks that remembers what came, when, and to which path."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One POST of Alertmanager's: path, Authorization header, body, and when it came (monotonic seconds)."""

    path: str
    authorization: str
    body: dict[str, Any]
    at: float

    @property
    def says(self) -> tuple[str, list[tuple[str, str]]]:
        """The status (firing, resolved), and the alerts in it as (name, instance)."""
        alerts = [(alert["labels"]["alertname"], alert["labels"].get("instance", "")) for alert in self.body["alerts"]]
        return self.body["status"], sorted(alerts)


class Receiver:
    """Listens on a free loopback port until `stop`."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def at_path(self, path: str) -> list[Notice]:
        """What came to one path, in order."""
        return [notice for notice in self.notices if notice.path == path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        notices = self.notices

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sent = self.headers.get("Authorization", "")
                notices.append(Notice(path=self.path, authorization=sent, body=body, at=time.monotonic()))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass  # into nobody's terminal

        return Handler
