"""Where the collector is: a URL, checked. Shared by the resident agent and the commands, so nothing heavy."""

from __future__ import annotations


class Origin:
    """Scheme, host, port and path prefix of a collector's URL. `host` has no brackets and no zone."""

    __slots__ = ("host", "port", "prefix", "tls")

    def __init__(self, host: str, port: int, *, tls: bool, prefix: str = "") -> None:
        self.host = host
        self.port = port
        self.tls = tls
        self.prefix = prefix

    @property
    def authority(self) -> str:
        """What the Host header says: the port is left out where it is the scheme's own (RFC 9110, 4.2)."""
        whole = self.host_and_port
        return whole.rpartition(":")[0] if self.port == (443 if self.tls else 80) else whole

    @property
    def host_and_port(self) -> str:
        """`HOST:PORT` or `[IPv6]:PORT`: what a proxy is asked to connect to (RFC 9112, 3.2.3)."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL without a slash at its end."""
        return f"{'https' if self.tls else 'http'}://{self.authority}{self.prefix}"


def origin_of(url: str) -> Origin:
    """The origin in `https://HOST[:PORT][/PREFIX]`; `http` only to this machine itself.

    Raises ValueError, with a sentence for a person, for anything else: a credential never travels in the clear.
    """
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in ("http", "https"):
        raise ValueError(f"{url!r} is no collector's address (https://HOST:PORT)")
    authority, _, path = rest.partition("/")
    if not rest.isascii() or not rest.isprintable() or set(rest) & set(' @?#"<>\\'):
        raise ValueError(f"{url!r} holds characters that have no place in a collector's address (https://HOST:PORT)")
    tls = scheme == "https"
    host, port_text = _split(authority)
    port = (
        (443 if tls else 80) if not port_text else int(port_text) if port_text.isdigit() and len(port_text) < 6 else 0
    )
    if not host or not 0 < port < 65536:
        raise ValueError(f"{url!r} is no collector's address (https://HOST:PORT)")
    if not tls and not is_loopback(host):
        raise ValueError(f"{url!r}: plain http goes to this machine only; use https://{authority}")
    return Origin(host.lower(), port, tls=tls, prefix=f"/{path}".rstrip("/"))


def is_loopback(host: str) -> bool:
    """Whether the text of a host names this machine: `localhost`, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost" or host == "::1":
        return True
    numbers = host.split(".")
    return len(numbers) == 4 and numbers[0] == "127" and all(n.isdigit() and int(n) < 256 for n in numbers)


def _split(authority: str) -> tuple[str, str]:
    """Host and port of `HOST:PORT` or `[IPv6]:PORT`, the port optional; an empty host where it is neither."""
    if authority.startswith("["):
        host, bracket, after = authority[1:].partition("]")
        literal = bracket and ":" in host and not set(host) - set("0123456789abcdefABCDEF:.")
        if not literal or after == ":" or after[:1] not in ("", ":"):
            return "", ""
        return host, after[1:]
    host, colon, port = authority.partition(":")
    return ("", "") if (colon and not port) or ":" in port else (host, port)
