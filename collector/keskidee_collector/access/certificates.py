"""The server's certificate as the server sees it: files that a program beside it makes and renews (authority.py)."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_collector.files import keep_file

if TYPE_CHECKING:
    from pathlib import Path

SIGNING_SECONDS = 60
CA, CA_KEY, NEXT_KEY = "ca.pem", "ca.key", "next.key"
EVERY = "0.0.0.0"  # a word for the program that signs
ID_DIGITS = 16
"""So much of a fingerprint tells an authority from another; never whom to trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificate:
    """Paths of what a TLS server needs, the CA as PEM, and its fingerprint (SHA-256 of the DER, hex)."""

    certificate: Path
    key: Path
    ca_pem: bytes
    fingerprint: str


class Damaged(Exception):
    """The authority cannot be read, in one line for the person who started the program."""


def issued(directory: Path, names: list[str]) -> ServerCertificate:
    """What authority.prepare leaves there, in a process of its own that ends with it. Raises Damaged."""
    _run_authority(directory, str(directory), *names)
    return certificate_in(directory)


def make_next(directory: Path) -> None:
    """Makes the authority that comes next (authority.add_next), likewise. Raises Damaged."""
    _run_authority(directory, "--next", str(directory))


def keep_first(directory: Path) -> None:
    """Trusts no more authority but the first. Raises OSError."""
    keep_file(directory / CA, authorities_in(directory)[0])


def _run_authority(directory: Path, *words: str) -> None:
    command = [sys.executable, "-P", "-m", "keskidee_collector.access.authority", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SIGNING_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Damaged(f"{directory}: the certificate was not signed within {SIGNING_SECONDS} s") from error
    if done.returncode:
        raise Damaged((done.stderr.strip().splitlines() or [f"{directory}: signing failed ({done.returncode})"])[-1])


def certificate_in(directory: Path) -> ServerCertificate:
    """What lies in a directory that has an authority; its server certificate need not be there yet."""
    first = authorities_in(directory)[0]
    return ServerCertificate(
        certificate=directory / "server.pem",
        key=directory / "server.key",
        ca_pem=first,
        fingerprint=fingerprint_of(first),
    )


def authorities_in(directory: Path) -> list[bytes]:
    """The authorities that lie there, each as PEM; the first one signs."""
    _, *found = (directory / CA).read_text("ascii", "replace").split(ssl.PEM_HEADER)
    return [f"{ssl.PEM_HEADER}{text.partition(ssl.PEM_FOOTER)[0]}{ssl.PEM_FOOTER}\n".encode() for text in found]


def fingerprint_of(pem: bytes) -> str:
    """The SHA-256 of a certificate's DER, in hexadecimal."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest()


def expiry_of(pem: bytes) -> float:
    """When an authority ends, epoch seconds. OpenSSL says it: `cryptography` would stay in the server for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem.decode())
    [found] = context.get_ca_certs()
    return float(ssl.cert_time_to_seconds(str(found["notAfter"])))


def names_for(listen_host: str, configured: list[str]) -> list[str]:
    """Names for the certificate: the configured ones, the address it listens on or EVERY, this host's names."""
    every = listen_host in ("0.0.0.0", "::", "")  # compared, not bound
    names = [*configured, EVERY if every else listen_host, socket.gethostname(), socket.getfqdn()]
    names += ["localhost", "127.0.0.1", "::1"]
    return sorted({usable for name in names if (usable := _usable(name))})


def _usable(name: str) -> str:
    """A name as a certificate carries it (RFC 5280, 4.2.1.6); empty where it can carry none."""
    try:
        ascii_name = name.strip().encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return ascii_name if ascii_name.isprintable() and " " not in ascii_name else ""
