"""Stands in for pager, tickets and the heartbeat's watcher: a line a message, and one where the heartbeat stays away.

`python -m deploy.stack.receiver`, with `--listen HOST:PORT` and `--patience SECONDS`.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LISTEN = "127.0.0.1:9095"
PATIENCE_SECONDS = 180.0
HEARTBEAT = "/heartbeat"
BODY_BYTES = 1 << 20


class Heartbeat:
    """When the last one came, and whether it was said that it stays away."""

    def __init__(self, patience_seconds: float, say: Callable[[str], None]) -> None:
        self._patience_seconds, self._say = patience_seconds, say
        self._last: float | None = None
        self._is_away = False

    def came(self) -> None:
        """Another one."""
        if self._last is None or self._is_away:
            self._say("heartbeat: it comes" + (" again" if self._is_away else ""))
        self._last, self._is_away = time.monotonic(), False

    def look(self) -> None:
        """Says once that it stays away. Before the first one came nobody expects any."""
        if self._last is None or self._is_away:
            return
        if time.monotonic() - self._last > self._patience_seconds:
            self._is_away = True
            self._say("heartbeat: it STAYS AWAY; Prometheus, Alertmanager or the way between them has failed")


def said(path: str, body: dict[str, Any]) -> str:
    """One message of Alertmanager's in one line."""
    alerts = [each["labels"] for each in body["alerts"]]
    named = [" ".join(filter(None, (a["alertname"], a.get("instance"), a.get("site")))) for a in alerts]
    return f"{path.lstrip('/')}: {body['status']}: {', '.join(named)}"


def server(listen: str, heartbeat: Heartbeat, say: Callable[[str], None]) -> ThreadingHTTPServer:
    """Listens at HOST:PORT. Raises OSError."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(min(int(self.headers["Content-Length"]), BODY_BYTES)))
            if self.path == HEARTBEAT:
                heartbeat.came()
            else:
                say(said(self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    host, _, port = listen.rpartition(":")
    return ThreadingHTTPServer((host, int(port)), Handler)


def say(line: str) -> None:
    """One line with the time, at once."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
    sys.stdout.flush()


def main() -> None:
    """Runs until it is stopped."""
    parser = argparse.ArgumentParser(description="Prints what Alertmanager sends.")
    parser.add_argument("--listen", default=LISTEN, metavar="HOST:PORT")
    parser.add_argument("--patience", type=float, default=PATIENCE_SECONDS, metavar="SECONDS")
    options = parser.parse_args()
    heartbeat = Heartbeat(options.patience, say)
    threading.Thread(target=server(options.listen, heartbeat, say).serve_forever, daemon=True).start()
    while True:
        time.sleep(1)
        heartbeat.look()


if __name__ == "__main__":
    main()
