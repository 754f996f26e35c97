"""What a value must be: the checks that a setting names in its annotation, and the error a person sees.

A check has `problem(value)`, which says what is wrong in a few words, or None where nothing is.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from urllib.parse import urlsplit


class ConfigError(Exception):
    """What a person wrote cannot be used. Its text is one line with the place; commands print it and exit 2."""


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `low` to `high`, both included."""

    low: float
    high: float

    def problem(self, value: float) -> str | None:
        if self.low <= value <= self.high:  # false for NaN too
            return None
        return f"must be from {self.low} to {self.high}, not {value}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text that `problem_of` finds nothing wrong with."""

    problem_of: Callable[[str], str | None]

    def problem(self, value: str) -> str | None:
        return self.problem_of(value)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words. Where YAML takes one for something else (`off` is false to it), the word is meant."""

    words: tuple[str, ...]

    def problem(self, value: str) -> str | None:
        return None if value in self.words else f"write {', '.join(self.words[:-1])} or {self.words[-1]}, not {value!r}"


@dataclass(frozen=True, slots=True)
class Distinct:
    """Sections of a list that differ in one of their settings."""

    setting: str

    def problem(self, sections: Sequence[object]) -> str | None:
        values = [getattr(section, self.setting) for section in sections]
        twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
        return None if twice is None else f"two have the {self.setting} {twice!r}"


@dataclass(frozen=True, slots=True)
class AtMost:
    """A list of no more than so many."""

    count: int

    def problem(self, sections: Sequence[object]) -> str | None:
        return f"at most {self.count}, not {len(sections)}" if len(sections) > self.count else None


class TargetLabels:
    """Names and values that go on every series beside the collector's own target labels."""

    OURS = ("job", "instance", "site", "role", "os")

    def problem(self, labels: Mapping[str, str]) -> str | None:
        for name in labels:
            if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name) or name.startswith("__"):
                return f"{name!r} is no label name: letters, digits and _, without __ in front"
            if name in self.OURS:
                return f"{name} is given by the collector; use another name"
        return None


@dataclass(frozen=True, slots=True)
class Shown:
    """How the example file shows a setting whose default depends on the machine, or that has none."""

    text: str
    needed: bool = False  # True: the line stands in the example without a comment sign, because people must set it

    def problem(self, _value: object) -> str | None:
        return None


def host_and_port(text: str) -> tuple[str, int]:
    """`("127.0.0.1", 5375)` of `127.0.0.1:5375`; an IPv6 address stands in brackets. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"write HOST:PORT, with an IPv6 address in brackets: not {text!r}")
    if not colon or not host or not (port.isascii() and port.isdigit()):
        raise ValueError(f"write HOST:PORT, for example 127.0.0.1:5375, not {text!r}")
    if int(port) > 65535:
        raise ValueError(f"a port is at most 65535, not {port}")
    return host, int(port)


def _listen_problem(text: str) -> str | None:
    try:
        host_and_port(text)
    except ValueError as error:
        return str(error)
    return None


def _url_problem(text: str) -> str | None:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        return f"{text!r} is no URL: {error}"
    if url.scheme not in ("http", "https") or not url.hostname or port == 0:
        return f"write http://HOST:PORT or https://HOST:PORT, not {text!r}"
    if url.username is not None or url.query or url.fragment:
        return "a URL here has no user name, `?` or `#`"
    return None


def _page_problem(text: str) -> str | None:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        return f"not a URL: {error}"
    if url.scheme not in ("http", "https") or not url.hostname or port == 0:
        return "write http://HOST/PATH or https://HOST/PATH"
    if url.username is not None:
        return "a page here has no user name: whoever reads the settings would have it"
    if not text.isascii() or any(character <= " " for character in text) or len(text) > 4096:
        return "write what is not ASCII, and blanks, as %XX (a host in its xn-- form)"
    return None


def _server_problem(text: str) -> str | None:
    try:
        host_and_port(text if ":" in text else f"{text}:53")
    except ValueError as error:
        return str(error)
    return None


def _host_name_problem(text: str) -> str | None:
    labels = text.rstrip(".").split(".")
    if len(text) > 253 or not text.isascii() or not all(re.fullmatch("[A-Za-z0-9_-]{1,63}", label) for label in labels):
        return f"{text!r} is no name in the DNS (one that is not ASCII stands in its xn-- form)"
    return None


def _proxy_problem(text: str) -> str | None:
    if text == "none":
        return None
    if "@" in text:  # which is not quoted then
        return "user and password belong into the file that proxy_credentials_file names"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        return f"{text!r} is no URL: {error}"
    if url.scheme != "http" or not url.hostname or not port or url.path not in ("", "/") or not text.isascii():
        return f"write http://HOST:PORT, or none, not {text!r}"
    return None


def _network_problem(text: str) -> str | None:
    try:
        ip_network(text)
    except ValueError as error:
        return f"write an address or a network such as 10.0.0.0/8: {error}"
    return None


def _pattern_problem(text: str) -> str | None:
    try:
        re.compile(text)
    except re.error as error:
        return f"{text!r} is no regular expression: {error}"
    return None


def _label_problem(text: str) -> str | None:
    if not text.strip() or len(text) > 100 or not text.isprintable():
        return "write 1 to 100 printable characters"
    return None


def board_problem(text: str) -> str | None:
    """What is wrong with a server board's address; plain http goes to this machine itself only."""
    found = re.fullmatch(r"(?i:(https?)://)(\[[0-9a-f:.]*:[0-9a-f:.]*\]|[a-z0-9._-]+)(:[1-9]\d{0,4})?/?", text.lower())
    if found is None or int((found[3] or ":1")[1:]) > 65535:
        return f"a server board is https://HOST[:PORT], not {text!r}"
    is_here = re.fullmatch(r"localhost|127(\.\d{1,3}){3}|\[::1\]", found[2]) is not None
    return None if found[1] == "https" or is_here else f"write https: {text!r} would show the password to everybody"


def _fingerprint_problem(text: str) -> str | None:
    digits = text.replace(":", "").replace(" ", "")
    return (
        None if re.fullmatch("[0-9a-fA-F]{64}", digits) else "write a SHA-256 in 64 hex digits, with or without colons"
    )


def _not_empty_problem(text: str) -> str | None:
    return None if text.strip() and "\0" not in text else "must not be empty"


FINGERPRINT = Text(_fingerprint_problem)
LISTEN = Text(_listen_problem)
URL = Text(_url_problem)
PROXY = Text(_proxy_problem)
PAGE = Text(_page_problem)
SERVER = Text(_server_problem)
HOST_NAME = Text(_host_name_problem)
NETWORK = Text(_network_problem)
PATTERN = Text(_pattern_problem)
LABELS = TargetLabels()
LABEL = Text(_label_problem)
PATH = Text(_not_empty_problem)
NAME = Text(_not_empty_problem)
USER_NAMES = OneOf(("off", "hashed", "clear"))
