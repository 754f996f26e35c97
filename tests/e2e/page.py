"""A machine's page as somebody sees it who reads it all the while."""

from __future__ import annotations

import re
import threading
from urllib.request import urlopen

LOOK_SECONDS = 0.2


class Page(threading.Thread):
    """Reads a machine's page all the while, and notes where a counter of it goes back."""

    def __init__(self, url: str, counter: str) -> None:
        super().__init__(daemon=True)
        self._url, self._line = url, re.compile(rf"^{counter}{{.*}} (\S+)$", re.MULTILINE)
        self._over = threading.Event()
        self.read = 0
        self.backwards: list[tuple[float, float]] = []

    def run(self) -> None:
        last = 0.0
        while not self._over.wait(LOOK_SECONDS):
            try:
                with urlopen(self._url, timeout=5) as answer:
                    shown = self._line.search(answer.read().decode())
            except OSError:  # the collector is down
                continue
            if shown is not None:
                now = float(shown[1])
                self.read += 1
                if now < last:
                    self.backwards.append((last, now))
                last = now

    def stop(self) -> None:
        self._over.set()
        self.join()
