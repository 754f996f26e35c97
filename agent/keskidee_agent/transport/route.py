"""By which way the collector is reached: straight, or through an HTTP proxy. For the commands; the resident is told.

The settings come first, then the variables that most programs know: https_proxy, http_proxy and no_proxy, also in
capitals. Those never hold for this machine itself.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from keskidee_agent.transport.origin import is_loopback
from keskidee_config import ConfigError, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_agent.transport.origin import Origin
    from keskidee_config import AgentSettings

SWITCHED_OFF = "none"
DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way to the collector: straight there where `host` is None.

    `credentials` is `user:password`; `named_by` is the setting or variable that chose the way.
    """

    host: str | None = None
    port: int = 0
    credentials: Secret | None = None
    named_by: str = ""

    @property
    def proxy(self) -> tuple[str, int, str] | None:
        """Host, port and the value of Proxy-Authorization (RFC 7617; UTF-8), as the resident is told them."""
        if self.host is None:
            return None
        if self.credentials is None:
            return self.host, self.port, ""
        return self.host, self.port, f"Basic {base64.b64encode(self.credentials.reveal().encode()).decode('ascii')}"

    @property
    def url(self) -> str:
        """The proxy's URL with user and password in it, as requests wants it; empty where there is none."""
        if self.host is None:
            return ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        user, _, password = self.credentials.reveal().partition(":") if self.credentials else ("", "", "")
        secret = f"{quote(user, safe='')}:{quote(password, safe='')}@" if self.credentials else ""
        return f"http://{secret}{host}:{self.port}"

    def __str__(self) -> str:
        """In words, without the secret."""
        if self.host is None:
            return f"direct ({self.named_by})" if self.named_by else "direct"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"proxy {host}:{self.port} ({self.named_by})"


def route_to(origin: Origin, settings: AgentSettings, environment: Mapping[str, str]) -> Route:
    """The way to a collector by these settings and variables. Raises ConfigError for a proxy that cannot be used."""
    if settings.proxy == SWITCHED_OFF:
        return Route(named_by="proxy: none in the settings")
    if settings.proxy is not None:
        route = _through(settings.proxy, "proxy in the settings", settings.proxy_credentials_file)
    elif is_loopback(origin.host):
        return Route()
    else:
        route = _by_environment(origin, environment, settings.proxy_credentials_file)
    if not origin.tls and route.host is not None and not is_loopback(route.host):
        raise ConfigError(f"{route}: plain http ({origin.url}) does not leave this machine; use https, or a proxy here")
    return route


def _by_environment(origin: Origin, environment: Mapping[str, str], credentials_file: str | None) -> Route:
    name = "https_proxy" if origin.tls else "http_proxy"
    name, url = _variable(environment, name)
    if not url:
        return Route()
    no_proxy, exceptions = _variable(environment, "no_proxy")
    if is_excepted(origin.host, origin.port, exceptions):
        return Route(named_by=no_proxy)
    return _through(url if "://" in url else f"http://{url}", name, credentials_file)


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """Name and value of a variable; where both spellings are set, the small letters count, even if empty."""
    found = next((each for each in (name, name.upper()) if each in environment), name)
    return found, environment.get(found, "").strip()


def _through(url: str, named_by: str, credentials_file: str | None) -> Route:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, DEFAULT_PORT if parts.port is None else parts.port
    except ValueError:
        host, port = None, 0
    if not host or not port or parts.scheme != "http" or not host.isascii() or not host.isprintable():
        # the value is not quoted: a password may stand in it
        raise ConfigError(f"{named_by}: write http://HOST:PORT; no other kind of proxy is known here")
    credentials = None
    if parts.username is not None:
        credentials = Secret(f"{unquote(parts.username)}:{unquote(parts.password or '')}")
    elif credentials_file is not None:
        credentials = _credentials_in(Path(credentials_file))
    return Route(host=host, port=port, credentials=credentials, named_by=named_by)


def _credentials_in(path: Path) -> Secret:
    try:
        secret = Secret.from_file(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "write USER:PASSWORD on its first line"
        raise ConfigError(f"proxy_credentials_file: {path}: {reason}") from None
    if ":" not in secret.reveal():
        raise ConfigError(f"proxy_credentials_file: {path}: write USER:PASSWORD on its first line")
    return secret


def is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether NO_PROXY names the host: by itself, a domain above it, its address, a network (CIDR), or `*`.

    A port behind a name or address narrows it. Networks hold for addresses in URLs; no name is looked up. Like most
    programs, what cannot be understood is passed over.
    """
    return any(_names(entry, host, port) for entry in exceptions.replace(",", " ").lower().split())


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if "/" in entry:
        try:
            return address is not None and address in ip_network(entry, strict=False)
        except ValueError:
            return False
    name, wanted_port = _name_and_port(entry)
    if wanted_port and wanted_port != str(port):
        return False
    if address is not None:
        try:
            return ip_address(name) == address
        except ValueError:
            return False
    domain = name.removeprefix("*").strip(".")
    return bool(domain) and (host.rstrip(".") == domain or host.rstrip(".").endswith(f".{domain}"))


def _name_and_port(entry: str) -> tuple[str, str]:
    """`example.org:8443`, `[2001:db8::1]:8443` or `2001:db8::1` as name and port, which may be empty."""
    if entry.startswith("["):
        name, _, after = entry[1:].partition("]")
        return name, after.removeprefix(":")
    name, _, port = entry.partition(":")
    return (entry, "") if ":" in port else (name, port)
