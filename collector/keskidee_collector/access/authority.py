"""The agents' certificate authority and the server certificate it signs. Source: RFC 5280.

Made at the first start and kept in the data directory (0600). An agent trusts exactly this CA, by the fingerprint in
its join token; it is not meant for browsers. The server runs this file as a program of its own (certificates.py) and
never imports it: the library costs 13 MiB.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from keskidee_collector.access.certificates import CA, EVERY, NEXT_KEY, Damaged, ServerCertificate, certificate_in
from keskidee_collector.files import keep_file

__all__ = ["Damaged", "ServerCertificate", "prepare"]

CA_DAYS = 20 * 365
SERVER_DAYS = 397
"""The longest that common TLS stacks accept of a server."""
RENEW_DAYS = 60


def prepare(directory: Path, names: list[str], *, now: datetime | None = None) -> ServerCertificate:
    """Makes what is missing, renews the server certificate when it ends soon or its names changed.

    `names` are DNS names and IP addresses that agents reach this collector by. Raises Damaged.
    """
    now = now or datetime.now(UTC)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key, ca = _authority(directory, now)
    made = certificate_in(directory)
    if not _still_good(made.certificate, ca, names, now):
        _sign_server(ca_key, ca, names, now, certificate=made.certificate, key=made.key)
    return made


def _authority(directory: Path, now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key_path, path = directory / "ca.key", directory / "ca.pem"
    if key_path.exists() and path.exists():
        try:
            key = load_pem_private_key(key_path.read_bytes(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            return key, _first_of(key, path)
        except (TypeError, ValueError) as error:
            # every agent trusts exactly this one: making another would lock them out
            raise Damaged(f"{path}, {key_path}: damaged; put them back from a backup") from error
    key, certificate = _new_authority(now)
    keep_file(key_path, _pem(key))
    keep_file(path, _pem(certificate))
    return key, certificate


def _first_of(key: ec.EllipticCurvePrivateKey, path: Path) -> x509.Certificate:
    """The certificate of this key, which is put first where the authority has changed (rotation.py)."""
    found = x509.load_pem_x509_certificates(path.read_bytes())
    mine = next((each for each in found if each.public_key() == key.public_key()), found[0])
    if mine is not found[0]:
        keep_file(path, b"".join(map(_pem, [mine, *[each for each in found if each is not mine]])))
    return mine


def add_next(directory: Path, *, now: datetime | None = None) -> None:
    """Makes the authority that comes next: its key, and its certificate behind the one in use. Raises Damaged."""
    now = now or datetime.now(UTC)
    _, certificate = _authority(directory, now)
    next_key, following = _new_authority(now)
    keep_file(directory / NEXT_KEY, _pem(next_key))
    keep_file(directory / CA, _pem(certificate) + _pem(following))


def _new_authority(now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"keskidee agents' CA of {socket.gethostname()}"[:64])
    builder = _builder(name, name, key, now, CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    return key, _signed(builder, key)


def _sign_server(
    ca_key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    names: list[str],
    now: datetime,
    *,
    certificate: Path,
    key: Path,
) -> None:
    server_key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name("keskidee collector"), ca.subject, server_key, now, SERVER_DAYS)
    builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    signed = _signed(builder.add_extension(authority, critical=False), ca_key)
    keep_file(key, _pem(server_key))
    keep_file(certificate, _pem(signed))


def _still_good(path: Path, ca: x509.Certificate, names: list[str], now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = load_pem_private_key(path.with_name("server.key").read_bytes(), None)
        certificate.verify_directly_issued_by(ca)
    except (FileNotFoundError, InvalidSignature, TypeError, ValueError):
        return False
    if key.public_key() != certificate.public_key():
        return False
    carried = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if set(carried) != {_general_name(name) for name in names}:
        return False
    return certificate.not_valid_after_utc - now > timedelta(days=RENEW_DAYS)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    # a day back, so that an agent whose clock is a little slow can still enrol
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.not_valid_after(now + timedelta(days=days)).add_extension(identifier, critical=False)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, SHA256())


def with_own_addresses(names: list[str]) -> list[str]:
    """The names, with the addresses of this machine's interfaces in place of EVERY, but for link-local ones."""
    if EVERY not in names:
        return names
    every = [each for addresses in psutil.net_if_addrs().values() for each in addresses]
    internet = [each.address for each in every if each.family in (socket.AF_INET, socket.AF_INET6)]
    found = [ipaddress.ip_address(address.partition("%")[0]) for address in internet]
    own = {str(address) for address in found if not address.is_link_local}
    return sorted(own.union(names) - {EVERY})


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(what: ec.EllipticCurvePrivateKey | x509.Certificate) -> bytes:
    if isinstance(what, x509.Certificate):
        return what.public_bytes(Encoding.PEM)
    return what.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


if __name__ == "__main__":
    try:
        if sys.argv[1] == "--next":
            add_next(Path(sys.argv[2]))
        else:
            prepare(Path(sys.argv[1]), with_own_addresses(sys.argv[2:]))
    except (Damaged, OSError) as error:
        sys.exit(str(error))
