"""Whether the collector of this container is ready, for Docker's HEALTHCHECK: status 0, or 1 and why not."""

from __future__ import annotations

import os
import ssl
import sys
from urllib.error import URLError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

LISTEN = "127.0.0.1:5375"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # to be asked, not to listen
LOOPBACK = ("127.", "localhost", "[::1]")
SECONDS = 5.0


def ready_url(listen: str) -> str:
    """Where a collector that listens there says whether it is ready: HTTP on loopback, else TLS."""
    host, _, port = listen.rpartition(":")
    scheme = "http" if host.startswith(LOOPBACK) else "https"
    return f"{scheme}://{EVERYWHERE.get(host, host)}:{port}/readyz"


def main() -> int:
    """Asks it, past any proxy and whatever its certificate says: it is this container's own."""
    unverified = ssl._create_unverified_context()  # noqa: S323
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=unverified))
    try:
        with opener.open(ready_url(os.environ.get("KESKIDEE_LISTEN") or LISTEN), timeout=SECONDS):
            return 0
    except (URLError, OSError) as error:
        sys.stderr.write(f"not ready: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
