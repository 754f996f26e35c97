"""A board's certificate: mostly its own, so it is verified or pinned, and a person is told what to compare."""

from __future__ import annotations

import hashlib
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.util.ssl_ import create_urllib3_context

from keskidee_agent.devices.secrets import WrongSecret
from keskidee_agent.transport.asking import causes
from keskidee_agent.transport.trust import system_authorities, usable
from keskidee_config import ConfigError

if TYPE_CHECKING:
    from keskidee_agent.devices.redfish.board import Board

OLD_BOARDS = "DEFAULT:@SECLEVEL=1"
LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT. Boards ten years old have keys of 1024 bits and no newer ciphers; where the
certificate is pinned that is enough to know them by. TLS is 1.2 or newer in any case.
"""
TOO_OLD = ("HANDSHAKE_FAILURE", "LEGACY", "TOO_SMALL", "TOO_WEAK")
"""Words of OpenSSL's reasons."""
SEEN_SECONDS = 10.0


def pinning() -> ssl.SSLContext:
    """TLS with whoever answers: its certificate is compared afterwards, before anything is sent."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE, ciphers=OLD_BOARDS)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= LEGACY_SERVER_CONNECT
    return context


def authorities_of(board: Board) -> str | bool:
    """What requests calls `verify`. Raises WrongSecret where the authorities cannot be read."""
    if board.fingerprint or not board.url.startswith("https:"):
        return False
    try:
        return usable(Path(board.ca_file)) if board.ca_file else system_authorities()
    except ConfigError as error:
        raise WrongSecret(str(error).replace("the collector's authority", "it")) from None


def distrust(error: BaseException, board: Board) -> str:
    """Why the certificate that was shown is not trusted, and what to do; empty where that was not what went wrong."""
    inner = list(causes(error))
    if board.fingerprint:
        if not any("ingerprint" in str(each) for each in inner):
            return ""
        return f"its certificate has another fingerprint than the one that is pinned: {_seen(board.url)}"
    if not any(_refuses(each) for each in inner) or not (seen := _seen(board.url)):
        return ""
    return (
        f"its certificate is not to be trusted: {innermost(error).rstrip('.')}. Its SHA-256 fingerprint is {seen}:"
        " compare it with what the board itself shows, then pin it with --fingerprint (`fingerprint:` in the settings)"
    )


def _refuses(error: BaseException) -> bool:
    """Whether TLS will not do with this certificate, or these ciphers; what else befalls it may pass."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return True
    return isinstance(error, ssl.SSLError) and any(word in (error.reason or "") for word in TOO_OLD)


def innermost(error: BaseException) -> str:
    """What the system or TLS said, below what requests and urllib3 wrap around it."""
    last = list(causes(error))[-1]
    said = getattr(last, "verify_message", None) or getattr(last, "strerror", None) or str(last)
    return " ".join(said.split())[:200]


def _seen(url: str) -> str:
    """The fingerprint of the certificate that is shown, for a person; empty where none is."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 443), SEEN_SECONDS) as line:
            line.settimeout(SEEN_SECONDS)
            with pinning().wrap_socket(line, server_hostname=parts.hostname) as secured:
                return hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
    except (OSError, ValueError):
        return ""
