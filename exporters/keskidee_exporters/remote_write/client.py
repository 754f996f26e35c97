"""One connection to a destination, kept alive, and what its answers mean.

Source: Prometheus remote write 1.0, "Protocol" and "Retries and backoff"; RFC 9110 (Retry-After).
"""

from __future__ import annotations

import time
from base64 import b64encode
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from keskidee_exporters.remote_write.settings import Settings

TAKEN, REFUSED, FAULT, AWAY = "taken", "refused", "fault", "away"
"""2xx; 4xx: this request never; 5xx; not now, since there is no connection, too many requests, or no way in."""

NOT_LET_IN = (401, 403, 404, 405, 407)
"""These speak of credentials and of the address, not of samples: somebody will put that right, so it is waited for."""
RETRY_AFTER_SECONDS_AT_MOST = 600.0
ANSWER_BYTES_READ = 4096
LINE_SHOWN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`kind` is taken, refused (4xx: this request never), fault (5xx) or away (not now). `status` is None without one.

    `said` is the first line of the body, or what went wrong: to be logged, never to decide by.
    """

    kind: str
    status: int | None = None
    said: str = ""
    retry_after_seconds: float | None = None

    def __str__(self) -> str:
        return f"{self.status or ''} {self.said}".strip()


class Client:
    """Posts requests, one after another."""

    def __init__(self, settings: Settings, version: str) -> None:
        self._settings = settings
        self._session = requests.Session()
        self._session.trust_env = False  # a REQUESTS_CA_BUNDLE would silently take the place of `verify`
        self._session.verify = settings.ca_file or True
        self._session.headers = requests.structures.CaseInsensitiveDict(
            {
                "User-Agent": f"keskidee/{version}",
                "Content-Type": "application/x-protobuf",
                "Content-Encoding": "snappy",
                "X-Prometheus-Remote-Write-Version": "0.1.0",
            }
        )

    def post(self, body: bytes) -> Answer:
        """The answer to a request, as soon as its first line is here."""
        try:
            with self._session.post(
                self._settings.url,
                data=body,
                headers=self._credentials(),
                timeout=self._settings.send_timeout_seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _answer(response)
        except OSError as error:  # what requests raises is one too, and so is a file with a token that is not there
            return Answer(kind=AWAY, said=_first_line(f"{type(error).__name__}: {error}"))

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()

    def _credentials(self) -> dict[str, str]:
        """Read anew each time, since tokens are replaced while we run."""
        if self._settings.bearer_token_file:
            return {"Authorization": f"Bearer {_secret(self._settings.bearer_token_file)}"}
        if self._settings.username and self._settings.password_file:
            pair = f"{self._settings.username}:{_secret(self._settings.password_file)}"
            return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        return {}


def _secret(path: str) -> str:
    """The first line of a file."""
    with Path(path).open(encoding="utf-8", errors="surrogateescape") as file:
        return file.readline().strip()


def _answer(response: requests.Response) -> Answer:
    status = response.status_code
    try:
        said = response.raw.read(ANSWER_BYTES_READ, decode_content=True).decode("utf-8", "replace")
    except HTTPError:  # the status has been said, which is what counts
        said = ""
    if 200 <= status < 300:
        return Answer(kind=TAKEN, status=status)
    if status >= 500:
        kind = FAULT
    elif status < 400 or status == 429 or status in NOT_LET_IN:
        kind = AWAY
    else:
        kind = REFUSED
    wait = retry_seconds(response.headers.get("Retry-After", ""))
    return Answer(kind=kind, status=status, said=_first_line(said), retry_after_seconds=wait)


def retry_seconds(retry_after: str) -> float | None:
    """Seconds from now of a Retry-After, which is a number or a date; None where it is neither."""
    try:
        seconds = (
            float(retry_after)
            if retry_after.isdigit()
            else parsedate_to_datetime(retry_after).timestamp() - time.time()
        )
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_AT_MOST)


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0][:LINE_SHOWN]
    return "".join([each if each.isprintable() else "?" for each in line])
