"""Reverse proxies: whose word about a client counts, and the authority that stands in a join token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_collector.access.proxies import Proxies, read_authority
from tests.agent.listening import certified

if TYPE_CHECKING:
    from pathlib import Path


def seen(
    peer: str, *told: str, trusted: tuple[str, ...] = ("127.0.0.1", "10.0.0.0/8", "::1"), proto: tuple[str, ...] = ()
) -> tuple[str, str]:
    """Client and scheme, as the collector takes them, of a request with these lines of X-Forwarded-For and -Proto."""
    headers = [(b"x-forwarded-for", each.encode("latin-1")) for each in told]
    headers += [(b"x-forwarded-proto", each.encode("latin-1")) for each in proto]
    scope: dict[str, Any] = {"type": "http", "client": (peer, 5000), "scheme": "http", "headers": headers}
    found = Proxies(trusted).seen_through(scope)
    return found["client"][0], found["scheme"]


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["192.0.2.1, 10.1.1.1"], "192.0.2.1"),
        ("127.0.0.1", ["192.0.2.1", "10.1.1.1"], "192.0.2.1"),
        ("127.0.0.1", ["10.1.1.1"], "10.1.1.1"),
        # made up by the client, who stands behind
        ("127.0.0.1", ["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["127.0.0.1, 192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["203.0.113.9, nonsense, 10.1.1.1"], "10.1.1.1"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [",, ,"], "127.0.0.1"),
        # not a trusted proxy
        ("192.0.2.7", ["127.0.0.1"], "192.0.2.7"),
        ("::ffff:192.0.2.7", ["127.0.0.1"], "::ffff:192.0.2.7"),
    ],
)
def test_the_client_is_the_last_address_that_no_trusted_proxy_has(peer: str, told: list[str], client: str) -> None:
    assert seen(peer, *told)[0] == client


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("127.0.0.1", ("https",), "https"),
        ("127.0.0.1", ("HTTPS",), "https"),
        ("127.0.0.1", ("https, http",), "http"),
        ("127.0.0.1", ("https", "http"), "http"),
        ("127.0.0.1", ("javascript",), "http"),
        ("127.0.0.1", (), "http"),
        ("192.0.2.7", ("https",), "http"),
    ],
)
def test_the_scheme_is_the_one_that_the_nearest_proxy_tells(peer: str, proto: tuple[str, ...], scheme: str) -> None:
    assert seen(peer, proto=proto) == (peer, scheme)


@given(st.lists(st.text(st.characters(max_codepoint=255))))
def test_whatever_stands_there_a_client_is_never_taken_for_another_of_its_making(told: list[str]) -> None:
    lines = [line.replace("\r", "").replace("\n", "") for line in told]
    assert seen("127.0.0.1", *lines, "192.0.2.1")[0] == "192.0.2.1"


def test_without_trusted_proxies_there_is_nothing_to_look_at() -> None:
    assert (bool(Proxies([])), bool(Proxies(["::1"]))) == (False, True)


def test_an_authority_is_read_with_whatever_openssl_writes_before_it(tmp_path: Path) -> None:
    pem = certified(tmp_path / "tls", "localhost").ca_file.read_text()
    path = tmp_path / "authority.pem"
    path.write_text(f"Certificate:\n    Data:\n{pem}\n")
    assert read_authority(path) == pem.encode()


@pytest.mark.parametrize("case", ["", "nonsense", "two", "key", "cut", "é"])
def test_what_is_not_one_certificate_is_told_in_a_line(tmp_path: Path, case: str) -> None:
    pem = certified(tmp_path / "tls", "localhost").ca_file.read_text()
    content = {"two": pem * 2, "key": (tmp_path / "tls" / "ca.key").read_text(), "cut": pem[:200]}.get(case, case)
    path = tmp_path / "authority.pem"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=f"^tls.authority: {path}: not one certificate in PEM$"):
        read_authority(path)


def test_an_authority_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.pem: No such file or directory$"):
        read_authority(tmp_path / "none.pem")
