"""Prometheus and Alertmanager, as the commands `maintenance` and `alert` ask them.

Sources: Alertmanager 0.25 api/v2/openapi.yaml and docs/configuration.md, Prometheus 2.42 docs/querying/api.md.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import argparse

ALERTMANAGER = "http://127.0.0.1:9093"
PROMETHEUS = "http://127.0.0.1:9090"
ANSWER_SECONDS = 10.0
QUOTED = 200


class Unreached(Exception):
    """A server does not do what was asked, in one line for a person."""


def add_address(parser: argparse.ArgumentParser, name: str, default: str) -> None:
    """The option `--alertmanager URL` or `--prometheus URL`, which an environment variable can set for good."""
    variable = f"KESKIDEE_{name.upper()}"
    parser.add_argument(
        f"--{name}", metavar="URL", type=_address, default=_address(os.environ.get(variable) or default),
        help=f"default: the variable {variable}, or {default}",
    )  # fmt: skip


def _address(text: str) -> str:
    from argparse import ArgumentTypeError

    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.hostname or port == 0:
        raise ArgumentTypeError(f"write http://HOST:PORT, not {text!r}")
    return text.rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Prometheus or Alertmanager at an address; `option` is what names another."""

    name: str
    url: str

    def ask(self, method: str, path: str, *, body: Any = None, query: list[tuple[str, str]] | None = None) -> Any:
        """Its JSON answer, or its text where it gives another kind. Raises Unreached."""
        import requests

        session = requests.Session()
        session.trust_env = False  # no proxy of the environment, and no .netrc: both stand beside the collector
        try:
            answer = session.request(
                method, self.url + path, json=body, params=query, timeout=ANSWER_SECONDS, allow_redirects=False
            )
            is_json = "json" in answer.headers.get("Content-Type", "")
            content = answer.json() if is_json and answer.content else answer.text
        except (requests.RequestException, ValueError) as error:
            raise Unreached(
                f"no {self.name} answers at {self.url}: {_why(error)}; --{self.name.lower()} URL names another"
            ) from None
        if not answer.ok or answer.is_redirect:
            said = content if isinstance(content, str) else content.get("message") or content.get("error") or content
            raise Unreached(f"{self.name} at {self.url} refused ({answer.status_code}): {str(said)[:QUOTED].strip()}")
        return content


def alertmanager_at(url: str) -> Server:
    """An Alertmanager."""
    return Server(name="Alertmanager", url=url)


def prometheus_at(url: str) -> Server:
    """A Prometheus."""
    return Server(name="Prometheus", url=url)


def _why(error: Exception) -> str:
    """The innermost reason: `Connection refused` and not the whole chain of what held it."""
    while inner := error.__cause__ or error.__context__ or getattr(error, "reason", None):
        if not isinstance(inner, Exception):
            break
        error = inner
    return getattr(error, "strerror", None) or type(error).__name__
