"""TLS for the resident agent: 1.2 or later, trusting one authority, host name checked.

On CPython this calls the C modules `_ssl` and `_socket` without the `ssl` and `socket` modules around them, which hold
hundreds of enumeration members in 2.5 MB and add nothing that is used here: chain and host name are verified by OpenSSL
either way, and PROTOCOL_TLS_CLIENT demands both. Elsewhere `ssl` does it; the tests run both ways.
"""

from __future__ import annotations

import os
import sys
from _socket import socket as _socket
from _ssl import CERT_REQUIRED, PROTOCOL_TLS_CLIENT, SSLCertVerificationError, _SSLContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Stream(Protocol):
        """A TLS connection on a socket that does not block: it raises SSLWantReadError or SSLWantWriteError instead."""

        session: Any

        def do_handshake(self) -> None: ...
        def read(self, length: int, /) -> bytes: ...
        def write(self, content: bytes, /) -> int: ...


LEAN = sys.implementation.name == "cpython" and hasattr(_SSLContext, "_wrap_socket")
NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME (OpenSSL, x509_vfy.h)."""
NOT_YET_VALID = 9
"""X509_V_ERR_CERT_NOT_YET_VALID (OpenSSL, x509_vfy.h)."""

OTHER_AUTHORITY = (18, 19, 20, 21)
"""X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT to X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE (OpenSSL, x509_vfy.h)."""


class Socket(_socket):
    """The C module's socket; `_ssl` wants to refer to it weakly."""

    __slots__ = ("__weakref__",)


def context_trusting(ca_file: str, *, check_time: bool = True) -> Any:
    """A TLS context that trusts the authorities in a PEM file only. Raises OSError where the file is none.

    A folder holds authorities in files named by their hashes (openssl-rehash(1)), which are read when they are needed.
    `check_time` False lets a certificate be outside its time of validity, everything else checked.
    """
    if LEAN:
        context = _SSLContext(PROTOCOL_TLS_CLIENT)
        tls_1_2 = 0x0303
    else:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls_1_2 = ssl.TLSVersion.TLSv1_2
    context.minimum_version = tls_1_2
    folder = os.path.isdir(ca_file)
    context.load_verify_locations(None if folder else ca_file, ca_file if folder else None, None)
    if not check_time:
        context.verify_flags |= NO_CHECK_TIME
    assert context.check_hostname
    assert context.verify_mode == CERT_REQUIRED
    return context


def start(context: Any, socket: Socket, host: str, session: Any) -> tuple[Any, Stream]:
    """The socket to close and the TLS stream on it, before the handshake. `session` is one to resume, or None."""
    if LEAN:
        return socket, context._wrap_socket(socket, False, host, session=session)
    stream = context.wrap_socket(socket, server_hostname=host, do_handshake_on_connect=False, session=session)
    return stream, stream


def is_of_another_authority(error: OSError) -> bool:
    """Whether a certificate was refused because none of the trusted authorities has signed it."""
    return isinstance(error, SSLCertVerificationError) and error.verify_code in OTHER_AUTHORITY


def is_not_yet_valid(error: OSError) -> bool:
    """Whether a certificate was refused only because this machine's clock is before its time of validity."""
    return isinstance(error, SSLCertVerificationError) and error.verify_code == NOT_YET_VALID
