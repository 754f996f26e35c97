"""Which certificate authorities the collector's certificate is checked against. For the commands; the resident is told.

`ca_file` of the settings first. Otherwise what the machine enrolled with: the authority that the join token named, or,
behind a proxy whose certificate everybody trusts, the system's.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keskidee_agent.transport.identity import CA_FILE, SYSTEM, keep, state_directory
from keskidee_agent.transport.tls import context_trusting
from keskidee_config import ConfigError

ID_DIGITS = 16
SYSTEM_FILE = "system.pem"
STORES = ("ROOT", "CA")
"""What Windows trusts, and authorities between those and a server (CertOpenSystemStore)."""
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
"""id-kp-serverAuth (RFC 5280, section 4.2.1.12)."""
AUTHORITIES_AT_MOST = 8

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.transport.identity import Identity


def authorities_of(ca_file: str | None, state: Path, identity: Identity) -> str:
    """The absolute path of the PEM file, or folder, with the authorities that the agent trusts. Raises ConfigError."""
    if ca_file is not None:
        return usable(Path(ca_file))
    return system_authorities(state) if identity.authority == SYSTEM else usable(state / CA_FILE)


def told_of(ca_file: str, settings_file: str | None, identity: Identity) -> str:
    """What the collector hears of it: the first digits of each fingerprint; `fixed` before those of a settings' file.

    `none` without TLS, `system` for the system's authorities.
    """
    if not ca_file or (identity.authority == SYSTEM and settings_file is None):
        return "system" if ca_file else "none"
    pem = Path(ca_file).read_text("ascii", "replace") if Path(ca_file).is_file() else ""
    ids = [hashlib.sha256(der).hexdigest()[:ID_DIGITS] for der in certificates_in(pem)[:AUTHORITIES_AT_MOST]]
    return " ".join(["fixed"] * (settings_file is not None) + ids)


def certificates_in(pem: str) -> list[bytes]:
    """The certificates in a PEM text, each as DER. Raises ValueError for what is none."""
    _, *found = pem.split(ssl.PEM_HEADER)
    pems = [ssl.PEM_HEADER + text.partition(ssl.PEM_FOOTER)[0] + ssl.PEM_FOOTER for text in found]
    return [ssl.PEM_cert_to_DER_cert(each) for each in pems]


def usable(path: Path) -> str:
    """The absolute path of a file or folder of authorities that can be read. Raises ConfigError where it cannot."""
    try:
        context_trusting(str(path))
    except ssl.SSLError:
        raise ConfigError(f"{path}: not a certificate in PEM") from None
    except OSError as error:
        raise ConfigError(f"{path}: the collector's authority cannot be read: {error.strerror}") from None
    return str(path.absolute())


def system_authorities(state: Path | None = None) -> str:
    """The file or folder that OpenSSL on this system takes (SSL_CERT_FILE and SSL_CERT_DIR among them).

    Windows keeps them in a store, of which a copy is made in the folder `state`, or the usual one of the agent.
    Not requests' own list: an institution adds its authority to the system's. Raises ConfigError where there is none.
    """
    paths = ssl.get_default_verify_paths()
    found = paths.cafile or paths.capath
    if (not found or not os.path.exists(found)) and sys.platform == "win32":
        path = (state or state_directory(None)) / SYSTEM_FILE
        found = _copied(path, [row for store in STORES for row in ssl.enum_certificates(store)])
    if not found or not os.path.exists(found):
        raise ConfigError("this system's certificate authorities are not in files: name a file in ca_file")
    return usable(Path(found))


def trusted_of(rows: Iterable[tuple[bytes, str, bool | set[str]]]) -> str:
    """Those of ssl.enum_certificates (certificate, encoding, what it is trusted for) that may sign servers, as PEM."""
    ders = [der for der, kind, uses in rows if kind == "x509_asn" and (uses is True or SERVER_AUTH in (uses or ()))]
    return "".join([ssl.DER_cert_to_PEM_cert(der) for der in dict.fromkeys(ders)])


def _copied(path: Path, rows: Iterable[tuple[bytes, str, bool | set[str]]]) -> str:
    pem = trusted_of(rows).encode()
    try:
        if not path.exists() or path.read_bytes() != pem:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            keep(path, pem)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    return str(path)
