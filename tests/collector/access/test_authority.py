"""The agents' authority is made once; its server certificate is renewed in time and when names change."""

from __future__ import annotations

import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from keskidee_collector.access.authority import RENEW_DAYS, SERVER_DAYS, Damaged, prepare, with_own_addresses
from keskidee_collector.access.certificates import EVERY, issued, names_for

if TYPE_CHECKING:
    from pathlib import Path

    from keskidee_collector.access.authority import ServerCertificate

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ["127.0.0.1", "::1", "localhost", "watch.example.org"]


def serial(certificate: ServerCertificate) -> int:
    return x509.load_pem_x509_certificate(certificate.certificate.read_bytes()).serial_number


def test_the_server_certificate_is_kept_while_it_is_good(tmp_path: Path) -> None:
    first, again = prepare(tmp_path, NAMES, now=NOW), prepare(tmp_path, NAMES, now=NOW + timedelta(days=300))
    assert (serial(again), again.fingerprint) == (serial(first), first.fingerprint)


@pytest.mark.parametrize(
    ("days", "renewed"), [(SERVER_DAYS - RENEW_DAYS - 1, False), (SERVER_DAYS - RENEW_DAYS + 1, True)]
)
def test_it_is_renewed_in_time_by_the_same_authority(tmp_path: Path, days: int, renewed: bool) -> None:
    first = prepare(tmp_path, NAMES, now=NOW)
    old = serial(first)
    again = prepare(tmp_path, NAMES, now=NOW + timedelta(days=days))
    assert (serial(again) != old, again.fingerprint) == (renewed, first.fingerprint)


def test_it_is_renewed_when_names_change(tmp_path: Path) -> None:
    old = serial(prepare(tmp_path, NAMES, now=NOW))
    again = prepare(tmp_path, [*NAMES, "10.0.0.5"], now=NOW)
    carried = x509.load_pem_x509_certificate(again.certificate.read_bytes()).extensions
    names = carried.get_extension_for_class(x509.SubjectAlternativeName).value
    assert (serial(again) != old, "10.0.0.5" in [str(each.value) for each in names]) == (True, True)


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN CERTIFICATE-----\n", None])
def test_a_server_certificate_that_is_gone_or_damaged_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    first = prepare(tmp_path, NAMES, now=NOW)
    if damage is None:
        first.certificate.unlink()
    else:
        first.certificate.write_bytes(damage)
    assert prepare(tmp_path, NAMES, now=NOW).fingerprint == first.fingerprint
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(first.certificate, first.key)


def test_a_key_that_does_not_belong_to_the_certificate_is_replaced(tmp_path: Path) -> None:
    first = prepare(tmp_path / "a", NAMES, now=NOW)
    first.key.write_bytes(prepare(tmp_path / "b", NAMES, now=NOW).key.read_bytes())
    prepare(tmp_path / "a", NAMES, now=NOW)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(first.certificate, first.key)


def test_a_certificate_of_another_authority_is_replaced(tmp_path: Path) -> None:
    mine, other = prepare(tmp_path / "a", NAMES, now=NOW), prepare(tmp_path / "b", NAMES, now=NOW)
    mine.certificate.write_bytes(other.certificate.read_bytes())
    mine.key.write_bytes(other.key.read_bytes())
    prepare(tmp_path / "a", NAMES, now=NOW)
    authority = x509.load_pem_x509_certificate(mine.ca_pem)
    x509.load_pem_x509_certificate(mine.certificate.read_bytes()).verify_directly_issued_by(authority)


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    prepare(tmp_path, NAMES, now=NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(["ca.key", "ca.pem", "server.key", "server.pem"], 0o600)


def test_the_names_are_those_it_is_reached_by() -> None:
    found = names_for("10.0.0.5", ["watch.example.org"])
    assert {"10.0.0.5", "watch.example.org", "localhost", "127.0.0.1", "::1"} <= set(found)


def test_where_it_listens_on_every_address_each_is_a_name_whatever_the_hosts_file_says() -> None:
    asked = names_for("0.0.0.0", ["watch.example.org"])
    found = with_own_addresses([name for name in asked if name != "127.0.0.1"])
    assert {"127.0.0.1", "watch.example.org"} <= set(found)
    assert EVERY not in found
    assert with_own_addresses(["192.0.2.7"]) == ["192.0.2.7"]


def test_names_stand_as_a_certificate_carries_them_and_others_are_left_out() -> None:
    found = names_for("10.0.0.5", ["b\u00fcro.example.org", "a b", "x" * 64 + ".org"])
    assert "xn--bro-hoa.example.org" in found
    assert not {"a b", "x" * 64 + ".org"} & set(found)


@pytest.mark.parametrize("name", ["ca.pem", "ca.key"])
def test_a_damaged_authority_is_not_replaced_by_another(tmp_path: Path, name: str) -> None:
    prepare(tmp_path, NAMES, now=NOW)
    (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(Damaged, match="put them back from a backup"):
        prepare(tmp_path, NAMES, now=NOW)


def test_a_process_of_its_own_does_the_same_and_leaves_the_library_out_of_this_one(tmp_path: Path) -> None:
    before = issued(tmp_path, NAMES)
    assert prepare(tmp_path, NAMES) == before
    source = (
        "import sys, keskidee_collector.serving.serve; print('cryptography' in sys.modules, 'alembic' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout == "False False\n"


def test_what_the_process_found_damaged_is_its_one_line(tmp_path: Path) -> None:
    issued(tmp_path, NAMES)
    (tmp_path / "ca.pem").write_bytes(b"damaged")
    with pytest.raises(Damaged, match=r"^\S+ca.pem, \S+ca.key: damaged; put them back from a backup$"):
        issued(tmp_path, NAMES)
