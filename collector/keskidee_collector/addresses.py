"""Addresses to listen on, and which of them only this host can reach."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


def split_address(listen: str) -> tuple[str, int]:
    """`HOST:PORT` or `[IPv6]:PORT` as host and port."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


@lru_cache(64)
def is_loopback(host: str) -> bool:
    """Whether only this host can reach that address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def local_host(host: str) -> str:
    """The address by which this host reaches what listens on `host`."""
    if host in ("0.0.0.0", ""):  # compared, not bound
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host
