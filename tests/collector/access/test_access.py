"""Tokens: who may join, who may read, and what is kept of a secret."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_collector.access.access import JOIN, METRICS, Access, NotAllowed, bearer, digest, matches, new_credential


def kept(access: Access, scope: str = JOIN, **more: Any) -> str:
    text, token = access.issue(scope, now=100.0, **more)
    access.keep(token)
    return text


def said(access: Access, text: str, scope: str = JOIN, now: float = 100.0) -> str:
    try:
        access.check(text, scope, now)
    except NotAllowed as reason:
        return str(reason)
    return ""


@pytest.fixture
def access() -> Access:
    return Access([], "ab" * 32)


def test_a_join_token_carries_the_authoritys_fingerprint_behind_256_bits(access: Access) -> None:
    prefix, _, rest = kept(access).partition("_")
    secret, _, fingerprint = rest.rpartition("_")
    assert (prefix, len(base64.urlsafe_b64decode(secret + "=")), fingerprint) == ("kj1", 32, "ab" * 32)


def test_a_join_token_without_tls_carries_a_dash() -> None:
    assert kept(Access([], "")).endswith("_-")


def test_a_token_holds_for_its_scope_alone(access: Access) -> None:
    join, metrics = kept(access), kept(access, METRICS)
    assert [said(access, join), said(access, metrics, METRICS)] == ["", ""]
    assert [said(access, join, METRICS), said(access, metrics)] == [
        "this metrics token is not known here", "this join token is not known here",
    ]  # fmt: skip


def test_a_token_that_was_never_kept_does_not_hold(access: Access) -> None:
    text, _ = access.issue(JOIN, now=100.0)
    assert said(access, text) == "this join token is not known here"


def test_a_token_holds_until_it_expires(access: Access) -> None:
    text = kept(access, expires_at=160.0)
    assert [said(access, text, now=now) for now in (159.9, 160.0)] == ["", "this join token has expired"]


def test_a_token_holds_for_so_many_uses(access: Access) -> None:
    text = kept(access, uses=2)
    for _ in range(2):
        access.use(access.check(text, JOIN, 100.0))
    assert said(access, text) == "this join token is used up"


def test_a_use_that_is_given_back_takes_nothing_from_others(access: Access) -> None:
    text = kept(access, uses=3)
    mine = access.check(text, JOIN, 100.0)
    access.use(mine)
    access.use(access.check(text, JOIN, 100.0))
    access.give_back(mine)
    assert access.check(text, JOIN, 100.0).uses_left == 2


def test_a_token_that_was_revoked_is_not_brought_back_by_giving_back_a_use(access: Access) -> None:
    text = kept(access, uses=3)
    token = access.check(text, JOIN, 100.0)
    access.use(token)
    assert access.revoke(token.id, 100.0) is not None
    access.give_back(token)
    assert (said(access, text), access.revoke(token.id, 100.0)) == ("this join token was revoked", None)


def test_no_secret_is_kept(access: Access) -> None:
    text = kept(access)
    [token] = access.tokens()
    assert text not in repr(token)
    assert token.hash == digest(text)


@given(st.text())
def test_only_the_secret_itself_matches(found: str) -> None:
    secret = new_credential()
    assert matches(secret, digest(secret))
    assert not matches(found, digest(secret))


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        ("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("BEARER abc", "abc"), ("Bearer", ""), ("", ""), ("abc", ""),
        ("Basic " + base64.b64encode(b"any:abc:d").decode(), "abc:d"), ("Basic !!!", ""), ("Basic /w==", ""),
        ("Digest abc", ""),
    ],
)  # fmt: skip
def test_the_secret_in_a_header(header: str, secret: str) -> None:
    assert bearer(header) == secret


@given(st.text())
def test_no_header_is_too_odd(header: str) -> None:
    assert isinstance(bearer(header), str)
