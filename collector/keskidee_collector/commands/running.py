"""How this host's commands find a data directory, and the collector that runs on it. They carry its admin token."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keskidee_collector.files import RUNNING_FILE, pretend_instead

if TYPE_CHECKING:
    from pathlib import Path

    import requests

ANSWER_SECONDS = 30.0
REGISTER = "register.db"


def collector_directory(data: Path) -> Path:
    """The folder with the databases: `data` itself, or `collector` in the folder of `keskidee up`."""
    inside = data / "collector"
    return inside if inside.is_dir() and not (data / REGISTER).exists() else data


def fail(sentence: str) -> int:
    """Says in one line why a command failed, and gives its exit status."""
    sys.stderr.write(f"keskidee: {sentence}\n")
    return 1


class NotReached(Exception):
    """No collector does what was asked, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running collector, by what it left in its data directory."""

    url: str
    ca_file: str | None
    admin_token: str

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | bytes | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
        stream: bool = False,
    ) -> requests.Response:
        """Its answer, if that is a good one. Raises NotReached."""
        import requests

        session = requests.Session()
        session.trust_env = False  # no proxy, and no CA of the environment, between this command and this host
        try:
            answer = session.request(
                method, self.url + path, **_sent(body), headers={"Authorization": f"Bearer {self.admin_token}"},
                verify=self.ca_file or True, timeout=(ANSWER_SECONDS, seconds), stream=stream,
            )  # fmt: skip
        except requests.RequestException as error:
            killed = type(error) is requests.ConnectionError
            why = "was it killed? Start it again" if killed else type(error).__name__
            raise NotReached(f"the collector at {self.url} does not answer: {why}") from error
        if not answer.ok:
            raise NotReached(self._refusal(answer))
        return answer

    def _refusal(self, answer: requests.Response) -> str:
        try:
            return f"the collector refused: {answer.json()['detail']}"
        except (ValueError, KeyError, TypeError):
            return f"what answers at {self.url} is no collector (status {answer.status_code})"


def _sent(body: dict[str, Any] | bytes | None) -> dict[str, Any]:
    """How requests is told of a body: bytes as they are, anything else as JSON."""
    return {"data": body} if isinstance(body, bytes) else {"json": body}


def running_on(directory: Path) -> Running:
    """The collector that runs on a data directory. Raises NotReached where none does."""
    try:
        row = json.loads((directory / RUNNING_FILE).read_text())
        admin_token = (directory / "admin-token").read_text().strip()
    except FileNotFoundError:
        hint = pretend_instead(directory) or "; name its data directory with --data"
        raise NotReached(f"no collector is running on {directory}{hint}") from None
    except PermissionError as error:
        raise NotReached(f"{error.filename}: not yours to read; use the account that runs the collector") from None
    return Running(url=row["url"], ca_file=row["ca_file"], admin_token=admin_token)
